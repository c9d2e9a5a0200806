// Layers for images, signals and deep networks, which spiketape.hpp leaves out: a program that has none does
// not compile them.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/nn/batch_norm.hpp>
#include <spiketape/nn/conv.hpp>
#include <spiketape/nn/delay.hpp>
#include <spiketape/nn/dropout.hpp>
#include <spiketape/nn/flatten.hpp>
#include <spiketape/nn/image_shape.hpp>
#include <spiketape/nn/pool.hpp>
#include <spiketape/nn/recurrent_convolution.hpp>
#include <spiketape/nn/residual.hpp>

#include <spiketape/core/pop_macros.hpp>
