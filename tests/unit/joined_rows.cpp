// Samples whose rows follow each other in memory without a gap are done as one row; with a gap, or where each
// neuron has coefficients of its own, one by one. Of a large batch some samples go through all steps before
// the next ones do. No bit of any result may tell.
#include "catch.hpp"
#include "products.hpp"

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/random.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/neuron/surrogates_snntorch.hpp>

#include <cstdint>
#include <cstring>
#include <limits>

namespace joined_rows_test {

namespace st = spiketape;
using st::Index;

namespace {

constexpr Index steps = 4;

/// Memory of sequences with room between their rows, or with none.
class Rows {
 public:
  Rows(const st::Shape& shape, Index stride, std::uint64_t seed)
      : shape_(shape), values_(shape.steps * shape.batch, stride) {
    st::Random random(seed);
    values_.setConstant(std::numeric_limits<float>::quiet_NaN());  // in the padding, for nobody to see
    for (Index r = 0; r < values_.rows(); ++r)
      for (Index i = 0; i < shape.features; ++i) values_(r, i) = float(random.uniform(-0.5, 1.5));
  }
  st::SequenceView<float> view() { return {values_.data(), shape_, values_.cols()}; }

 private:
  st::Shape shape_;
  st::Array<float> values_;
};

template <typename A, typename B>
bool same_bits(const A& a, const B& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Index r = 0; r < a.rows(); ++r)
    for (Index i = 0; i < a.cols(); ++i) {
      const float x = a(r, i), y = b(r, i);
      if (std::memcmp(&x, &y, sizeof x) != 0) return false;
    }
  return true;
}

/// f(batch, features): small ones, and one that goes through the steps in several parts.
template <typename F>
void for_batches(F&& f) {
  for (const Index features : {1, 3, 16, 33, 256})
    for (const Index batch : {1, 2, 5}) f(batch, features);
  f(Index(10), Index(4001));
}

template <typename Neuron>
void check_arrays(const Neuron& neuron) {
  for_batches([&](Index batch, Index n) {
    INFO(batch << " samples of " << n);
    const st::Shape shape{steps, batch, n}, step{1, batch, n};
    Rows input(shape, n, 1), spaced_input(shape, n + 3, 1), mem(step, n, 2), spaced_mem(step, n + 5, 2);
    Rows spk(shape, n, 3), returned(shape, n, 3), spaced_spk(shape, n + 1, 3),
        spaced_returned(shape, n + 2, 3);
    neuron.forward_into(input.view(), {mem.view()}, {spk.view(), returned.view()});
    neuron.forward_into(spaced_input.view(), {spaced_mem.view()},
                        {spaced_spk.view(), spaced_returned.view()});
    CHECK(same_bits(spk.view().array(), spaced_spk.view().array()));
    CHECK(same_bits(returned.view().array(), spaced_returned.view().array()));
    // And sample by sample.
    for (Index b = 0; b < batch; ++b)
      for (Index t = 0; t < steps; ++t) {
        const st::SequenceView<float> from = t == 0 ? mem.view() : returned.view().step(t - 1);
        const st::SequenceView<float> row{input.view().row(t, b), {1, 1, n}, n};
        st::Row<float> one_spk(n), one_mem(n);
        neuron.forward_into(row, {st::SequenceView<const float>(from.row(0, b), {1, 1, n}, n)},
                            {one_spk, one_mem});
        CHECK(same_bits(one_mem, returned.view().step(t).array().row(b)));
        CHECK(same_bits(one_spk, spk.view().step(t).array().row(b)));
      }
  });
}

/// Differentiates a call on samples of a batch from `first` on: returns what the call does, and
/// leaves the adjoints of the input in `adjoints`.
template <typename Neuron>
st::SpkMem<st::Array<float>> differentiate(const Neuron& neuron, const st::SequenceView<float>& values,
                                           const st::SequenceView<float>& adjoints, Index first,
                                           Index batch) {
  st::Tape<float> tape;
  tape.set_first_sample(first);
  const auto [spk, mem] = neuron(tape.leaf(values, adjoints));
  const auto spk_adjoint = tape.open_adjoint(spk), mem_adjoint = tape.open_adjoint(mem);
  for (Index t = 0; t < values.steps; ++t)
    for (Index b = 0; b < values.batch; ++b)
      for (Index i = 0; i < values.features; ++i) {
        const Index r = t * batch + first + b;
        spk_adjoint.row(t, b)[i] = float((r * 7 + i * 3) % 5) - 2;
        mem_adjoint.row(t, b)[i] = float((r * 5 + i * 2) % 7) - 3;
      }
  tape.backward();
  return {spk.value().array(), mem.value().array()};
}

/// The adjoints of the input: with leaves in padded rows, in rows that are wider, and sample by sample.
template <typename Neuron>
void check_tape(const Neuron& neuron) {
  for_batches([&](Index batch, Index n) {
    INFO(batch << " samples of " << n);
    const st::Shape shape{steps, batch, n};
    const Index padded = (n + 15) / 16 * 16;
    Rows input(shape, padded, 1), adjoint(shape, padded, 2);
    Rows wide_input(shape, padded + 16, 1), wide_adjoint(shape, padded + 32, 2),
        one_adjoint(shape, padded, 2);
    const auto out = differentiate(neuron, input.view(), adjoint.view(), 0, batch);
    // A tape keeps spikes as bits; arrays have the numbers.
    Rows spk(shape, n, 3), mem(shape, n, 3);
    neuron.forward_into(input.view(), {}, {spk.view(), mem.view()});
    CHECK(same_bits(out.spk, spk.view().array()));
    CHECK(same_bits(out.mem, mem.view().array()));
    const auto wide = differentiate(neuron, wide_input.view(), wide_adjoint.view(), 0, batch);
    CHECK(same_bits(out.spk, wide.spk));
    CHECK(same_bits(out.mem, wide.mem));
    CHECK(same_bits(adjoint.view().array(), wide_adjoint.view().array()));
    differentiate(neuron, input.view(), wide_adjoint.view(), 0, batch);
    CHECK(same_bits(adjoint.view().array(), wide_adjoint.view().array()));
    // Of one sample, the next step's row is a batch further.
    const auto sample = [&](Rows& rows, Index b) {
      return st::SequenceView<float>{rows.view().row(0, b), {steps, 1, n}, batch * padded};
    };
    for (Index b = 0; b < batch; ++b)
      differentiate(neuron, sample(input, b), sample(one_adjoint, b), b, batch);
    CHECK(same_bits(adjoint.view().array(), one_adjoint.view().array()));
    // And in the padding none of each row.
    for (Index r = 0; r < steps * batch; ++r)
      for (Index i = n; i < padded; ++i) CHECK(adjoint.view().data[r * padded + i] == 0);
  });
}

}  // namespace

TEST_CASE("samples in one row and one by one: the same bits") {
  check_arrays(st::Leaky<float>({.beta = 0.9f}));
  check_arrays(st::Leaky<float, st::reset::Zero>({.beta = 0.9f, .reset_delay = false}));
  check_arrays(st::Leaky<float>({.beta = 0.9f, .inhibition = true}));
}

TEST_CASE("samples in one row and one by one: the same adjoints") {
  check_tape(st::Leaky<float>({.beta = 0.9f}));
  check_tape(st::Leaky<float>({.beta = 0.9f, .reset_delay = false}));
  check_tape(st::Leaky<float>({.beta = 0.9f, .inhibition = true}));
  check_tape(st::Leaky<float>({.beta = 0.9f, .learn_beta = true}));
  // Its numbers are drawn by place: that of a neuron among the neurons, without padding.
  check_tape(st::Leaky<float, st::reset::Subtract, st::surrogate::StochasticSpikeOperator>({.beta = 0.9f}));
}

}  // namespace joined_rows_test
