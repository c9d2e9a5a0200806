// Random numbers that depend on where they are used, not on when.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/random.hpp>

#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI {

/// A source of random numbers for each number of a layer's call. They depend on the seed, the layer's place in
/// its network, the round of training, the step, the sample in the whole batch and the feature. So a batch
/// draws the same numbers whole, in blocks, on any number of threads, and in a window that is computed again.
class RandomKey {
 public:
  /// Seed and all places 0.
  RandomKey() : RandomKey(0, 0, 0, 0) {}
  /// `first_sample` and `first_step` are those of the call in the whole batch and sequence.
  explicit RandomKey(std::uint64_t seed, std::uint64_t round = 0, Index first_sample = 0, Index first_step = 0)
      : bits_(detail::mix_bits(detail::mix_bits(seed) + round)),
        first_sample_(first_sample),
        first_step_(first_step) {}

  /// A key with other numbers for each `layer`.
  RandomKey of_layer(std::uint64_t layer) const {
    RandomKey key = *this;
    key.bits_ = detail::mix_bits(bits_ + layer + 1);
    return key;
  }
  /// The same key for a call that begins at another step of the whole sequence.
  RandomKey at_step(Index first_step) const {
    RandomKey key = *this;
    key.first_step_ = first_step;
    return key;
  }
  /// The step of the whole sequence that the call begins with.
  Index first_step() const noexcept { return first_step_; }

  /// Random bits for a step and a sample of this call, both counted from 0.
  std::uint64_t row(Index step, Index sample) const {
    return mixed(mixed(bits_, place(first_step_, step) + 1), place(first_sample_, sample));
  }
  /// Random bits for a feature, from those of its step and sample.
  static std::uint64_t of_feature(std::uint64_t row, Index feature) { return mixed(row, place(0, feature)); }
  /// Uniform in [0, 1), for a step, a sample and a feature.
  double uniform(Index step, Index sample, Index feature) const {
    return detail::unit_interval(of_feature(row(step, sample), feature));
  }
  /// The same for all steps.
  double uniform(Index sample, Index feature) const {
    return detail::unit_interval(mixed(mixed(mixed(bits_, 0), place(first_sample_, sample)), place(0, feature)));
  }

 private:
  // Unsigned, since a caller's first step and sample may be anything.
  static std::uint64_t place(Index first, Index i) {
    return static_cast<std::uint64_t>(first) + static_cast<std::uint64_t>(i);
  }
  static std::uint64_t mixed(std::uint64_t bits, std::uint64_t place) {
    return detail::mix_bits(bits + 0x9e3779b97f4a7c15u * (place + 1));
  }

  std::uint64_t bits_;
  Index first_sample_, first_step_;
};

namespace detail {

/// The number of a layer in its network, 0 outside of one: each layer draws its own random numbers.
/// Assignment keeps it.
class LayerNumber {
 public:
  LayerNumber() = default;
  LayerNumber(const LayerNumber&) = default;
  LayerNumber& operator=(const LayerNumber&) noexcept { return *this; }
  ~LayerNumber() = default;

  void set(std::uint64_t number) noexcept { number_ = number; }
  std::uint64_t get() const noexcept { return number_; }

 private:
  std::uint64_t number_ = 0;
};

}  // namespace detail
}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
