// Confusion matrices: what the samples of each class are taken for.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/error.hpp>
#include <spiketape/plot/axes.hpp>
#include <spiketape/plot/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A count, or a part with two decimals.
inline std::string count_text(const double& count) {
  const double whole = std::round(count);
  return count == whole ? scaled_text(std::llround(whole), 0) : scaled_text(std::llround(100 * count), -2);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// The options of a confusion matrix. Empty texts are not drawn.
struct ConfusionOptions {
  std::string title = "";              ///< Above the panel.
  std::string x_label = "predicted";   ///< Below the x axis.
  std::string y_label = "true class";  ///< Beside the y axis.
  /// The names of the classes; none: their numbers, from 0.
  std::vector<std::string> names = {};
};

/// Draws a confusion matrix, counts or parts of (true class, predicted class): a row for each true class from
/// the top, a cell the more opaque the larger its part of its row, what is right in one colour and what is
/// wrong in another, with its count where there is room. Cells are square; the matrix fills the left upper
/// part of the box. Throws std::invalid_argument unless the matrix is square, has at least one class and no
/// negative count or one of 1e15, for other than no names or one for each class, and for an empty box.
template <typename Derived>
void confusion(Svg& svg, const Box& box, const Eigen::DenseBase<Derived>& counts,
               const ConfusionOptions& options = {}) {
  detail::check_box("confusion", box);
  const Index classes = counts.rows();
  if (classes < 1 || counts.cols() != classes)
    detail::fail_argument("spiketape::plot::confusion: counts is ", counts.rows(), " x ", counts.cols(),
                          ", expected a square matrix of at least one class");
  if (!options.names.empty() && static_cast<Index>(options.names.size()) != classes)
    detail::fail_argument("spiketape::plot::confusion: names has ", options.names.size(), " names for ",
                          classes, " classes, expected none or one for each");
  const auto count = [&](Index row, Index col) {
    return static_cast<double>(counts.derived().coeff(row, col));
  };

  for (Index row = 0; row < classes; ++row)
    for (Index col = 0; col < classes; ++col)
      if (!(count(row, col) >= 0 && count(row, col) < 1e15))
        detail::fail_argument("spiketape::plot::confusion: count (", row, ", ", col, ") is ", count(row, col),
                              ", expected at least 0 and less than 1e15");

  const double cell = std::min(box.width, box.height) / static_cast<double>(classes);
  const Box square{box.x, box.y, cell * static_cast<double>(classes), cell * static_cast<double>(classes)};
  const auto place = [&](double begin, Index i) { return begin + cell * static_cast<double>(i); };
  const auto name = [&](Index i) {
    return options.names.empty() ? std::to_string(i) : options.names[static_cast<std::size_t>(i)];
  };
  svg.rectangle(square, {.color = colors::panel});
  const Index every = cell >= 11 ? 1 : static_cast<Index>(11 / cell) + 1;  // names need 11 pixels
  std::size_t longest = 0;
  for (Index row = 0; row < classes; ++row) {
    double all = 0;
    for (Index col = 0; col < classes; ++col) all += count(row, col);
    for (Index col = 0; col < classes && all > 0; ++col) {
      if (count(row, col) == 0) continue;
      const double part = count(row, col) / all;
      const Box at{place(square.x, col) + 0.5, place(square.y, row) + 0.5, cell - 1, cell - 1};
      // The root shows rare mistakes, too.
      svg.rectangle(at, {.color = palette[row == col ? 0 : 1], .opacity = 0.12 + 0.88 * std::sqrt(part)}, 2);
      if (cell >= 18)
        svg.text(
            {at.x + at.width / 2, at.y + at.height / 2 + 3.5}, detail::count_text(count(row, col)),
            {.size = 10, .color = part > 0.3 ? colors::background : colors::ink, .anchor = Anchor::Middle});
    }
    if (row % every != 0) continue;
    longest = std::max(longest, name(row).size());
    const double middle = place(0, row) + cell / 2;
    svg.text({square.x - 7, square.y + middle + 3.5}, name(row),
             {.size = 10, .color = colors::label, .anchor = Anchor::End});
    svg.text({square.x + middle, square.bottom() + 14}, name(row),
             {.size = 10, .color = colors::label, .anchor = Anchor::Middle});
  }
  svg.text({square.x, square.y - 8}, options.title, {.size = 12.5, .weight = 600});
  svg.text({square.x + square.width / 2, square.bottom() + 31}, options.x_label,
           {.color = colors::label, .anchor = Anchor::Middle});
  const double room = std::max(42.0, 16 + 6.4 * static_cast<double>(longest));
  svg.text({square.x - room, square.y + square.height / 2}, options.y_label,
           {.color = colors::label, .anchor = Anchor::Middle, .upwards = true});
}

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
