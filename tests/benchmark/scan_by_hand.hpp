// The scan of Leaky hand-written for one case with Eigen's packets: one β, θ = 1, reset by subtraction, ATan,
// the library's memory layout, and only membranes kept. The ratio of the library's time to it, with the same
// compiler and flags (sweep.sh), is the cost of generality.
#pragma once

#include "scan.hpp"

namespace scan {

/// A block of samples for the loops.
class ByHand {
 public:
  explicit ByHand(const Size& size)
      : steps_(size.steps),
        size_(size.block * Currents::stride),
        mem_(std::size_t(steps_ * size_)),
        spk_adjoint_(mem_.size(), 0.001f),
        carry_(std::size_t(size_)) {}

  /// U = βU_prev + I − (θ where U_prev > θ)
  void forward(const float* current) {
    using namespace Eigen::internal;
    const P beta = pset1<P>(beta_), threshold = pset1<P>(1.0f);
    std::fill(carry_.begin(), carry_.end(), 0.0f);
    for (st::Index t = 0; t < steps_; ++t) {
      const float* before = t == 0 ? carry_.data() : mem_.data() + (t - 1) * size_;
      float* mem = mem_.data() + t * size_;
      for (st::Index i = 0; i < size_; i += packet) {
        const P u = pload<P>(before + i);
        const P reset = pand(pcmp_lt(threshold, u), threshold);
        pstore(mem + i, psub(pmadd(beta, u, pload<P>(current + i)), reset));
      }
    }
  }

  /// Ū = βŪ_next + S̄σ'(U − θ), σ'(x) = 1/(1 + (πx)²), and Ī = ΣŪ
  void adjoint(float* current_adjoint) {
    using namespace Eigen::internal;
    const P beta = pset1<P>(beta_), threshold = pset1<P>(1.0f), one = threshold, pi = pset1<P>(3.14159265f);
    std::fill(carry_.begin(), carry_.end(), 0.0f);
    for (st::Index t = steps_ - 1; t >= 0; --t) {
      const float* mem = mem_.data() + t * size_;
      const float* spk_adjoint = spk_adjoint_.data() + t * size_;
      for (st::Index i = 0; i < size_; i += packet) {
        const P x = pmul(pi, psub(pload<P>(mem + i), threshold));
        const P slope = pdiv(one, pmadd(x, x, one));
        const P u = pmadd(pload<P>(spk_adjoint + i), slope, pmul(beta, pload<P>(carry_.data() + i)));
        pstore(carry_.data() + i, u);
        pstore(current_adjoint + i, t == steps_ - 1 ? u : padd(u, pload<P>(current_adjoint + i)));
      }
    }
  }

 private:
  using P = st::detail::Packet<float>;
  static constexpr st::Index packet = st::detail::packet_size<float>;
  static constexpr float beta_ = 0.9f;

  st::Index steps_, size_;
  st::detail::AlignedVector<float> mem_, spk_adjoint_, carry_;
};

/// Registers the benchmarks, measured like the library's: the backward scan alone, and each block's backward
/// after its forward scan.
inline bool add_by_hand() {
  for (const Size& size : sizes) {
    if (!size.constant) continue;
    ratio::add(std::string("by hand/forward") + size.name, [=](benchmark::State& state) {
      Currents currents(size);
      ByHand scan(size);
      for (auto _ : state)
        for_blocks(size, [&](st::Index first) {
          scan.forward(currents.values(first, size.block).row(0, 0));
          benchmark::ClobberMemory();
        });
      ratio::account(state, size.neuron_steps());
    });
    const auto adjoint = [=](benchmark::State& state) {
      using Clock = std::chrono::steady_clock;
      Currents currents(size);
      ByHand scan(size);
      for (auto _ : state) {
        Clock::duration time{};
        for_blocks(size, [&](st::Index first) {
          scan.forward(currents.values(first, size.block).row(0, 0));
          const auto start = Clock::now();
          scan.adjoint(currents.adjoints(first, size.block).row(0, 0));
          benchmark::ClobberMemory();
          time += Clock::now() - start;
        });
        state.SetIterationTime(std::chrono::duration<double>(time).count());
      }
      ratio::account(state, size.neuron_steps());
    };
    ratio::add(std::string("by hand/adjoint") + size.name, adjoint, ratio::Timed::by_itself);
  }
  return true;
}

}  // namespace scan
