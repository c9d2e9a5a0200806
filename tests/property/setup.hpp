// A random neuron of a choice, and what goes in.
#pragma once

#include "../numeric.hpp"
#include "../subject.hpp"
#include "choice.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace laws {

using subject::Numbers, subject::Subject;

/// Where a number of a neuron is drawn, and how far learning may take it, if further.
struct Drawn {
  const char* name;
  double low, high;
  double learned_low = low, learned_high = high;
};

/// A surrogate whose gradients stay of order 1: where they multiply by 25 a step, differences say nothing.
inline AnySurrogate gentle(AnySurrogate::Kind kind) {
  AnySurrogate surrogate{kind};
  surrogate.SpikeRateEscape_.slope = 1;
  return surrogate;
}

/// A quantizer with few levels, some of them above any threshold of a setup. None of them is 0: a membrane
/// that snnTorch's rules un-reset from there would stand at the threshold, and rounding say on which side.
template <typename Quantizer>
Quantizer coarse() {
  Quantizer quantizer;
  quantizer.num_bits = 4;
  quantizer.upper_limit = 0.4;
  return quantizer;
}
inline AnyQuantizer any_quantizer(AnyQuantizer::Kind kind) {
  static const AnyQuantizer uniform = coarse<st::quant::Uniform>(), non_uniform = coarse<st::quant::NonUniform>();
  if (kind == AnyQuantizer::Uniform) return uniform;
  return kind == AnyQuantizer::NonUniform ? non_uniform : AnyQuantizer();
}

template <typename Scalar>
struct Setup {
  Choice choice;
  bool init_hidden = false;
  Numbers<Scalar> coefficients;
  st::Sequence<Scalar> input;
  std::vector<st::Array<Scalar>> states;      // in the order of a call; none: from zero
  std::vector<st::Sequence<Scalar>> weights;  // of each result in the loss; empty where it is not there
  std::uint64_t seed;                         // of recurrent weights

  const st::Shape& shape() const { return choice.shape; }
  st::Row<Scalar> operator[](const char* name) const { return coefficients.at(name).row(0); }
  st::Array<Scalar>& coefficient(const char* name) { return coefficients.at(name); }

  /// Sets the options that all neurons have.
  template <typename Options>
  void common(Options& options) const {
    options.threshold = (*this)["threshold"];
    options.spike_grad = gentle(choice.surrogate);
    options.surrogate_disable = choice.surrogate_disable;
    options.init_hidden = init_hidden;
    options.inhibition = choice.inhibition;
    options.learn_threshold = choice.learned;
    options.state_quant = any_quantizer(choice.quantizer);
    options.reset_delay = choice.reset_delay;
    options.graded_spikes_factor = (*this)["graded_spikes_factor"];
    options.learn_graded_spikes_factor = choice.learned;
    if constexpr (requires { options.snntorch_exact; }) options.snntorch_exact = choice.snntorch_exact;
  }
};

/// `Described` says what neuron it is, see described.hpp. `learned` takes the coefficients from where
/// learning may have taken them.
template <typename Described, typename Scalar>
Setup<Scalar> draw(st::Random& random, const Choice& choice, bool learned = false) {
  Setup<Scalar> s;
  s.choice = choice;
  const st::Shape& shape = choice.shape;
  const Index columns = choice.per_neuron ? shape.features : 1;
  for (const Drawn& drawn : Described::coefficients)
    s.coefficients[drawn.name] =
        numeric::random_array<Scalar>(random, 1, columns, learned ? drawn.learned_low : drawn.low,
                                      learned ? drawn.learned_high : drawn.high);
  s.coefficients["threshold"] = numeric::random_array<Scalar>(random, 1, columns, 0.6, 1.1);
  s.coefficients["graded_spikes_factor"] = choice.graded
                                               ? numeric::random_array<Scalar>(random, 1, columns, 0.5, 1.5)
                                               : st::Array<Scalar>(st::Array<Scalar>::Ones(1, columns));
  s.input = numeric::random_sequence<Scalar>(random, shape, Described::input.low, Described::input.high);
  const std::size_t results = 1 + Described::states.size();
  for (std::size_t k = 0; k < results; ++k) {
    const bool there = choice.loss_of == LossOf::All || (choice.loss_of == LossOf::Spikes && k == 0) ||
                       (choice.loss_of == LossOf::Membranes && k == results - 1);
    s.weights.push_back(there ? numeric::random_sequence<Scalar>(random, shape) : st::Sequence<Scalar>());
  }
  if (choice.with_states) {
    if (Described::recurrent) {  // spikes are mostly zero
      auto spk = numeric::random_array<Scalar>(random, shape.batch, shape.features, -1, 1.5);
      s.states.push_back(spk.cwiseMax(Scalar(0)));
    }
    for (const Drawn& state : Described::states)
      s.states.push_back(
          numeric::random_array<Scalar>(random, shape.batch, shape.features, state.low, state.high));
  }
  s.seed = random();
  return s;
}

}  // namespace laws
