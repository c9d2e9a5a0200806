// Predicted classes and accuracy.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/labels.hpp>
#include <spiketape/core/numbers.hpp>

#include <span>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The index of the largest of number(0), …, number(count − 1): the first of equal ones; a NaN never wins against
/// a number.
template <typename Number>
Index index_of_largest(Index count, Number&& number) {
  double largest = 0;
  Index index = 0;
  for (Index i = 0; i < count; ++i) {
    const double x = number(i);
    if (i == 0 || x > largest || (is_nan(largest) && !is_nan(x))) {
      largest = x;
      index = i;
    }
  }
  return index;
}

}  // namespace detail

/// The class of each sample by rate code: the output neuron with the largest sum over all steps (the first of
/// equal ones; a NaN never wins against a number). `outputs` is a step or a sequence, on arrays or on a tape,
/// of (steps, batch, classes): spikes, or membranes to read the classes from these. Not differentiated.
/// Allocates. Throws std::invalid_argument if there are no classes, and for samples without steps.
template <typename Outputs>
[[nodiscard]] std::vector<int> predict(const Outputs& outputs) {
  const auto view = view_of(outputs);
  if (view.features == 0 || (view.steps == 0 && view.batch > 0))
    detail::fail_argument("spiketape::predict: input has shape ", view.shape(), ", expected at least one ",
                          view.features == 0 ? "class" : "step",
                          detail::why_empty(view.batch, view.features));
  const FlushDenormals flush;
  std::vector<int> classes;
  classes.resize(static_cast<std::size_t>(view.batch));
  for (Index b = 0; b < view.batch; ++b)
    classes[static_cast<std::size_t>(b)] = static_cast<int>(detail::index_of_largest(view.features, [&](Index i) {
      double sum = 0;
      for (Index t = 0; t < view.steps; ++t) sum += static_cast<double>(view.row(t, b)[i]);
      return sum;
    }));
  return classes;
}

/// The fraction of samples whose predicted class is the target, in [0, 1]. Not differentiated. Allocates.
/// Throws std::invalid_argument for an empty batch, no classes, a wrong number of targets or a target that is
/// no class.
template <typename Outputs>
[[nodiscard]] double accuracy(const Outputs& outputs, std::span<const int> targets) {
  const auto view = view_of(outputs);
  if (view.batch == 0)
    detail::fail_argument("spiketape::accuracy: input has shape ", view.shape(),
                          ", expected at least one sample", detail::why_empty(view.batch, view.features));
  if (static_cast<Index>(targets.size()) != view.batch)
    detail::fail_argument("spiketape::accuracy: targets has ", targets.size(),
                          " labels, input has a batch of ", view.batch);
  detail::check_targets("accuracy", targets, view.features);
  const std::vector<int> classes = predict(outputs);
  std::size_t right = 0;
  for (std::size_t b = 0; b < targets.size(); ++b) right += classes[b] == targets[b] ? 1u : 0u;
  return static_cast<double>(right) / static_cast<double>(targets.size());
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
