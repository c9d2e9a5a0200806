// What a layer's forward and backward get besides their input.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/random_key.hpp>

#include <cstddef>
#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// Memory that forward has saved for backward: a list, the last one first, in a tape's memory.
struct Saved {
  const void* memory;
  const Saved* previous;
};

/// A state of a layer in one call: its value before and after the call and, in backward, their adjoints.
template <Real Scalar>
struct LayerState {
  SequenceView<const Scalar> entering;
  SequenceView<Scalar> leaving;
  SequenceView<const Scalar> leaving_adjoint;
  Adjoint<Scalar> entering_adjoint;
};

template <typename L>
struct LayerOp;

}  // namespace detail

template <typename Derived, Real Scalar>
class Layer;

/// The context of one call of a layer's forward or backward, valid during that call; see Layer.
template <Real Scalar>
class Context {
 public:
  /// Whether the call trains or evaluates. On a tape, Tape::set_training decides; on arrays it evaluates.
  bool training() const noexcept { return training_; }
  /// The number of threads that the call may use. The result must not depend on it.
  int threads() const noexcept { return tape_ == nullptr ? 1 : tape_->threads(); }
  /// The source of random numbers; see RandomKey and Tape::key. On arrays seed, round, first sample and first
  /// step are 0.
  [[nodiscard]] const RandomKey& key() const noexcept { return key_; }

  /// Memory for `count` values until the call ends, not initialised, aligned to cache lines. On a tape it is
  /// reused only after the tape's reset, and on arrays with a State only at the state's next call.
  template <typename T>
  T* scratch(Index count) {
    return memory_->template allocate<T>(count);
  }
  /// The arena of scratch memory: the tape's, or one of the call.
  Arena& memory() noexcept { return *memory_; }
  /// In forward: memory for `count` values that backward will read, not initialised. T must be trivially
  /// destructible, since no destructors run.
  template <typename T>
  [[nodiscard]] T* save(Index count) {
    T* memory = memory_->template allocate<T>(count);
    auto* link = memory_->template allocate<detail::Saved>(1);
    saved_ = new (link) detail::Saved{memory, saved_};
    ++saves_;
    return memory;
  }
  /// In backward: forward's k-th save, counted from 0. Throws std::invalid_argument if there is none.
  template <typename T>
  [[nodiscard]] const T* saved(std::size_t k = 0) const {
    if (k >= saves_)
      detail::fail_argument("spiketape::Context::saved: k is ", k, ", forward has saved ", saves_, " times");
    const detail::Saved* link = saved_;
    for (std::size_t i = saves_ - 1; i > k; --i) link = link->previous;
    return static_cast<const T*>(link->memory);
  }

  /// The input as bits if it consists of spikes stored as bits, else nullptr. Only for a layer with
  /// `takes_bits`; its input may then have no data.
  const detail::BitRows<Scalar>* bits() const noexcept { return bits_; }

  /// In forward of a layer with `gives_bits`: where to write the result as bits, row after row in whole
  /// lines; nullptr if it is written as numbers.
  detail::LineBits* result_bits() const noexcept { return result_bits_; }

  /// In backward: the sum of a parameter's gradient, (1, rows, cols), to add to; zero unless something was
  /// added before. Empty if the parameter is not learned.
  [[nodiscard]] SequenceView<Scalar> gradient(const Parameter<Scalar>& parameter) {
    if (tape_ == nullptr || !parameter.learned()) return {};
    return {tape_->gradients().sum_of(parameter.ptr()).open(),
            {1, parameter.rows(), parameter.cols()},
            parameter.stride()};
  }

  /// The k-th state before the call, with the shape of state_shape; without data it is zero. k < `carried` is
  /// not checked, here and below.
  SequenceView<const Scalar> entering(std::size_t k = 0) const { return states_[k].entering; }
  /// In forward: memory for the k-th state after the call; it does not overlap that before.
  SequenceView<Scalar> leaving(std::size_t k = 0) const { return states_[k].leaving; }
  /// In backward: the adjoint of the k-th state after the call; without data it is zero.
  SequenceView<const Scalar> leaving_adjoint(std::size_t k = 0) const { return states_[k].leaving_adjoint; }
  /// In backward: the adjoint of the k-th state before the call; must be added to unless it is empty.
  Adjoint<Scalar> entering_adjoint(std::size_t k = 0) const { return states_[k].entering_adjoint; }

  /// The tape of the call, or nullptr on arrays.
  Tape<Scalar>* tape() const noexcept { return tape_; }

 private:
  template <typename, Real>
  friend class Layer;
  template <typename>
  friend struct detail::LayerOp;

  Context(Tape<Scalar>* tape, Arena& memory, const RandomKey& key)
      : tape_(tape), memory_(&memory), training_(tape != nullptr && tape->training()), key_(key) {}

  Tape<Scalar>* tape_;
  Arena* memory_;
  bool training_;
  RandomKey key_;
  const detail::BitRows<Scalar>* bits_ = nullptr;
  detail::LineBits* result_bits_ = nullptr;
  const detail::Saved* saved_ = nullptr;
  std::size_t saves_ = 0;
  detail::LayerState<Scalar>* states_ = nullptr;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
