// The sums of the gradients of parameters.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/parallel.hpp>
#include <spiketape/core/parameter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The gradient of one parameter.
template <Real Scalar>
struct GradientSum {
  std::weak_ptr<detail::ParameterData<Scalar>> parameter;  ///< What the gradient is by.
  /// Laid out like the parameter's memory; sums over rows (steps and samples) are in Scalar. For numbers
  /// that neurons share it is one row with a sum for each neuron, reduced when the gradient is read. So the
  /// order of summation is the same for a sequence, for a loop of steps and for any number of threads.
  detail::AlignedVector<Scalar> values;
  Index features = 0;    ///< The number of neurons that share the parameter, else its columns.
  Index numbers = 1;     ///< If shared: the numbers of the parameter, each for equally many neurons in a row.
  bool shared = false;   ///< Whether neurons share the numbers of the parameter: all one, or a channel's one.
  bool written = false;  ///< Whether it holds a gradient.

  /// The sums, for adding; set to zero at the first write of a round.
  Scalar* open() {
    if (!written) std::fill(values.begin(), values.end(), Scalar(0));
    written = true;
    return values.data();
  }
};

/// Maps parameters to their gradients. Tapes add to it during backward; an optimizer reads and clears it.
/// Without a clear in between, gradients of several batches add up. Use one for each thread. Allocates when
/// it meets a parameter, or more neurons that share one, for the first time; it then drops the sums of
/// parameters that are gone.
template <Real Scalar>
class GradientSums {
 public:
  GradientSums() = default;
  GradientSums(const GradientSums&) = delete;
  GradientSums& operator=(const GradientSums&) = delete;

  /// The sum for a parameter, laid out like it.
  SPIKETAPE_NOINLINE GradientSum<Scalar>& sum_of(const ParameterPtr<Scalar>& parameter) {
    GradientSum<Scalar>& sum = find_or_add(parameter);
    if (sum.values.empty()) {
      sum.values.resize(parameter->values.size());
      sum.features = parameter->cols;
    }
    return sum;
  }

  /// The sum for numbers that `features` neurons share, all neurons one or as many neurons each.
  SPIKETAPE_NOINLINE GradientSum<Scalar>& shared_sum_of(const ParameterPtr<Scalar>& parameter,
                                                        Index features) {
    GradientSum<Scalar>& sum = find_or_add(parameter);
    const auto count = static_cast<std::size_t>(detail::padded<Scalar>(features));
    if (sum.values.size() < count) sum.values.resize(count);  // the added sums begin at zero
    sum.shared = true;
    sum.numbers = parameter->cols;
    sum.features = std::max(sum.features, features);
    return sum;
  }

  /// Whether a backward pass has reached the parameter since the last clear.
  [[nodiscard]] bool has(const ParameterPtr<Scalar>& parameter) const {
    const GradientSum<Scalar>* sum = find(parameter);
    return sum != nullptr && sum->written;
  }
  [[nodiscard]] bool has(const Parameter<Scalar>& parameter) const { return has(parameter.ptr()); }

  /// The gradient of a parameter, (rows, cols) like it; zero if no backward pass has reached it. Allocates.
  /// Throws std::invalid_argument for a parameter that was moved from.
  [[nodiscard]] Array<Scalar> gradient(const ParameterPtr<Scalar>& parameter) const {
    if (parameter == nullptr)
      detail::fail_argument("spiketape::GradientSums::gradient: the parameter has been moved from");
    const GradientSum<Scalar>* sum = find(parameter);
    if (sum == nullptr || !sum->written) return Array<Scalar>::Zero(parameter->rows, parameter->cols);
    if (sum->shared) {
      Array<Scalar> gradient(1, sum->numbers);
      for (Index k = 0; k < sum->numbers; ++k) gradient(0, k) = reduced(*sum, k);
      return gradient;
    }
    return ArrayMap<const Scalar>(sum->values.data(), parameter->rows, parameter->cols,
                                  Eigen::OuterStride<>(parameter->stride));
  }
  [[nodiscard]] Array<Scalar> gradient(const Parameter<Scalar>& parameter) const {
    return gradient(parameter.ptr());
  }

  /// The sum over the neurons that share number k, in double and rounded once, so wide layers lose nothing.
  static Scalar reduced(const GradientSum<Scalar>& sum, Index k = 0) {
    const FlushDenormals flush;
    return sum_over_neurons(sum, k);
  }

  /// The sum of a parameter, or nullptr: for optimizers.
  [[nodiscard]] const GradientSum<Scalar>* find(const ParameterPtr<Scalar>& parameter) const {
    return find_of(parameter);
  }
  /// For optimizers: the gradient of a parameter that has one, laid out like its memory. Those that neurons
  /// share are reduced in place, so nothing but clear may follow.
  [[nodiscard]] const Scalar* take(const ParameterPtr<Scalar>& parameter) {
    GradientSum<Scalar>& sum = find_or_add(parameter);
    for (Index k = 0; sum.shared && k < sum.numbers; ++k)  // the sums of the next numbers lie behind
      sum.values[static_cast<std::size_t>(k)] = reduced(sum, k);
    return sum.values.data();
  }

