// Phase coding: the binary digits of a number, one a step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/spikegen/code.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Phase coding: step t is phase k = t mod K, and a number x of [0, 1] spikes where digit k of its K binary
/// digits is 1, the one of value 2^-(k+1). A spike counts by its phase: those of a period with their weights
/// add up to x, rounded down, and 1 counts as 1 − 2^-K. (Kim, Kim, Huh, Lee and Choi, Deep neural networks
/// with weighted spikes, Neurocomputing 2018.) Not differentiated: it adds nothing to the adjoint of its
/// input. Throws std::invalid_argument for data outside of [0, 1], and unless phases is 1 to 52.
struct Phase {
  static constexpr const char* name = "Phase";
  static constexpr Memory memory = Memory::steps;

  Index phases = 8;       ///< K
  bool weighted = false;  ///< A spike has the value of its digit rather than 1.

  Shape result(const Shape& data) const {
    if (phases < 1 || phases > 52)
      detail::fail_argument("spiketape::spikegen::Phase: phases is ", phases, ", expected 1 to 52");
    return data;
  }
  bool gives_spikes() const noexcept { return !weighted; }

  template <Real Scalar>
  void spikes(const Signal<Scalar>& signal, const SpikeRows& to) const {
    for_each(signal, [&](Index t, Index b, Index i, Index) { to.set(t * signal.x.batch + b, i); });
  }
  template <Real Scalar>
  void numbers(const Signal<Scalar>& signal, const SequenceView<Scalar>& to) const {
    to.clear();
    for_each(signal, [&](Index t, Index b, Index i, Index k) {
      to.row(t, b)[i] = static_cast<Scalar>(std::ldexp(1.0, -static_cast<int>(k) - 1));
    });
  }

 private:
  /// Calls f(step, sample, feature, phase) for each spike.
  template <Real Scalar, typename F>
  void for_each(const Signal<Scalar>& signal, F&& f) const {
    const SequenceView<const Scalar>& x = signal.x;
    auto* digits = signal.memory.template allocate<std::uint64_t>(x.features);
    for (Index b = 0; b < x.batch; ++b)
      for (Index t = 0; t < x.steps; ++t) {
        if (t == 0 || !x.constant)
          for (Index i = 0; i < x.features; ++i) digits[i] = digits_of(static_cast<double>(x.row(t, b)[i]));
        const Index k = (signal.key.first_step() + t) % phases;
        for (Index i = 0; i < x.features; ++i)
          if ((digits[i] >> (phases - 1 - k) & 1u) != 0) f(t, b, i, k);
      }
  }
  std::uint64_t digits_of(double number) const {
    if (!(number >= 0 && number <= 1))
      detail::fail_argument("spiketape::spikegen::Phase: data have the number ", number, ", expected 0 to 1");
    const auto levels = static_cast<double>(std::uint64_t(1) << phases);
    return static_cast<std::uint64_t>(std::min(number * levels, levels - 1));
  }
};

/// Encodes data by phases; see Phase and encode().
template <typename Data>
[[nodiscard]] auto phase(const Data& data, const Phase& code = {}) {
  return encode(data, code);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
