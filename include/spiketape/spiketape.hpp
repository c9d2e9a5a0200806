// The umbrella: every public header but conv.hpp (layers for images and deep networks), spikegen.hpp (data as spikes),
// data/samples.hpp and data/split.hpp (other data than images), data/spike_samples.hpp (event data),
// functional/losses.hpp (all losses and metrics), optim/ beyond optimizers, train/trainer.hpp, plot/ (pictures), io/
// (files of networks), data/gzip.hpp (needs zlib) and core/file.hpp (write_file).
//
// Where things are. A folder includes only itself and folders listed above it. (Headers that have moved stay
// at their old path until version 0.3 and only include the new one.)
//
//   core/        arrays, sequences and shapes, parameters and their paths, errors, random numbers, files
//   kernels/     SIMD lanes, spikes as bits and as events, products. Knows no neuron and no tape.
//                  where a spike becomes an event:  decode() in kernels/events.hpp, called by nn/linear.hpp
//   autograd/    the tape, its values, and the ops that losses are written in
//   neuron/      resets, surrogates, quantizers, and one file for each neuron
//                  one time step, forward and backward, with the reset and its adjoint:  neuron/step.hpp
//                  how to write a neuron:  neuron/dynamics.hpp
//   spikegen/    data as spikes; include spiketape/spikegen.hpp
//                  how to write a code:  spikegen/code.hpp
//   nn/          layers and networks
//                  how to write a layer:  nn/layer.hpp
//                  how to set a weight:  net.parameter("fc1.weight").set_transposed(w) from PyTorch's
//                  (out, in), set(w) from (in, out), core/parameter.hpp
//   functional/  losses, accuracy, predictions
//                  snnTorch's losses, regularizers and metrics:  functional/losses.hpp, docs/losses.md
//                  how to write a loss:  as a formula, mean(square(out.mem - targets)), autograd/ops.hpp;
//                  with options and targets, functional/loss_kind.hpp;
//                  with an adjoint of your own, as CrossEntropyOp in functional/loss.hpp
//   optim/       SGD, Adam and AdamW; schedules, clipping, early stopping
//   data/        readers of files, batches
//   train/       training a batch in parts, and long sequences; the loop over epochs, train/trainer.hpp
//   plot/        pictures as SVG
#pragma once

#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/autograd/state.hpp>
#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/array.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/data/idx.hpp>
#include <spiketape/data/images.hpp>
#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/loss.hpp>
#include <spiketape/functional/prediction.hpp>
#include <spiketape/neuron/alif.hpp>
#include <spiketape/neuron/alpha.hpp>
#include <spiketape/neuron/integrator.hpp>
#include <spiketape/neuron/lapicque.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/rleaky.hpp>
#include <spiketape/neuron/rsynaptic.hpp>
#include <spiketape/neuron/synaptic.hpp>
#include <spiketape/nn/hidden_state.hpp>
#include <spiketape/nn/layer.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>
#include <spiketape/train/shards.hpp>
#include <spiketape/train/windows.hpp>
#include <spiketape/version.hpp>
