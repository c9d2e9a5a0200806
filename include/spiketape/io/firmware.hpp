// Networks as C: one file for a microcontroller, or for any program without a C++ compiler.
//
//     st::write_c(net, "digits.h", {.name = "digits"});
//
//     #define DIGITS_IMPLEMENTATION
//     #include "digits.h"
//     static digits_state state;
//     digits_reset(&state);
//     for (...) digits_step(&state, input, spikes);
//
// The file has the weights as constants, a struct for the states and three functions. It needs no heap, no
// libm and no header but <stdint.h>. Between layers it lists spikes and adds the rows of weights of those.
// docs/firmware.md says what is promised.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/file.hpp>
#include <spiketape/io/c/source.hpp>

#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// What a C file is to be.
template <Real Scalar>
struct FirmwareOptions {
  /// The beginning of all its names: letters, digits and single underscores, no digit first.
  std::string name = "network";
  /// The input that the self-test repeats: some steps of one sample. Steps count up to the first in which a
  /// membrane comes too close to its threshold. Without one, random currents are recorded.
  Sequence<Scalar> self_test{};
  /// The number of random steps.
  int self_test_steps = 16;
  /// How far each membrane V stays away from its threshold θ in each recorded step, in parts of the largest
  /// of 1, |θ| and |V|, so that the spikes are the same however sums are rounded.
  double self_test_margin = 1e-4;
};

/// The text of a C file that computes what a network does for one sample, step by step.
///
/// The network is made of Linear, Conv2d, Conv1d, MaxPool2d, AvgPool2d, SumPool2d, BatchNorm1d, BatchNorm2d
/// and Dropout (in evaluation), Flatten, Leaky, Lapicque, Synaptic, Alpha, Alif, RLeaky, RSynaptic and
/// Integrator layers with this library's resets and quantizers, in Sequentials or alone. What neurons keep
/// inside (init_hidden) is not read: the file starts from zero.
///
/// Throws std::invalid_argument for any other layer, reset or quantizer, by its path and type; for a
/// convolution with groups; for a number that is not finite, except thresholds that are all infinite; for a
/// name that C cannot have; if the network consists of neurons that do not say how many they are, and there
/// is no self_test; for spikes of the last layer that are 0 by their graded_spikes_factor; and if no step of
/// the self-test keeps its margin.
template <typename Network>
[[nodiscard]] std::string c_source(const Network& net,
                                   const FirmwareOptions<typename Network::Scalar>& options = {}) {
  using Scalar = typename Network::Scalar;
  if (!detail::is_c_name(options.name))
    detail::fail_argument("spiketape::write_c: name is '", options.name,
                          "', expected letters, digits and single underscores between them, no digit first");
  if (options.self_test_steps < 1)
    detail::fail_argument("spiketape::write_c: self_test_steps is ", options.self_test_steps,
                          ", expected at least 1");
  if (!(detail::is_finite(options.self_test_margin) && options.self_test_margin >= 0))
    detail::fail_argument("spiketape::write_c: self_test_margin is ", options.self_test_margin,
                          ", expected a number that is not negative");
  std::vector<detail::CLayer<Scalar>> layers = detail::c_layers(net, options.self_test_margin);
  const SequenceView<const Scalar> given = options.self_test;
  detail::give_sizes(layers, given.features);
  if (const auto& last = layers.back(); last.is_neuron() && last.fires() && (last.spike_value() == 0).any())
    detail::fail_layer(
        last.path, "has a graded_spikes_factor of 0, expected others in the last layer: its spikes are 0");
  const detail::CRecording<Scalar> recording =
      given.data != nullptr || given.features > 0
          ? detail::recorded(layers, given, options.self_test_margin)
          : detail::drawn_recording(layers, options.self_test_steps, options.self_test_margin);
  return detail::CSource<Scalar>(options.name, layers, recording).text();
}

/// Writes the text of c_source to a file. Also throws std::runtime_error as write_file does.
template <typename Network>
void write_c(const Network& net, const std::string& path,
             const FirmwareOptions<typename Network::Scalar>& options = {}) {
  write_file(path, c_source(net, options));
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
