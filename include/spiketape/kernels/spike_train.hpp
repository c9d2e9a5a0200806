// The spikes of a sequence as bits, outside of a tape. A neuron in a network passes them to the next layer.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/kernels/bit_rows.hpp>

#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Owns the bits. The value of a spike belongs to the neuron that fired, which must outlive this object, or
/// is kept here.
template <Real Scalar>
class SpikeTrain {
 public:
  /// Starts without spikes; the caller has checked the shape. `value` is one number that all neurons share,
  /// or one for each.
  SpikeTrain(const Shape& shape, const Scalar* value, bool shared)
      : shape_(shape),
        bits_(static_cast<std::size_t>(shape.steps * shape.batch * lines())),
        value_(value),
        shared_(shared) {}

  /// One that was moved from is empty: (0, 0, 0).
  SpikeTrain(SpikeTrain&& other) noexcept
      : shape_(std::exchange(other.shape_, {})),
        bits_(std::move(other.bits_)),
        value_(other.value_),
        values_(std::move(other.values_)),
        shared_(other.shared_) {}
  SpikeTrain& operator=(SpikeTrain&& other) noexcept {
    shape_ = std::exchange(other.shape_, {});
    bits_ = std::move(other.bits_);
    value_ = other.value_;
    values_ = std::move(other.values_);
    shared_ = other.shared_;
    return *this;
  }
  SpikeTrain(const SpikeTrain&) = default;
  SpikeTrain& operator=(const SpikeTrain&) = default;
  ~SpikeTrain() = default;

  /// Keeps the values of all neurons, in whole lines.
  void keep_values() {
    values_.assign(value_, value_ + lines() * line<Scalar>);
    value_ = nullptr;
  }

  const Shape& shape() const noexcept { return shape_; }
  LineBits* bits() noexcept { return bits_.data(); }
  BitRows<Scalar> rows() const noexcept {
    return {bits_.data(), lines(), value_ == nullptr ? values_.data() : value_, shared_};
  }

 private:
  Index lines() const noexcept { return whole_lines<Scalar>(shape_.features) / line<Scalar>; }

  Shape shape_;
  std::vector<LineBits> bits_;
  const Scalar* value_;
  AlignedVector<Scalar> values_;
  bool shared_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
