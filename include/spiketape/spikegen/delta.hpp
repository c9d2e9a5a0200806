// Delta modulation: a spike where a number changes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/spikegen/code.hpp>

#include <cmath>
#include <limits>

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Delta modulation: a spike where a number has grown by θ or more since the step before, and, with
/// `off_spike`, one of −1 where it has fallen by θ or more (snnTorch 0.9.4, spikegen.py, delta). Not
/// differentiated: it adds nothing to the adjoint of its input. Throws std::invalid_argument unless threshold
/// is finite, and for `split` without `off_spike`.
struct Delta {
  static constexpr const char* name = "Delta";
  static constexpr Memory memory = Memory::input;

  double threshold = 0.1;  ///< θ
  bool padding = false;    ///< The step before the first is the same as the first rather than 0.
  bool off_spike = false;  ///< Spikes of −1 where the data fall.
  /// Off spikes have features of their own, behind those of on spikes, and the value 1: (steps, batch,
  /// 2·features).
  bool split = false;

  Shape result(const Shape& data) const {
    if (!detail::is_finite(threshold))
      detail::fail_argument("spiketape::spikegen::Delta: threshold is ", threshold,
                            ", expected a finite number");
    if (split && !off_spike)
      detail::fail_argument("spiketape::spikegen::Delta: split is true, expected off_spike = true with it");
    return {data.steps, data.batch, split ? 2 * data.features : data.features};
  }
  bool gives_spikes() const noexcept { return !off_spike || split; }

  template <Real Scalar>
  void spikes(const Signal<Scalar>& signal, const SpikeRows& to) const {
    for_each(signal, [&](Index t, Index b, Index i, bool on, bool off) {
      const Index row = t * signal.x.batch + b;
      if (on) to.set(row, i);
      if (off) to.set(row, signal.x.features + i);
    });
  }
  template <Real Scalar>
  void numbers(const Signal<Scalar>& signal, const SequenceView<Scalar>& to) const {
    for_each(signal, [&](Index t, Index b, Index i, bool on, bool off) {
      to.row(t, b)[i] = static_cast<Scalar>(int(on) - int(off));
    });
  }

 private:
  template <Real Scalar, typename F>
  void for_each(const Signal<Scalar>& signal, F&& f) const {
    const SequenceView<const Scalar>& x = signal.x;
    const auto limit = static_cast<Scalar>(threshold);
    if (threshold != 0 && std::abs(limit) < std::numeric_limits<Scalar>::min())
      detail::fail_argument("spiketape::spikegen::Delta: threshold is ", threshold,
                            ", which is 0 in the data's Scalar");
    for (Index t = 0; t < x.steps; ++t)
      for (Index b = 0; b < x.batch; ++b) {
        const Scalar* now = x.row(t, b);
        const Scalar* before = t > 0                    ? x.row(t - 1, b)
                               : !signal.before.empty() ? signal.before.row(0, b)
                               : padding                ? now
                                                        : nullptr;
        for (Index i = 0; i < x.features; ++i) {
          const Scalar change = now[i] - (before != nullptr ? before[i] : Scalar(0));
          f(t, b, i, change >= limit, off_spike && change <= -limit);
        }
      }
  }
};

/// Encodes the changes of a sequence; see Delta and encode().
template <typename Data>
[[nodiscard]] auto delta(const Data& data, const Delta& code = {}) {
  return encode(data, code);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
