// The scans as users' optimizers compile them, at -O2: their loops are inlined at once, which the other
// tests, at -Og, do not see. Rows of any width, in memory that ends with them and in whole lines.
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/synaptic.hpp>

#include "catch.hpp"

namespace optimized_test {

namespace st = spiketape;
using st::Index;

template <typename Scalar>
st::Sequence<Scalar> currents(Index neurons) {
  st::Sequence<Scalar> x(3, 2, neurons);
  for (Index t = 0; t < 3; ++t)
    for (Index b = 0; b < 2; ++b)
      for (Index i = 0; i < neurons; ++i) x.step(t)(b, i) = static_cast<Scalar>((i * 7 + t + b) % 5) / 2;
  return x;
}

/// A neuron's results on arrays, on a tape, and its spikes as bits, are the same.
template <typename Neuron>
void check(const Neuron& neuron) {
  using Scalar = typename Neuron::Scalar;
  for (const Index neurons : {1, 3, 8, 9, 16, 20, 40}) {
    CAPTURE(neurons);
    const auto x = currents<Scalar>(neurons);
    const auto on_arrays = neuron(x);
    const auto spikes = neuron.spikes(x);
    const auto bits = spikes.rows();
    st::Tape<Scalar> tape;
    const auto on_tape = neuron(tape.constant(x));
    st::Array<Scalar> numbers(1, st::detail::whole_lines<Scalar>(neurons));
    for (Index t = 0; t < 3; ++t)
      for (Index b = 0; b < 2; ++b) {
        bits.write(2 * t + b, numbers.data());
        for (Index i = 0; i < neurons; ++i) {
          CHECK(numbers(0, i) == on_arrays.spk.step(t)(b, i));
          CHECK(on_tape.spk.value().row(t, b)[i] == on_arrays.spk.step(t)(b, i));
          CHECK(on_tape.mem.value().row(t, b)[i] == on_arrays.mem.step(t)(b, i));
        }
      }
  }
}

TEST_CASE("optimized scans give the same on arrays, on a tape and as bits") {
  check(st::Leaky<float>({.beta = 0.9f}));
  check(st::Leaky<double>({.beta = 0.9}));
  check(st::Leaky<double>({.beta = 0.9, .reset_delay = false}));
  check(st::Leaky<float>({.beta = 0.9f, .inhibition = true}));
  check(st::Synaptic<double>({.alpha = 0.8, .beta = 0.9}));
}

}  // namespace optimized_test