  /// Calls f(sum) for the GradientSum of each parameter that has a gradient, in the order in which they first
  /// got one: for what changes gradients before a step, such as clipping.
  template <typename F>
  void for_each_gradient(F&& f) {
    for (auto& sum : sums_)
      if (sum.written && !sum.parameter.expired()) f(sum);
  }

  /// Adds the gradients of `other`, parameter by parameter.
  void add(const GradientSums& other) { add_all(std::array{&other}, 1); }
  /// Adds those of several, a range of pointers, in their order; this joins the shards of a batch. Split over
  /// threads; the result does not depend on their number, to the bit.
  template <typename Others>
  void add_all(const Others& others, int threads) {
    const FlushDenormals flush;
    joined_.clear();
    for (const GradientSums* other : others)
      for (const auto& theirs : other->sums_)
        if (const auto parameter = theirs.parameter.lock(); parameter != nullptr && theirs.written) {
          GradientSum<Scalar>& ours =
              theirs.shared ? shared_sum_of(parameter, theirs.features) : sum_of(parameter);
          ours.open();
          if (std::find(joined_.begin(), joined_.end(), &ours) == joined_.end()) joined_.push_back(&ours);
        }
    const auto joined = [&](Index k) -> GradientSum<Scalar>& {
      return *joined_[static_cast<std::size_t>(k)];
    };
    const auto count_of = [](const GradientSum<Scalar>& sum) {
      return static_cast<Index>(sum.values.size());
    };
    detail::parallel_arrays(
        threads, static_cast<Index>(joined_.size()), [&](Index k) { return count_of(joined(k)); },
        [&](Index k, Index first, Index last) {
          GradientSum<Scalar>& sum = joined(k);
          constexpr Index some = 1 << 12;  // stay in the nearest cache until all have been added
          for (Index begin = first; begin < last; begin += some)
            for (const GradientSums* other : others) {
              const GradientSum<Scalar>* theirs = other->find_of(sum.parameter);
              if (theirs == nullptr || !theirs->written) continue;
              const Index end = std::min({begin + some, last, count_of(*theirs)});
              if (begin < end)
                Eigen::Map<Eigen::ArrayX<Scalar>>(sum.values.data() + begin, end - begin) +=
                    Eigen::Map<const Eigen::ArrayX<Scalar>>(theirs->values.data() + begin, end - begin);
            }
        });
  }

  /// Bytes held for sums.
  std::size_t capacity() const noexcept {
    std::size_t bytes = 0;
    for (const auto& sum : sums_) bytes += sum.values.size() * sizeof(Scalar);
    return bytes;
  }

  /// Drops all gradients and keeps the memory.
  void clear() {
    for (auto& sum : sums_) sum.written = false;
  }
  /// Drops the gradient of one parameter.
  void clear(const ParameterPtr<Scalar>& parameter) {
    for (auto& sum : sums_)
      if (is_of(sum, parameter)) sum.written = false;
  }

 private:
  /// `parameter` is a shared or a weak pointer.
  template <typename Pointer>
  static bool is_of(const GradientSum<Scalar>& sum, const Pointer& parameter) {
    return !sum.parameter.owner_before(parameter) && !parameter.owner_before(sum.parameter);
  }
  template <typename Pointer>
  const GradientSum<Scalar>* find_of(const Pointer& parameter) const {
    for (const auto& sum : sums_)
      if (is_of(sum, parameter)) return &sum;
    return nullptr;
  }

  /// Not inlined: its arithmetic must not leave the scope of FlushDenormals with its result.
  SPIKETAPE_NOINLINE static Scalar sum_over_neurons(const GradientSum<Scalar>& sum, Index k) {
    const Index places = sum.features / sum.numbers;
    double total = 0;
    for (Index i = k * places; i < (k + 1) * places; ++i)
      total += static_cast<double>(sum.values[static_cast<std::size_t>(i)]);
    return static_cast<Scalar>(total);
  }

  SPIKETAPE_NOINLINE GradientSum<Scalar>& find_or_add(const ParameterPtr<Scalar>& parameter) {
    for (auto& sum : sums_)
      if (is_of(sum, parameter)) return sum;
    // A tape keeps the parameters that its records add to, so no pointer to one of these sums is in use.
    std::erase_if(sums_, [](const auto& sum) { return sum.parameter.expired(); });
    sums_.emplace_back();
    sums_.back().parameter = parameter;
    return sums_.back();
  }

  // A network has few parameters, so a linear search is faster than a map. The sums do not move, since
  // pointers to them are kept elsewhere.
  std::list<GradientSum<Scalar>> sums_;
  std::vector<GradientSum<Scalar>*> joined_;  // by add_all, which keeps the memory
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
