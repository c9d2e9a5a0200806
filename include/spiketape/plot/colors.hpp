// The colours of pictures. A picture is light, and dark where the viewer asks for that
// (prefers-color-scheme): each colour of the library then turns into another one, and a colour of the user's
// own stays.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// Ten colours that colour-blind people can distinguish: any two are at least 0.12 apart in OKLab, in normal,
/// red-blind and green-blind sight (simulated after Machado, Oliveira, Fernandes: A physiologically-based
/// model for simulation of color vision deficiency, 2009).
inline constexpr std::array<std::string_view, 10> palette = {"#2f6fde", "#e8622c", "#3ba490", "#790d3f",
                                                             "#6bcee8", "#814f0c", "#9b90f6", "#3e19ae",
                                                             "#c6c44e", "#85568d"};

/// The colours of everything that is not data.
namespace colors {
inline constexpr std::string_view background = "#ffffff";  ///< Of the picture.
inline constexpr std::string_view panel = "#f7f8fa";  ///< Behind the data of a panel.
inline constexpr std::string_view grid = "#e6e9ee";   ///< Lines behind the data.
inline constexpr std::string_view axis = "#98a2b0";   ///< Axes and their marks.
inline constexpr std::string_view label = "#5b6675";  ///< Numbers and labels at the axes.
inline constexpr std::string_view ink = "#1d2733";    ///< Titles.
inline constexpr std::string_view pale = "#a3adba";   ///< Data beside highlighted data.
}  // namespace colors

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A colour and what it is where the viewer is dark.
struct DarkColor {
  std::string_view light, dark;
};

/// The dark palette has the same hues. Its colours are as far apart, and a contrast of at least 3.2 to the
/// panel.
inline constexpr std::array<std::string_view, 10> dark_palette = {"#5f97f6", "#f07f3c", "#86dba5", "#cf7b9d",
                                                                  "#b8fef6", "#a46038", "#9ec2fa", "#3260f8",
                                                                  "#f3f956", "#ba399b"};
inline constexpr std::array<DarkColor, 7> dark_colors = {{{plot::colors::background, "#12161c"},
                                                          {plot::colors::panel, "#1a2029"},
                                                          {plot::colors::grid, "#2d3542"},
                                                          {plot::colors::axis, "#6b7687"},
                                                          {plot::colors::label, "#a9b3c1"},
                                                          {plot::colors::ink, "#edf1f6"},
                                                          {plot::colors::pale, "#7a8597"}}};

/// The rules that make a picture dark. The pixels of images, which have a shape-rendering, keep their
/// brightness.
inline std::string dark_css() {
  std::string css = "@media(prefers-color-scheme:dark){";
  const auto add = [&](std::string_view light, std::string_view dark) {
    for (const std::string_view part :
         {std::string_view("[fill=\""), light, std::string_view("\"]:not([shape-rendering]){fill:"), dark,
          std::string_view("}[stroke=\""), light, std::string_view("\"]{stroke:"), dark,
          std::string_view("}")})
      css += part;
  };
  for (const DarkColor& color : dark_colors) add(color.light, color.dark);
  for (std::size_t i = 0; i < dark_palette.size(); ++i) add(plot::palette[i], dark_palette[i]);
  return css + "}";
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
