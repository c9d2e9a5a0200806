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
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of a raster. Empty texts are not drawn.
struct RasterOptions {
  std::string title = "";          ///< Above the panel.
  std::string x_label = "step";    ///< Below the x axis.
  std::string y_label = "neuron";  ///< Beside the y axis.
  /// One colour for all neurons, or one for each; they repeat if there are more neurons.
  std::vector<std::string> colors = {std::string(palette[0])};
  /// The neuron that keeps its colour while the others turn pale; -1: none.
  Index highlight = -1;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A raster in the making: the panel, then the spikes of some steps at a time.
template <typename Scalar>
class Raster {
 public:
  /// Checks the arguments and draws the panel.
  Raster(const char* function, plot::Svg& svg, const plot::Box& box, const SequenceView<const Scalar>& spikes,
         Index sample, const plot::RasterOptions& options)
      : svg_(svg), box_(box), spikes_(spikes), sample_(sample), options_(options) {
    check_panel(function, box, spikes, sample, options.highlight, options.colors.size());
    const auto neurons = static_cast<double>(spikes.features);
    axes_ = {box, time_range(spikes.steps), {-0.5, neurons - 0.5}};
    const double step_width = box.width / static_cast<double>(spikes.steps);
    row_height_ = box.height / neurons;
    // Numbers 11 pixels apart are readable, so a few neurons all get one.
    const double distances = row_height_ >= 11 ? neurons : y_distances(box.height);
    const auto y_ticks = nice_ticks(axes_.y_range, distances, true);
    draw_axes(svg, axes_, y_ticks, false, options.title, options.x_label, options.y_label);
    diameter_ = std::clamp(std::min(0.7 * std::sqrt(step_width * row_height_), 0.9 * step_width), 1.6, 7.0);
  }

  /// The spikes of the steps begin, …, end − 1 of all neurons but the highlighted one.
  void draw(Index begin, Index end) {
    // One element for each run of neurons that share their colour.
    for (Index first = 0; first < spikes_.features;) {
      const auto color = feature_color(options_.colors, first, options_.highlight);
      centers_.clear();
      Index next = first;
      for (; next < spikes_.features; ++next) {
        if (next == options_.highlight) continue;
        if (feature_color(options_.colors, next, options_.highlight) != color) break;
        collect(next, begin, end);
      }
      svg_.dots(centers_, diameter_, {.color = color});
      first = next;
    }
  }
  /// The band behind the highlighted neuron, if there is one, and its spikes.
  void draw_band() {
    if (options_.highlight < 0) return;
    const double band = std::max(row_height_, diameter_ + 2);
    svg_.rectangle({box_.x, axes_.y(static_cast<double>(options_.highlight)) - band / 2, box_.width, band},
                   {.color = highlight_color(), .opacity = 0.12});
  }
  void draw_highlighted(Index begin, Index end) {
    if (options_.highlight < 0) return;
    centers_.clear();
    collect(options_.highlight, begin, end);
    svg_.dots(centers_, diameter_, {.color = highlight_color()});
  }
  /// Whether any neuron spikes in a step.
  bool spikes_in(Index step) {
    centers_.clear();
    for (Index neuron = 0; neuron < spikes_.features; ++neuron) collect(neuron, step, step + 1);
    return !centers_.empty();
  }
  const Axes& axes() const { return axes_; }

 private:
  void collect(Index neuron, Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      const auto value = spikes_.row(t, sample_)[neuron];
      if (value != 0 && !is_nan(value))
        centers_.push_back({axes_.x(static_cast<double>(t)), axes_.y(static_cast<double>(neuron))});
    }
  }
  std::string_view highlight_color() const {
    return feature_color(options_.colors, options_.highlight, options_.highlight);
  }

  plot::Svg& svg_;
  const plot::Box& box_;
  const SequenceView<const Scalar>& spikes_;
  Index sample_;
  const plot::RasterOptions& options_;
  Axes axes_{};
  double row_height_ = 0, diameter_ = 0;
  std::vector<plot::Point> centers_;
};
template <typename Scalar>
Raster(const char*, plot::Svg&, const plot::Box&, const SequenceView<const Scalar>&, Index,
       const plot::RasterOptions&) -> Raster<Scalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// Draws the spikes of one sample of a sequence (steps, batch, features), on arrays or on a tape: time in
/// steps to the right, the index of the neuron upwards, both from 0, and a dot for every value that is not
/// zero (a NaN is no spike). Dots shrink with the distance of the rows, but stay visible. Throws
/// std::invalid_argument for an empty sequence, a sample or a highlight out of range, an empty box, or no
/// colours.
template <typename Spikes>
void raster(Svg& svg, const Box& box, const Spikes& spikes, Index sample, const RasterOptions& options = {}) {
  const auto view = view_of(spikes);
  detail::Raster panel("raster", svg, box, view, sample, options);
  panel.draw(0, view.steps);
  panel.draw_band();
  panel.draw_highlighted(0, view.steps);  // on top of the others
}

/// The same as a film: a line runs over the panel in `seconds`, again and again, and each spike lights up
/// when the line reaches it and fades behind it. It plays in browsers (CSS animations); elsewhere, on paper,
/// and for who asks for less motion it is a raster. Panels of one picture run together if they have the same
/// steps and seconds. Also throws std::invalid_argument unless seconds is 0.01 to 1e6.
template <typename Spikes>
void animated_raster(Svg& svg, const Box& box, const Spikes& spikes, Index sample,
                     const RasterOptions& options = {}, double seconds = 4) {
  if (!(seconds >= 0.01 && seconds <= 1e6))
    detail::fail_argument("spiketape::plot::animated_raster: seconds is ", seconds, ", expected 0.01 to 1e6");
  const auto view = view_of(spikes);
  detail::Raster panel("animated_raster", svg, box, view, sample, options);
  const auto decimal = [](double number) { return detail::scaled_text(std::llround(number * 1000), -3); };
  const std::string duration = decimal(seconds) + "s linear infinite ";
  panel.draw_band();
  for (Index t = 0; t < view.steps; ++t) {
    if (!panel.spikes_in(t)) continue;
    // A delay below zero: at the time 0 it is as if the film had run before.
    const double part = (static_cast<double>(t) + 0.5) / static_cast<double>(view.steps);
    svg.begin_group("animation:spike " + duration + decimal(seconds * (part - 1)) + "s");
    panel.draw(t, t + 1);
    panel.draw_highlighted(t, t + 1);
    svg.end_group();
  }
  const std::string sweep = "sweep" + std::to_string(std::llround(box.width * 100));
  svg.begin_group("animation:" + sweep + ' ' + duration);
  svg.line({box.x, box.y}, {box.x, box.bottom()}, {.color = colors::label, .width = 1.5});
  svg.end_group();
  svg.css("@keyframes spike{0%{opacity:1}40%,99.9%{opacity:.18}to{opacity:1}}@keyframes " + sweep +
          "{to{transform:translateX(" + decimal(box.width) +
          "px)}}@media(prefers-reduced-motion:reduce){g{animation:none!important}}");
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
