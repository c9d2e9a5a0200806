// Rate coding: the larger a number, the more often it spikes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/spikegen/code.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The features of a row that may spike, and how likely.
class Odds {
 public:
  Odds(Index features, Arena& memory)
      : features_(memory.allocate<std::int32_t>(features)),
        limits_(memory.allocate<std::uint64_t>(features)) {}

  void clear() noexcept { count_ = 0; }
  /// Adds a feature. Of probability 0 or less, it draws nothing; from 1 on, it always spikes.
  void add(Index feature, double probability) noexcept {
    if (probability <= 0) return;
    features_[count_] = static_cast<std::int32_t>(feature);
    // A draw u of unit_interval() is n / 2^53, so u < p is n < 2^53 p, which is exact.
    limits_[count_++] = static_cast<std::uint64_t>(std::ceil(std::fmin(probability, 1.0) * 0x1p53));
  }
  /// Draws a row from its random bits. The same spikes as by RandomKey::uniform.
  SPIKETAPE_NOINLINE void draw(std::uint64_t bits, Index row, const spikegen::SpikeRows& to) const {
    for (Index i = 0; i < count_; ++i)
      if (RandomKey::of_feature(bits, features_[i]) >> 11 < limits_[i]) to.set(row, features_[i]);
  }

 private:
  std::int32_t* features_;
  std::uint64_t* limits_;
  Index count_ = 0;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Rate coding: in each step a number x spikes with probability p = gain·x + offset, clamped to [0, 1],
/// independently of all others (snnTorch 0.9.4, spikegen.py, rate). Steps before `first_spike_time` are
/// silent. Where p is 0 nothing is drawn, so that the dark pixels of an image cost nothing. Not
/// differentiated: it adds nothing to the adjoint of its input. Throws std::invalid_argument unless gain and
/// offset are finite, first_spike_time is not negative, and no number is NaN.
struct Rate {
  static constexpr const char* name = "Rate";
  static constexpr Memory memory = Memory::steps;

  double gain = 1;             ///< p rises by it,
  double offset = 0;           ///< and is that for 0.
  Index first_spike_time = 0;  ///< No spike comes before this step.

  Shape result(const Shape& data) const {
    const auto check = [](const char* option, double value) {
      if (!detail::is_finite(value))
        detail::fail_argument("spiketape::spikegen::Rate: ", option, " is ", value,
                              ", expected a finite number");
    };
    check("gain", gain);
    check("offset", offset);
    if (first_spike_time < 0)
      detail::fail_argument("spiketape::spikegen::Rate: first_spike_time is ", first_spike_time,
                            ", expected at least 0");
    if (data.features > 0x7fffffff)
      detail::fail_argument("spiketape::spikegen::Rate: data have ", data.features,
                            " features, expected less than 2^31");
    return data;
  }
  static constexpr bool gives_spikes() noexcept { return true; }

  template <Real Scalar>
  void spikes(const Signal<Scalar>& signal, const SpikeRows& to) const {
    const SequenceView<const Scalar>& x = signal.x;
    detail::Odds odds(x.features, signal.memory);
    const Index silent = first_spike_time - signal.key.first_step();  // steps of this call
    for (Index b = 0; b < x.batch; ++b)
      for (Index t = 0; t < x.steps; ++t) {
        if (t == 0 || !x.constant) weigh(x.row(t, b), x.features, odds);
        if (t >= silent) odds.draw(signal.key.row(t, b), t * x.batch + b, to);
      }
  }

 private:
  template <Real Scalar>
  void weigh(const Scalar* x, Index features, detail::Odds& odds) const {
    odds.clear();
    for (Index i = 0; i < features; ++i) {
      const double probability = gain * static_cast<double>(x[i]) + offset;
      if (detail::is_nan(probability))
        detail::fail_argument("spiketape::spikegen::Rate: gain * data + offset is NaN, expected a number");
      odds.add(i, probability);
    }
  }
};

/// Encodes data by rates; see Rate and encode().
///
///     const auto spk = st::spikegen::rate(st::repeat(image, 25), {.gain = 0.5}, st::RandomKey(seed));
///
/// For data that change over time, as in snnTorch, `first_spike_time` puts as many silent steps in front, and
/// the result is longer by them.
template <typename Data>
[[nodiscard]] auto rate(const Data& data, const Rate& code = {}, const RandomKey& key = {}) {
  const auto x = view_of(data);
  if (x.constant || code.first_spike_time == 0) return encode(data, code, key);
  using Scalar = typename detail::NumbersOf<std::remove_cvref_t<decltype(x)>>::type;
  Shape shape = code.result(x.shape());
  if (code.first_spike_time > std::numeric_limits<Index>::max() / 2 - shape.steps)
    detail::fail_argument("spiketape::spikegen::Rate: first_spike_time is ", code.first_spike_time,
                          ", expected fewer steps than memory has addresses");
  shape.steps += code.first_spike_time;
  Sequence<Scalar> y(shape);
  const SequenceView<Scalar> drawn(y.view().row(code.first_spike_time, 0), x.shape(), x.features);
  Arena memory;
  const Index first_step = key.first_step() + code.first_spike_time;
  detail::write_numbers<Scalar>(code, {x, {}, key.at_step(first_step), memory}, drawn);
  return y;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
