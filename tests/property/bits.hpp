// Laws that hold to the bit.
#pragma once

#include "leaky_setup.hpp"

#include <vector>

namespace laws {

template <typename A, typename B>
bool same_bits(const A& a, const B& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

/// A sequence equals the loop of single steps, on arrays and on a tape, forward and backward; a tape equals
/// the call on arrays.
template <typename Scalar, typename Reset, typename Quantizer>
void check_bits(st::Random& random, const st::Shape& shape, const Choice& choice) {
  INFO(choice.text() << " shape " << shape.steps << ' ' << shape.batch << ' ' << shape.features);
  const Setup<Scalar, Reset, Quantizer> s(random, shape, choice);
  const auto whole = s.lif(s.input, s.mem0);

  st::Array<Scalar> mem = s.mem0;
  bool spikes_equal = true, membranes_equal = true;
  for (Index t = 0; t < shape.steps; ++t) {
    const auto step = s.lif(s.input.step(t), mem);
    mem = step.mem;
    spikes_equal = spikes_equal && same_bits(step.spk, whole.spk.step(t));
    membranes_equal = membranes_equal && same_bits(step.mem, whole.mem.step(t));
  }
  CHECK(spikes_equal);
  CHECK(membranes_equal);

  const auto start = [&](st::Tape<Scalar>& tape) {
    return choice.with_mem ? tape.variable(s.mem0) : st::Var<Scalar>();
  };
  st::Tape<Scalar> tape;
  const auto x = tape.variable(s.input);
  const auto m = start(tape);
  const auto on_tape = s.lif(x, m);
  CHECK(same_bits(on_tape.spk.array(), whole.spk.array()));
  CHECK(same_bits(on_tape.mem.array(), whole.mem.array()));
  tape.backward(st::sum(tape.constant(s.c_spk) * on_tape.spk) + st::sum(tape.constant(s.c_mem) * on_tape.mem));

  st::Tape<Scalar> loop_tape;
  const auto loop_x = loop_tape.variable(s.input);
  const auto loop_m = start(loop_tape);
  auto state = loop_m;
  st::Var<Scalar> loss;
  std::vector<st::SpkMem<st::Var<Scalar>>> results;
  for (Index t = 0; t < shape.steps; ++t) {
    results.push_back(s.lif(st::step(loop_x, t), state));
    state = results.back().mem;
  }
  for (Index t = 0; t < shape.steps; ++t) {
    const auto& [spk, membrane] = results[static_cast<std::size_t>(t)];
    const auto part = st::sum(loop_tape.constant(s.c_spk.step(t)) * spk) +
                      st::sum(loop_tape.constant(s.c_mem.step(t)) * membrane);
    loss = loss.empty() ? part : loss + part;
  }
  loop_tape.backward(loss);
  CHECK(same_bits(x.adjoint().array(), loop_x.adjoint().array()));
  if (choice.with_mem) CHECK(same_bits(m.adjoint().array(), loop_m.adjoint().array()));
  for (const auto* parameter : {&s.lif.beta(), &s.lif.threshold(), &s.lif.graded_spikes_factor()})
    CHECK(same_bits(tape.gradients().gradient(*parameter), loop_tape.gradients().gradient(*parameter)));
}

/// The odd shapes, each with choices that change from shape to shape, and every choice with some shape.
template <typename Scalar, typename Reset, typename Quantizer = st::quant::None>
void check_all_bits() {
  st::Random random(20);
  std::vector<st::Shape> shapes;
  for (const Index steps : {1, 2, 100})
    for (const Index batch : {0, 1, 3})
      for (const Index features : {1, 5, 17, 33, 64}) shapes.push_back({steps, batch, features});
  std::size_t k = 0;
  for_choices(AnySurrogate::count, [&](const Choice& choice) {
    check_bits<Scalar, Reset, Quantizer>(random, shapes[k++ % shapes.size()], choice);
  });
}

}  // namespace laws
