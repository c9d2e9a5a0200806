// The common part of the panels: scales, the frame with its numbers and labels, and checks.
//
// A panel needs space around its box: 24 pixels above for the title, 18 below for the numbers (36 with an x
// label), and on the left 34 for numbers of four characters (54 with a y label).
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// A range of values, in the unit of the data.
struct Range {
  double low = 0;   ///< The least value,
  double high = 0;  ///< and the largest.
};

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A number on an axis.
struct Tick {
  double value;
  std::string text;
};

/// count * 10^exponent, exactly: 15 and -2 give 0.15.
inline std::string scaled_text(long long count, int exponent) {
  if (count == 0) return "0";
  std::string digits = std::to_string(count < 0 ? -count : count);
  if (exponent > 4 || exponent < -4) {
    digits += 'e' + std::to_string(exponent);
  } else if (exponent >= 0) {
    digits.append(static_cast<std::size_t>(exponent), '0');
  } else {
    const auto decimals = static_cast<std::size_t>(-exponent);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, 1, '.');
  }
  return count < 0 ? '-' + digits : digits;
}

/// Numbers in the range, at distances of 1, 2 or 5 times a power of ten: the smallest distance that fits at
/// most `most` times. With `whole`, only whole numbers.
inline std::vector<Tick> nice_ticks(const plot::Range& range, double most, bool whole) {
  const double least = (range.high - range.low) / std::max(most, 1.0);
  // Further from 0, numbers of this range cannot be told apart.
  if (!(least > 0 && std::max(std::abs(range.low), std::abs(range.high)) < 1e14 * least)) return {};
  int exponent = static_cast<int>(std::floor(std::log10(least)));
  int factor = 1;
  if (whole && least < 1) {
    exponent = 0;
  } else {
    const double leading = least / std::pow(10.0, exponent);
    // The tolerance keeps a rounding error from doubling the distance.
    factor = leading <= 1.0001 ? 1 : leading <= 2.0001 ? 2 : leading <= 5.0001 ? 5 : 10;
  }
  if (factor == 10) {
    factor = 1;
    ++exponent;
  }
  const double distance = factor * std::pow(10.0, exponent);
  std::vector<Tick> ticks;
  const auto last = static_cast<long long>(std::floor(range.high / distance));
  for (auto i = static_cast<long long>(std::ceil(range.low / distance)); i <= last; ++i)
    ticks.push_back({static_cast<double>(i) * distance, scaled_text(i * factor, exponent)});
  return ticks;
}

/// Whether a value can be drawn. NaN, infinities and numbers whose differences overflow cannot.
inline bool has_place(const double& value) { return is_finite(value) && std::abs(value) < 1e300; }

/// Extends a range at both ends by a margin that keeps lines off the frame and is never zero.
inline plot::Range with_margin(const plot::Range& range) {
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  double margin = std::max(0.06 * (range.high - range.low), 1e-3 * size);
  if (margin < 1e-300) margin = 0.5;
  return {range.low - margin, range.high + margin};
}

/// The positions of a panel's values in the picture: x in steps to the right, y upwards.
struct Axes {
  plot::Box box;
  plot::Range x_range;
  plot::Range y_range;

  double x(double value) const {
    return box.x + box.width * (value - x_range.low) / (x_range.high - x_range.low);
  }
  double y(double value) const {
    return box.bottom() - box.height * (value - y_range.low) / (y_range.high - y_range.low);
  }
};

/// The number of distances between numbers that fit on a y axis of that height: enough for two numbers,
/// unless it is very low.
inline double y_distances(double height) { return std::max(height / 30, std::min(5.0, height / 12)); }

/// The x range: every step has the same width with its values in the middle, so all panels of a sequence line
/// up.
inline plot::Range time_range(Index steps) { return {-0.5, static_cast<double>(steps) - 0.5}; }

