// Curves of a training: losses and accuracies over the epochs.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// A line of a panel of curves: its name in the legend, and a value for each epoch.
struct Curve {
  std::string name;            ///< In the legend.
  std::vector<double> values;  ///< One for each epoch.
};

/// The options of a panel of curves. Empty texts are not drawn.
struct CurveOptions {
  std::string title = "";         ///< Above the panel.
  std::string x_label = "epoch";  ///< Below the x axis.
  std::string y_label = "loss";   ///< Beside the y axis.
  /// The number of the first value, on the x axis.
  double first = 1;
  /// A range that must be in view, too, such as {0, 1} for accuracies.
  std::optional<Range> y_range = {};
  /// One colour for each curve; they repeat if there are more.
  std::vector<std::string> colors = {palette.begin(), palette.end()};
};

/// Draws curves with a legend in the upper corner, epochs to the right; NaN and infinite values leave gaps. A
/// log of a Trainer, or one that read_csv_log has read, gives the values:
///
///     plot::curves(svg, box, {{"training", log.column(&st::EpochLog::loss)},
///                             {"test", log.column(&st::EpochLog::test_loss)}});
///
/// Throws std::invalid_argument without values, for an empty box, or without colours.
inline void curves(Svg& svg, const Box& box, const std::vector<Curve>& lines,
                   const CurveOptions& options = {}) {
  detail::check_box("curves", box);
  std::size_t count = 0;
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  const auto include = [&range](double value) {
    if (!detail::has_place(value)) return;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  };
  for (const Curve& curve : lines) {
    count = std::max(count, curve.values.size());
    for (const double value : curve.values) include(value);
  }
  if (options.y_range) {
    include(options.y_range->low);
    include(options.y_range->high);
  }
  if (range.low > range.high) range = {0, 0};  // nothing to draw
  if (count == 0)
    detail::fail_argument("spiketape::plot::curves: there are no values, expected at least one");
  if (!(std::abs(options.first) <= 1e12))
    detail::fail_argument("spiketape::plot::curves: first is ", options.first, ", expected -1e12 to 1e12");
  if (options.colors.empty())
    detail::fail_argument("spiketape::plot::curves: colors is empty, expected at least one");

  const double first = options.first, last = first + static_cast<double>(count) - 1;
  const double margin = std::max(0.5, 0.02 * (last - first));
  const detail::Axes axes{box, {first - margin, last + margin}, detail::with_margin(range)};
  detail::draw_axes(svg, axes, detail::nice_ticks(axes.y_range, detail::y_distances(box.height), false), true,
                    options.title, options.x_label, options.y_label);
  double right = box.right();
  for (std::size_t k = lines.size(); k-- > 0;) {  // the first on top of the others
    const std::string& color = options.colors[k % options.colors.size()];
    std::vector<Point> points;
    for (std::size_t i = 0; i < lines[k].values.size(); ++i) {
      const double value = lines[k].values[i];
      points.push_back({axes.x(first + static_cast<double>(i)),
                        detail::has_place(value) ? axes.y(value) : std::numeric_limits<double>::quiet_NaN()});
    }
    svg.polyline(points, {.color = color, .width = 2});
    if (points.size() <= 30) svg.dots(points, 5, {.color = color});
    if (lines[k].name.empty()) continue;
    svg.text({right, box.y - 8}, lines[k].name, {.color = colors::label, .anchor = Anchor::End});
    right -= 5.8 * static_cast<double>(lines[k].name.size()) + 6;
    svg.line({right - 14, box.y - 12}, {right, box.y - 12}, {.color = color, .width = 2});
    right -= 28;
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
