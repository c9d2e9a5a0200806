// Random neurons and inputs for the laws that every Leaky must obey.
#pragma once

#include "../any_surrogate.hpp"
#include "../catch.hpp"
#include "../tolerance.hpp"

#include <spiketape/core/random.hpp>
#include <spiketape/neuron/leaky.hpp>

#include <string>

namespace laws {

namespace st = spiketape;
using st::Index;

/// One choice of everything that is chosen at run time.
struct Choice {
  bool reset_delay = true;
  bool inhibition = false;
  bool per_neuron = false;
  bool surrogate_disable = false;
  bool with_mem = false;
  bool snntorch_exact = false;
  AnySurrogate::Kind surrogate = AnySurrogate::ATan;

  std::string text() const {
    return std::string(reset_delay ? "delayed" : "same-step") + (inhibition ? " inhibited" : "") +
           (per_neuron ? " per-neuron" : "") + (surrogate_disable ? " surrogate_disable" : "") +
           (with_mem ? " mem0" : "") + (snntorch_exact ? " exact" : "") + " surrogate " + std::to_string(surrogate);
  }
};

/// Calls f with every choice, of the first `surrogates` kinds.
template <typename F>
void for_choices(int surrogates, F&& f) {
  for (int bits = 0; bits < 64; ++bits)
    for (int surrogate = 0; surrogate < surrogates; ++surrogate)
      f(Choice{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0,
               static_cast<AnySurrogate::Kind>(surrogate)});
}

/// A surrogate whose gradients stay of order 1: where they multiply by 25 a step, differences say nothing.
inline AnySurrogate gentle(AnySurrogate::Kind kind) {
  AnySurrogate surrogate{kind};
  surrogate.SpikeRateEscape_.slope = 1;
  return surrogate;
}

/// A quantizer with few levels, some of them above any threshold of a setup.
template <typename Quantizer>
Quantizer coarse() {
  if constexpr (std::is_same_v<Quantizer, st::quant::None>) {
    return {};
  } else {
    Quantizer quantizer;
    quantizer.num_bits = 4;
    quantizer.upper_limit = 0.5;
    return quantizer;
  }
}

template <typename Scalar>
st::Row<Scalar> random_row(st::Random& random, Index count, double low, double high) {
  st::Row<Scalar> row(count);
  for (Index i = 0; i < count; ++i) row[i] = static_cast<Scalar>(random.uniform(low, high));
  return row;
}

template <typename Scalar>
st::Sequence<Scalar> random_sequence(st::Random& random, const st::Shape& shape, double low, double high) {
  st::Sequence<Scalar> sequence(shape);
  for (Index i = 0; i < sequence.array().size(); ++i)
    sequence.array().data()[i] = static_cast<Scalar>(random.uniform(low, high));
  return sequence;
}

/// A neuron of the given choice, everything learned, that fires often; and what goes in.
template <typename Scalar, typename Reset, typename Quantizer = st::quant::None>
struct Setup {
  using Neuron = st::Leaky<Scalar, Reset, AnySurrogate, Quantizer>;

  st::Shape shape;
  st::Row<Scalar> beta, threshold, graded;
  AnySurrogate surrogate;
  Quantizer quantizer;
  Neuron lif;
  st::Sequence<Scalar> input, c_spk, c_mem;
  st::Array<Scalar> mem0;  // empty without

  Setup(st::Random& random, const st::Shape& shape_, const Choice& choice)
      : shape(shape_),
        beta(random_row<Scalar>(random, choice.per_neuron ? shape.features : 1, 0.3, 0.95)),
        threshold(random_row<Scalar>(random, choice.per_neuron ? shape.features : 1, 0.6, 1.1)),
        graded(random_row<Scalar>(random, choice.per_neuron ? shape.features : 1, 0.5, 1.5)),
        surrogate(gentle(choice.surrogate)),
        quantizer(coarse<Quantizer>()),
        lif({.beta = beta,
             .threshold = threshold,
             .spike_grad = surrogate,
             .surrogate_disable = choice.surrogate_disable,
             .inhibition = choice.inhibition,
             .learn_beta = true,
             .learn_threshold = true,
             .state_quant = quantizer,
             .graded_spikes_factor = graded,
             .learn_graded_spikes_factor = true,
             .reset_delay = choice.reset_delay,
             .snntorch_exact = choice.snntorch_exact}),
        input(random_sequence<Scalar>(random, shape, -0.4, 1.0)),
        c_spk(random_sequence<Scalar>(random, shape, -1, 1)),
        c_mem(random_sequence<Scalar>(random, shape, -1, 1)) {
    if (choice.with_mem) mem0 = random_sequence<Scalar>(random, {1, shape.batch, shape.features}, -0.5, 1.5).array();
  }
};

}  // namespace laws