/// Draws the panel without its data: background, numbers, labels and title. Call it before drawing the data.
inline void draw_axes(plot::Svg& svg, const Axes& axes, const std::vector<Tick>& y_ticks, bool y_grid,
                      std::string_view title, std::string_view x_label, std::string_view y_label) {
  using plot::Anchor;
  const plot::Box& box = axes.box;
  svg.rectangle(box, {.color = plot::colors::panel});
  for (const Tick& tick : nice_ticks(axes.x_range, box.width / 45, true)) {
    const double x = axes.x(tick.value);
    svg.line({x, box.bottom()}, {x, box.bottom() + 4}, {.color = plot::colors::axis});
    svg.text({x, box.bottom() + 15}, tick.text,
             {.size = 10, .color = plot::colors::label, .anchor = Anchor::Middle});
  }
  std::size_t longest = 0;
  for (const Tick& tick : y_ticks) {
    const double y = axes.y(tick.value);
    if (y_grid) svg.line({box.x, y}, {box.right(), y}, {.color = plot::colors::grid});
    svg.line({box.x - 4, y}, {box.x, y}, {.color = plot::colors::axis});
    svg.text({box.x - 7, y + 3.5}, tick.text,
             {.size = 10, .color = plot::colors::label, .anchor = Anchor::End});
    longest = std::max(longest, tick.text.size());
  }
  svg.line({box.x, box.y}, {box.x, box.bottom()}, {.color = plot::colors::axis});
  svg.line({box.x, box.bottom()}, {box.right(), box.bottom()}, {.color = plot::colors::axis});
  svg.text({box.x, box.y - 8}, title, {.size = 12.5, .weight = 600});
  svg.text({box.x + box.width / 2, box.bottom() + 31}, x_label,
           {.color = plot::colors::label, .anchor = Anchor::Middle});
  // The same for numbers of up to four characters, of some 6.4 pixels each, so that labels line up.
  const double room = std::max(42.0, 16 + 6.4 * static_cast<double>(longest));
  svg.text({box.x - room, box.y + box.height / 2}, y_label,
           {.color = plot::colors::label, .anchor = Anchor::Middle, .upwards = true});
}

/// Throws std::invalid_argument unless the box is finite and not empty.
inline void check_box(std::string_view function, const plot::Box& box) {
  const bool finite = is_finite(box.x) && is_finite(box.y) && is_finite(box.width) && is_finite(box.height);
  if (!finite || box.width <= 0 || box.height <= 0 || box.width > 1e6 || box.height > 1e6)
    fail_argument("spiketape::plot::", function, ": box is ", box.width, " x ", box.height, " at (", box.x,
                  ", ", box.y, "), expected a finite place and a size above 0, at most 1e6");
}

/// Throws std::invalid_argument unless there is a sample to draw, and a row to highlight (-1: none).
template <typename Scalar>
void check_panel(std::string_view function, const plot::Box& box, const SequenceView<const Scalar>& sequence,
                 Index sample, Index highlight, std::size_t colors) {
  const auto fail = [function](const auto&... parts) {
    fail_argument("spiketape::plot::", function, ": ", parts...);
  };
  check_box(function, box);
  if (sequence.empty() || sequence.steps < 1 || sequence.batch < 1 || sequence.features < 1)
    fail("input has shape ", sequence.shape(), ", expected at least (1, 1, 1)");
  if (sample < 0 || sample >= sequence.batch)
    fail("sample is ", sample, ", input has a batch of ", sequence.batch);
  if (highlight < -1 || highlight >= sequence.features)
    fail("highlight is ", highlight, ", expected one of ", sequence.features, " features, or -1 for none");
  if (colors == 0) fail("colors is empty, expected at least one");
}

/// The colour of a feature. The colours repeat; if one feature is highlighted, the others are pale.
inline std::string_view feature_color(const std::vector<std::string>& colors, Index feature,
                                      Index highlight) {
  if (highlight >= 0 && feature != highlight) return plot::colors::pale;
  return colors[static_cast<std::size_t>(feature) % colors.size()];
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
