// The input and output of a few steps of a network that a C file repeats as a self-test.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/random.hpp>
#include <spiketape/io/c/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Steps of one sample.
template <Real Scalar>
struct CRecording {
  std::vector<Row<Scalar>> inputs;
  std::vector<Row<Scalar>> outputs;  // spikes; of a last Linear its numbers, of neurons that never spike U
  double distance = std::numeric_limits<double>::infinity();  // the least of any membrane to its threshold

  void add(const Row<Scalar>& input, const Row<Scalar>& output, double distance_of_step) {
    inputs.push_back(input);
    outputs.push_back(output);
    distance = std::min(distance, distance_of_step);
  }
};

/// Runs a network layer by layer on one sample, each layer by the library.
template <Real Scalar>
class CRunner {
 public:
  explicit CRunner(const std::vector<CLayer<Scalar>>& layers) : layers_(layers) { reset(); }

  void reset() {
    for (const CLayer<Scalar>& layer : layers_) layer.state->reset();
  }
  /// The output of a step. `distance` as in CLayer; `spiking` becomes the number of layers that spiked.
  Row<Scalar> step(const Row<Scalar>& input, double* distance, std::size_t* spiking = nullptr) const {
    SequenceView<const Scalar> row = input;
    if (spiking != nullptr) *spiking = 0;
    for (const CLayer<Scalar>& layer : layers_) {
      row = layer.run(row, distance);
      if (spiking != nullptr && layer.is_neuron() && (row.array() != 0).any()) ++*spiking;
    }
    const CLayer<Scalar>& last = layers_.back();
    if (last.is_neuron() && !last.fires()) return (*last.state)[last.state->size() - 1].row(0);
    Row<Scalar> output = row.array().row(0);
    if (last.is_neuron())  // whether there is a spike, not what it is worth
      for (Scalar& number : output) number = number != 0 ? Scalar(1) : Scalar(0);
    return output;
  }

  std::vector<State<Scalar>> states() const {
    std::vector<State<Scalar>> states;
    for (const CLayer<Scalar>& layer : layers_) states.push_back(*layer.state);
    return states;
  }
  void set_states(const std::vector<State<Scalar>>& states) {
    for (std::size_t l = 0; l < layers_.size(); ++l) *layers_[l].state = states[l];
  }

 private:
  const std::vector<CLayer<Scalar>>& layers_;
};

/// The steps of a given input up to the first where a membrane is closer to its threshold than `margin`.
template <Real Scalar>
CRecording<Scalar> recorded(const std::vector<CLayer<Scalar>>& layers,
                            const SequenceView<const Scalar>& given, double margin) {
  if (given.batch != 1 || given.steps < 1)
    fail_argument("spiketape::write_c: self_test has shape ", given.shape(),
                  ", expected at least one step of one sample");
  CRunner<Scalar> runner(layers);
  CRecording<Scalar> recording;
  for (Index t = 0; t < given.steps; ++t) {
    const Row<Scalar> input = given.step(t).array().row(0);
    for (const Scalar number : input)
      if (!is_finite(number))
        fail_argument("spiketape::write_c: self_test has ", number_text(static_cast<double>(number)),
                      " in step ", t, ", expected finite numbers");
    double distance = std::numeric_limits<double>::infinity();
    const Row<Scalar> output = runner.step(input, &distance);
    if (distance < margin) break;
    recording.add(input, output, distance);
  }
  if (recording.inputs.empty())
    fail_argument("spiketape::write_c: in the first step of self_test a membrane is less than ", margin,
                  " away from its threshold, expected another input or a smaller self_test_margin");
  return recording;
}

/// Steps of random currents, always the same ones for a network: as large as makes the most layers spike, and
/// drawn again where a membrane is closer to its threshold than `margin`.
template <Real Scalar>
CRecording<Scalar> drawn_recording(const std::vector<CLayer<Scalar>>& layers, Index steps, double margin) {
  constexpr int tries = 200;
  CRunner<Scalar> runner(layers);
  Row<Scalar> input(layers.front().inputs);
  const auto draw = [&input](Random& random, double size) {
    for (Scalar& number : input)
      number = static_cast<Scalar>(std::round(1000 * random.uniform(0, size)) / 1000);
  };
  double best_size = 1;
  std::size_t most = 0;
  for (const double size : {1.0, 2.0, 4.0, 8.0, 16.0, 0.5, 32.0, 64.0}) {
    Random random(1);
    runner.reset();
    std::size_t spiking = 0, all = 0;
    for (Index t = 0; t < steps; ++t) {
      draw(random, size);
      static_cast<void>(runner.step(input, nullptr, &spiking));
      all = std::max(all, spiking);
    }
    if (all > most) best_size = size;
    most = std::max(all, most);
  }

  Random random(1);
  runner.reset();
  CRecording<Scalar> recording;
  while (static_cast<Index>(recording.inputs.size()) < steps) {
    const auto before = runner.states();
    double distance = 0;
    Row<Scalar> output;
    for (int k = 0; k < tries && !(distance >= margin); ++k) {
      runner.set_states(before);
      draw(random, best_size);
      distance = std::numeric_limits<double>::infinity();
      output = runner.step(input, &distance);
    }
    if (!(distance >= margin)) break;
    recording.add(input, output, distance);
  }
  if (recording.inputs.empty())
    fail_argument("spiketape::write_c: found no input that keeps each membrane ", margin,
                  " away from its threshold, expected a self_test or a smaller self_test_margin");
  return recording;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
