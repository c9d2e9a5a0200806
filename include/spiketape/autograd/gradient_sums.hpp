// The sums of the gradients of parameters.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/parallel.hpp>
#include <spiketape/core/parameter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace spiketape {

/// The gradient of one parameter.
template <Real Scalar>
struct GradientSum {
  ParameterPtr<Scalar> parameter;  ///< What the gradient is by.
  /// Laid out like the parameter's memory. For a number that many neurons share it is one row with a sum for
  /// each neuron, reduced when the gradient is read. So the order of summation is the same for a sequence,
  /// for a loop of steps and for any number of threads.
  detail::AlignedVector<Scalar> values;
  Index features = 0;    ///< The number of neurons that share the parameter, else its columns.
  bool shared = false;   ///< Whether the parameter is one number for `features` neurons.
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
/// it meets a parameter, or more neurons that share one, for the first time.
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

  /// The sum for one number that `features` neurons share.
  SPIKETAPE_NOINLINE GradientSum<Scalar>& shared_sum_of(const ParameterPtr<Scalar>& parameter,
                                                        Index features) {
    GradientSum<Scalar>& sum = find_or_add(parameter);
    const auto count = static_cast<std::size_t>(detail::padded<Scalar>(features));
    if (sum.values.size() < count) sum.values.resize(count);  // the added sums begin at zero
    sum.shared = true;
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
  [[nodiscard]] Array<Scalar> gradient(const ParameterPtr<Scalar>& parameter) const {
    const GradientSum<Scalar>* sum = find(parameter);
    if (sum == nullptr || !sum->written) return Array<Scalar>::Zero(parameter->rows, parameter->cols);
    if (sum->shared) return Array<Scalar>::Constant(1, 1, reduced(*sum));
    return ArrayMap<const Scalar>(sum->values.data(), parameter->rows, parameter->cols,
                                  Eigen::OuterStride<>(parameter->stride));
  }
  [[nodiscard]] Array<Scalar> gradient(const Parameter<Scalar>& parameter) const {
    return gradient(parameter.ptr());
  }

  /// The sum over the neurons that share one number, in double and rounded once, so wide layers lose nothing.
  static Scalar reduced(const GradientSum<Scalar>& sum) {
    double total = 0;
    for (Index i = 0; i < sum.features; ++i)
      total += static_cast<double>(sum.values[static_cast<std::size_t>(i)]);
    return static_cast<Scalar>(total);
  }

  /// The sum of a parameter, or nullptr: for optimizers.
  [[nodiscard]] const GradientSum<Scalar>* find(const ParameterPtr<Scalar>& parameter) const {
    for (const auto& sum : sums_)
      if (sum->parameter == parameter) return sum.get();
    return nullptr;
  }

  /// Adds the gradients of `other`, parameter by parameter.
  void add(const GradientSums& other) { add_all(std::array{&other}, 1); }
  /// Adds those of several, a range of pointers, in their order; this joins the shards of a batch. Split over
  /// threads; the result does not depend on their number, to the bit.
  template <typename Others>
  void add_all(const Others& others, int threads) {
    for (const GradientSums* other : others)
      for (const auto& theirs : other->sums_)
        if (theirs->written) place_for(*theirs).open();
    for (const auto& sum : sums_)
      detail::parallel_pieces(threads, static_cast<Index>(sum->values.size()), [&](Index begin, Index end) {
        for (const GradientSums* other : others) {
          const GradientSum<Scalar>* theirs = other->find(sum->parameter);
          if (theirs == nullptr || !theirs->written) continue;
          const Index count = std::min(end, static_cast<Index>(theirs->values.size())) - begin;
          if (count > 0)
            Eigen::Map<Eigen::ArrayX<Scalar>>(sum->values.data() + begin, count) +=
                Eigen::Map<const Eigen::ArrayX<Scalar>>(theirs->values.data() + begin, count);
        }
      });
  }

  /// Drops all gradients and keeps the memory.
  void clear() {
    for (auto& sum : sums_) sum->written = false;
  }
  /// Drops the gradient of one parameter.
  void clear(const ParameterPtr<Scalar>& parameter) {
    for (auto& sum : sums_)
      if (sum->parameter == parameter) sum->written = false;
  }

 private:
  GradientSum<Scalar>& place_for(const GradientSum<Scalar>& theirs) {
    return theirs.shared ? shared_sum_of(theirs.parameter, theirs.features) : sum_of(theirs.parameter);
  }

  SPIKETAPE_NOINLINE GradientSum<Scalar>& find_or_add(const ParameterPtr<Scalar>& parameter) {
    for (auto& sum : sums_)
      if (sum->parameter == parameter) return *sum;
    sums_.push_back(std::make_unique<GradientSum<Scalar>>());
    sums_.back()->parameter = parameter;
    return *sums_.back();
  }

  // A network has few parameters, so a linear search is faster than a map. The sums do not move, since
  // pointers to them are kept elsewhere.
  std::vector<std::unique_ptr<GradientSum<Scalar>>> sums_;
};

}  // namespace spiketape

#include <spiketape/core/pop_macros.hpp>
