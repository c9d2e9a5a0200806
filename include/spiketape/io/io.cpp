// All that this room compiles once: the one source of the library of spiketape::io. See form.hpp.
#ifndef SPIKETAPE_IO_COMPILED
#define SPIKETAPE_IO_COMPILED
#endif
#include <spiketape/io/impl/checkpoint_contents.hpp>
#include <spiketape/io/impl/checkpoint_parts.hpp>
#include <spiketape/io/impl/decimal.hpp>
#include <spiketape/io/impl/load_report.hpp>
#include <spiketape/io/impl/load_state.hpp>
#include <spiketape/io/impl/network_state.hpp>
#include <spiketape/io/impl/npy.hpp>
#include <spiketape/io/impl/policy_text.hpp>
#include <spiketape/io/impl/safetensors.hpp>
#include <spiketape/io/impl/save_state.hpp>
#include <spiketape/io/impl/tensor.hpp>
#include <spiketape/io/impl/text_map.hpp>
