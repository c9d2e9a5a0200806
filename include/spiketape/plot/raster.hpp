// Spike rasters: which neurons fired when.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of a raster. Empty texts are not drawn.
struct RasterOptions {
  std::string title = "";
  std::string x_label = "step";
  std::string y_label = "neuron";
  /// One colour for all neurons, or one for each; they repeat if there are more neurons.
  std::vector<std::string> colors = {std::string(palette[0])};
  /// The neuron that keeps its colour while the others turn pale; -1: none.
  Index highlight = -1;
};

/// Draws the spikes of one sample of a sequence (steps, batch, features), on arrays or on a tape: time in
/// steps to the right, the index of the neuron upwards, both from 0, and a dot for every value that is not
/// zero (a NaN is no spike). Dots shrink with the distance of the rows, but stay visible. Throws
/// std::invalid_argument for an empty sequence, a sample or a highlight out of range, an empty box, or no
/// colours.
template <typename Spikes>
void raster(Svg& svg, const Box& box, const Spikes& spikes, Index sample, const RasterOptions& options = {}) {
  const auto view = view_of(spikes);
  detail::check_panel("raster", box, view, sample, options.highlight, options.colors.size());

  const auto neurons = static_cast<double>(view.features);
  const detail::Axes axes{box, detail::time_range(view.steps), {-0.5, neurons - 0.5}};
  const double step_width = box.width / static_cast<double>(view.steps);
  const double row_height = box.height / neurons;
  // Numbers 11 pixels apart are readable, so a few neurons all get one.
  const double distances = row_height >= 11 ? neurons : detail::y_distances(box.height);
  const auto y_ticks = detail::nice_ticks(axes.y_range, distances, true);
  detail::draw_axes(svg, axes, y_ticks, false, options.title, options.x_label, options.y_label);

  const double diameter =
      std::clamp(std::min(0.7 * std::sqrt(step_width * row_height), 0.9 * step_width), 1.6, 7.0);
  std::vector<Point> centers;
  const auto collect = [&](Index neuron) {
    for (Index t = 0; t < view.steps; ++t) {
      const auto value = view.row(t, sample)[neuron];
      if (value != 0 && !detail::is_nan(value))
        centers.push_back({axes.x(static_cast<double>(t)), axes.y(static_cast<double>(neuron))});
    }
  };
  // One element for each run of neurons that share their colour; the highlighted neuron goes on top.
  for (Index first = 0; first < view.features;) {
    const auto color = detail::feature_color(options.colors, first, options.highlight);
    centers.clear();
    Index next = first;
    for (; next < view.features; ++next) {
      if (next == options.highlight) continue;
      if (detail::feature_color(options.colors, next, options.highlight) != color) break;
      collect(next);
    }
    svg.dots(centers, diameter, {.color = color});
    first = next;
  }
  if (options.highlight < 0) return;
  const auto color = detail::feature_color(options.colors, options.highlight, options.highlight);
  const double band = std::max(row_height, diameter + 2);
  svg.rectangle({box.x, axes.y(static_cast<double>(options.highlight)) - band / 2, box.width, band},
                {.color = color, .opacity = 0.12});
  centers.clear();
  collect(options.highlight);
  svg.dots(centers, diameter, {.color = color});
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
