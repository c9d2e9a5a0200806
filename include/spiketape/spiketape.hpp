// The umbrella: all of spiketape but what needs another library (data/gzip.hpp needs zlib).
#pragma once

#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/data/idx.hpp>
#include <spiketape/data/images.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/neuron/synaptic.hpp>
#include <spiketape/nn/hidden_state.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>
#include <spiketape/version.hpp>
