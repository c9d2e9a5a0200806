// Traces: a line over time for each neuron, mainly for membranes.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of a panel of traces. Empty texts are not drawn.
struct TraceOptions {
  std::string title = "";            ///< Above the panel.
  std::string x_label = "step";      ///< Below the x axis.
  std::string y_label = "membrane";  ///< Beside the y axis.
  /// A dashed line across the panel, in the unit of the values.
  std::optional<double> threshold = {};
  /// A range that must be in view, too: gives several panels one scale.
  std::optional<Range> y_range = {};
  /// One colour for each feature; they repeat if there are more features.
  std::vector<std::string> colors = {palette.begin(), palette.end()};
  /// The feature whose line is bold while the others are thin and pale; -1: none.
  Index highlight = -1;
};

/// Draws the values of one sample of a sequence (steps, batch, features), on arrays or on a tape: time in
/// steps from 0 to the right, and one line for each feature; NaN and infinite values leave gaps. Throws
/// std::invalid_argument for an empty sequence, a sample or a highlight out of range, an empty box, or no
/// colours.
template <typename Values>
void trace(Svg& svg, const Box& box, const Values& values, Index sample, const TraceOptions& options = {}) {
  const auto view = view_of(values);
  detail::check_panel("trace", box, view, sample, options.highlight, options.colors.size());

  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  const auto include = [&range](double value) {
    if (!detail::has_place(value)) return;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  };
  for (Index t = 0; t < view.steps; ++t)
    for (Index i = 0; i < view.features; ++i) include(static_cast<double>(view.row(t, sample)[i]));
  if (options.threshold) include(*options.threshold);
  if (options.y_range) include(options.y_range->low), include(options.y_range->high);
  if (range.low > range.high) range = {0, 0};  // nothing to draw

  const detail::Axes axes{box, detail::time_range(view.steps), detail::with_margin(range)};
  detail::draw_axes(svg, axes, detail::nice_ticks(axes.y_range, detail::y_distances(box.height), false), true,
                    options.title, options.x_label, options.y_label);
  if (options.threshold && detail::has_place(*options.threshold)) {
    const double y = axes.y(*options.threshold);
    svg.line({box.x, y}, {box.right(), y}, {.color = colors::label, .dashed = true});
  }

  std::vector<Point> points(static_cast<std::size_t>(view.steps));
  const auto draw = [&](Index feature) {
    for (Index t = 0; t < view.steps; ++t) {
      const auto value = static_cast<double>(view.row(t, sample)[feature]);
      points[static_cast<std::size_t>(t)] = {
          axes.x(static_cast<double>(t)),
          detail::has_place(value) ? axes.y(value) : std::numeric_limits<double>::quiet_NaN()};
    }
    const double width = options.highlight < 0 ? 1.5 : feature == options.highlight ? 2.5 : 1;
    svg.polyline(
        points, {.color = detail::feature_color(options.colors, feature, options.highlight), .width = width});
  };
  for (Index i = 0; i < view.features; ++i)
    if (i != options.highlight) draw(i);
  if (options.highlight >= 0) draw(options.highlight);  // on top of the others
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
