// The speed of a neuron's forward scan and of its adjoint, for each neuron and step.
//
// A thousand neurons, 25 steps, with a current for each neuron that is the same in all steps, as in
// snnTorch's tutorials. "blocks": 128 samples, four at a time, with states in the L2 cache, as training does
// it with st::Shards. "batch": all 128 at once, outside of the L2 cache. Outside of every cache: "long", a
// block of 6400 steps; "memory", 1024 samples at once, where the rows shared by all steps do not fit into the
// L2 cache either; "varying", 200 steps with a different current in each.
#pragma once

#include "limits.hpp"
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <array>
#include <chrono>
#include <string>

namespace scan {

namespace st = spiketape;

constexpr st::Index neurons = 1000;

struct Size {
  const char* name;
  st::Index samples, block;  // in total, and at a time
  st::Index steps = 25;
  bool outside = false;  // of every cache
  bool constant = true;  // the current

  double neuron_steps() const { return double(steps * samples * neurons); }
};
constexpr std::array sizes{Size{"/blocks", 128, 4}, Size{"/batch", 128, 128}, Size{"/long", 4, 4, 6400, true},
                           Size{"/memory", 1024, 1024, 25, true},
                           Size{"/varying", 128, 128, 200, true, false}};

/// Variants of the plain scan.
struct Extra {
  bool same_step = false;     // the reset is in the step of the spike
  bool all_to_all = false;    // recurrent, through weights
  bool learned = false;       // with gradients of coefficients
  bool adjoint_only = false;  // another benchmark has the same forward scan
  bool from_mem = false;      // the loss depends on the membranes, not on the spikes
  bool outside = false;       // also outside of every cache
};

/// Bytes for each neuron and step: moved, and in memory. Counts only what has a row for every step. What has
/// one row for all steps (the constant current, the sum of its adjoints, coefficients of each neuron, the
/// adjoints that step t sends to t − 1) stays in the nearest cache.
struct Bytes {
  double moved, kept;
};

/// Each state is read from the step before and written in this step: 8 bytes for Leaky. A varying current is
/// read, and its adjoint written. A recurrent neuron also reads and writes spikes. On a tape spikes are bits,
/// one eighth of a byte, and a same-step reset also writes the membrane before it; on arrays spikes are
/// numbers.
template <typename Neuron>
constexpr Bytes forward_bytes(bool on_tape, const Size& size, const Extra& extra) {
  const double current = size.constant ? 0 : 1, states = double(Neuron::state_count),
               spikes = !on_tape || Neuron::recurrent ? 1 : 0;
  const double before_reset = on_tape && extra.same_step ? 1 : 0, bits = on_tape ? 1.0 / 8 : 0;
  return {4 * (current + 2 * states + spikes + (Neuron::recurrent ? 1 : 0) + before_reset) + bits,
          4 * (current + states + spikes + before_reset) + bits};
}

/// The adjoint reads the membrane that fired and the adjoint of the spike (or of the membrane): 8 bytes.
/// Gradients of coefficients also need the states of the step before, and the spike that a recurrent neuron
/// sent.
template <typename Neuron>
constexpr Bytes adjoint_bytes(const Size& size, const Extra& extra) {
  const double before = extra.learned ? double(Neuron::state_count) + (Neuron::recurrent ? 1 : 0) : 0;
  const double current = size.constant ? 0 : 1;
  return {4 * (2 + current + before), 4 * (2 + current + before)};
}

/// Currents and memory for their adjoints, in rows of whole cache lines as on a tape.
class Currents {
 public:
  static constexpr st::Index stride = (neurons + 15) / 16 * 16;

  explicit Currents(const Size& size)
      : steps_(size.steps),
        constant_(size.constant),
        values_(size.samples * (constant_ ? 1 : steps_), stride),
        adjoints_(values_.rows(), stride) {
    st::Random random(1);
    for (st::Index i = 0; i < values_.size(); ++i) values_.data()[i] = float(random.uniform(-0.05, 0.35));
  }
  st::SequenceView<float> values(st::Index first, st::Index count) { return window(values_, first, count); }
  st::SequenceView<float> adjoints(st::Index first, st::Index count) {
    return window(adjoints_, first, count);
  }

