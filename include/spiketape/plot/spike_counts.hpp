// Spike counts over time, of neurons, classes or whole layers, as curves.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/curves.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of spike_counts.
struct CountOptions {
  /// Groups of as many neighbours each, a curve for each: 1 for the layer, the number of classes for a
  /// population code; 0: each neuron by itself.
  Index groups = 0;
  bool cumulative = false;  ///< The spikes up to each step.
  /// The names of the curves; none: their numbers, from 0, or no name for one curve.
  std::vector<std::string> names = {};
};

/// The spikes of each step as curves, of one sample of a sequence (steps, batch, features), on arrays or on a
/// tape, or the mean of all samples (sample = -1). What is not 0 is a spike, a NaN is none.
///
///     plot::curves(svg, box, plot::spike_counts(out.spk, 0, {.cumulative = true}),
///                  {.title = "votes", .x_label = "step", .y_label = "spikes", .first = 0});
///
/// Several layers in one panel are the curves of each, behind each other. Throws std::invalid_argument for an
/// empty sequence, a sample that is not there, groups that do not divide the features, and for other than no
/// names or one for each curve. Allocates the result.
template <typename Spikes>
[[nodiscard]] std::vector<Curve> spike_counts(const Spikes& spikes, Index sample,
                                              const CountOptions& options = {}) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::plot::spike_counts: ", parts...);
  };
  const auto view = view_of(spikes);
  if (view.empty() || view.steps < 1 || view.batch < 1 || view.features < 1)
    fail("input has shape ", view.shape(), ", expected at least (1, 1, 1)");
  if (sample < -1 || sample >= view.batch)
    fail("sample is ", sample, ", input has a batch of ", view.batch,
         ", expected one of them, or -1 for their mean");
  const Index groups = options.groups == 0 ? view.features : options.groups;
  if (groups < 1 || view.features % groups != 0)
    fail("groups is ", options.groups, ", expected a divisor of ", view.features, " features, or 0");
  const auto count = static_cast<std::size_t>(groups);
  if (!options.names.empty() && options.names.size() != count)
    fail("names has ", options.names.size(), " names for ", groups, " curves, expected none or one for each");

  std::vector<Curve> lines(count);
  for (std::size_t k = 0; k < count; ++k) {
    lines[k].name = !options.names.empty() ? options.names[k] : count > 1 ? std::to_string(k) : "";
    lines[k].values.assign(static_cast<std::size_t>(view.steps), 0.0);
  }
  const Index first = sample < 0 ? 0 : sample, end = sample < 0 ? view.batch : sample + 1,
              size = view.features / groups;
  for (Index t = 0; t < view.steps; ++t) {
    const auto step = static_cast<std::size_t>(t);
    for (Index b = first; b < end; ++b)
      for (Index i = 0; i < view.features; ++i) {
        const auto value = view.row(t, b)[i];
        if (value != 0 && !detail::is_nan(value)) lines[static_cast<std::size_t>(i / size)].values[step] += 1;
      }
    for (Curve& line : lines) {
      line.values[step] /= static_cast<double>(end - first);
      if (options.cumulative && step > 0) line.values[step] += line.values[step - 1];
    }
  }
  return lines;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