 private:
  st::SequenceView<float> window(st::Array<float>& rows, st::Index first, st::Index count) const {
    return {rows.data() + first * stride, {steps_, count, neurons}, stride, constant_};
  }
  st::Index steps_;
  bool constant_;
  st::Array<float> values_, adjoints_;
};

/// Runs `work` for all samples, a block at a time.
template <typename Work>
void for_blocks(const Size& size, Work&& work) {
  for (st::Index first = 0; first < size.samples; first += size.block) work(first);
}

template <typename Neuron>
void forward_on_tape(benchmark::State& state, const Neuron& neuron, const Size& size) {
  Currents currents(size);
  st::Tape<float> tape;
  const auto all = [&] {
    for_blocks(size, [&](st::Index first) {
      tape.reset();
      neuron(tape.leaf(currents.values(first, size.block), currents.adjoints(first, size.block)));
      benchmark::ClobberMemory();
    });
  };
  all();  // allocates the tape's memory
  for (auto _ : state) all();
}

template <typename Neuron>
void forward_on_arrays(benchmark::State& state, const Neuron& neuron, const Size& size) {
  Currents currents(size);
  std::array<st::Sequence<float>, 1 + Neuron::state_count> results;
  typename Neuron::ResultViews views;
  for (std::size_t k = 0; k < results.size(); ++k)
    views[k] = results[k] = st::Sequence<float>(size.steps, size.block, neurons);
  const typename Neuron::CarriedViews from_zero{};
  for (auto _ : state)
    for_blocks(size, [&](st::Index first) {
      neuron.forward_into(currents.values(first, size.block), from_zero, views);
      benchmark::ClobberMemory();
    });
}

/// Times only the backward scan.
template <typename Neuron>
void adjoint(benchmark::State& state, const Neuron& neuron, const Size& size, bool from_mem) {
  using Clock = std::chrono::steady_clock;
  Currents currents(size);
  st::Tape<float> tape;
  const auto all = [&] {
    Clock::duration time{};
    for_blocks(size, [&](st::Index first) {
      tape.reset();
      const auto out =
          neuron(tape.leaf(currents.values(first, size.block), currents.adjoints(first, size.block)));
      tape.open_adjoint(from_mem ? out.mem : out.spk).array().setConstant(0.001f);
      const auto start = Clock::now();
      tape.backward();
      benchmark::ClobberMemory();
      time += Clock::now() - start;
    });
    tape.gradients().clear();
    return std::chrono::duration<double>(time).count();
  };
  all();
  for (auto _ : state) state.SetIterationTime(all());
}

/// Registers the benchmarks of a neuron. Its limit is a copy that moves as many bytes in as much memory; for
/// the adjoint of a constant current, which only reads, it is reading them. If all neurons act on all, each
/// step also multiplies the block's spikes by the weights, twice in the backward scan; there the limit is the
/// dense products.
template <typename Neuron>
bool add(const std::string& name, const Neuron& neuron, const Extra& extra = {}) {
  for (const Size& size : sizes) {
    if (size.outside && !extra.outside) continue;
    const double all = size.neuron_steps();
    const auto limit = [&](const Bytes& bytes, int products, auto&& moving) -> ratio::Limit {
      if (extra.all_to_all)
        return {limits::dense(limits::Products::forward, size.block, neurons, neurons),
                products / double(size.block * neurons)};
      return {moving(bytes.kept * double(size.steps * size.block * neurons)), bytes.moved};
    };
    if (!extra.adjoint_only) {
      const auto on_tape = limit(forward_bytes<Neuron>(true, size, extra), 1, limits::copy);
      ratio::add(name + "/forward" + size.name, [=](benchmark::State& state) {
        forward_on_tape(state, neuron, size);
        ratio::account(state, all, on_tape);
      });
      const auto on_arrays = limit(forward_bytes<Neuron>(false, size, extra), 1, limits::copy);
      ratio::add(name + "/forward on arrays" + size.name, [=](benchmark::State& state) {
        forward_on_arrays(state, neuron, size);
        ratio::account(state, all, on_arrays);
      });
    }
    const auto back =
        limit(adjoint_bytes<Neuron>(size, extra), 2, size.constant ? limits::read : limits::copy);
    const auto adjoints = [=](benchmark::State& state) {
      adjoint(state, neuron, size, extra.from_mem);
      ratio::account(state, all, back);
    };
    ratio::add(name + "/adjoint" + size.name, adjoints, ratio::Timed::by_itself);
  }
  return true;
}

}  // namespace scan
