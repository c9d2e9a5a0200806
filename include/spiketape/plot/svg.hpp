// A small writer of SVG pictures, and the common look of all pictures. Lengths are in pixels, x to the right,
// y downwards from the top left corner.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/file.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/utf8.hpp>
#include <spiketape/plot/colors.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI::plot {

/// A position in a picture, in pixels.
struct Point {
  double x = 0;  ///< From the left edge to the right,
  double y = 0;  ///< from the upper edge down.
};

/// A rectangle in a picture, in pixels; (x, y) is its top left corner. The box of a panel is the area of the
/// data; title, numbers and labels lie outside (plot/axes.hpp says how much space they need).
struct Box {
  double x = 0;       ///< The left edge.
  double y = 0;       ///< The upper edge.
  double width = 0;   ///< To the right.
  double height = 0;  ///< Down.

  /// The x of the right edge and the y of the lower one.
  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

/// The fill of an area. A colour is any CSS colour: "#2f6fde", "black".
struct Fill {
  std::string_view color = colors::ink;  ///< Any CSS colour.
  double opacity = 1;                    ///< From 0, invisible, to 1.
};

/// The style of a line.
struct Stroke {
  std::string_view color = colors::ink;  ///< Any CSS colour.
  double width = 1;                      ///< In pixels.
  bool dashed = false;                   ///< In dashes rather than in one piece.
};

/// The part of a text that lies at its point.
enum class Anchor { Start, Middle, End };

/// The style of a text.
struct TextStyle {
  double size = 11;                      ///< Font size, in pixels.
  std::string_view color = colors::ink;  ///< Any CSS colour.
  Anchor anchor = Anchor::Start;         ///< What of the text lies at its point.
  int weight = 400;                      ///< 400 is normal, 600 is bold.
  bool upwards = false;                  ///< Rotated by 90°, reading upwards.
};

/// A picture of a fixed size. Later elements cover earlier ones. Elements with a NaN or infinite coordinate
/// are not drawn, so a picture is always well-formed. Drawing allocates.
class Svg {
 public:
  /// An empty picture. Throws std::invalid_argument unless width and height are finite and positive.
  Svg(double width, double height) : width_(width), height_(height) {
    if (!(detail::is_finite(width) && detail::is_finite(height) && width > 0 && height > 0))
      detail::fail_argument("spiketape::plot::Svg: size is ", width, " x ", height,
                            ", expected finite and positive");
    rectangle({0, 0, width, height}, {.color = colors::background});
  }

  /// The size, in pixels.
  double width() const { return width_; }
  double height() const { return height_; }

  /// A filled rectangle, its corners rounded by `corner` pixels. A negative size draws nothing.
  void rectangle(const Box& box, const Fill& fill, double corner = 0) {
    if (!drawable(box)) return;
    add("<rect", " x=\"", box.x, "\" y=\"", box.y, "\" width=\"", box.width, "\" height=\"", box.height);
    if (corner > 0) add("\" rx=\"", corner);
    add('"');
    add_fill(fill);
    add("/>\n");
  }

  /// Many rectangles of one colour as one element, without seams between those that touch.
  void rectangles(std::span<const Box> boxes, const Fill& fill) {
    if (none_drawable(boxes)) return;
    add("<path shape-rendering=\"crispEdges\"");
    add_fill(fill);
    add(" d=\"");
    for (const Box& box : boxes)
      // Both edges are absolute, so rounding cannot separate rectangles that touch.
      if (drawable(box)) add('M', box.x, ' ', box.y, 'H', box.right(), 'V', box.bottom(), 'H', box.x, 'Z');
    add("\"/>\n");
  }

  /// A straight line.
  void line(const Point& from, const Point& to, const Stroke& stroke) {
    if (!drawable(from) || !drawable(to)) return;
    add("<path fill=\"none\"");
    add_stroke(stroke);
    add(" d=\"M", from.x, ' ', from.y, 'L', to.x, ' ', to.y, "\"/>\n");
  }

  /// A line through all points, as one element. A NaN or infinite point leaves a gap; a point between two
  /// gaps is a dot.
  void polyline(std::span<const Point> points, const Stroke& stroke) {
    if (none_drawable(points)) return;
    add("<path fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"");
    add_stroke(stroke);
    add(" d=\"");
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!drawable(points[i])) continue;
      const bool begins = i == 0 || !drawable(points[i - 1]);
      const bool ends = i + 1 == points.size() || !drawable(points[i + 1]);
      add(begins ? 'M' : 'L', points[i].x, ' ', points[i].y);
      if (begins && ends) add(dot);
    }
    add("\"/>\n");
  }

  /// Many dots of one colour and one diameter, as one element.
  void dots(std::span<const Point> centers, double diameter, const Fill& fill) {
    if (none_drawable(centers)) return;
    add("<path fill=\"none\" stroke-linecap=\"round\"");
    add_stroke({.color = fill.color, .width = diameter});
    if (fill.opacity < 1) add(" opacity=\"", fill.opacity, '"');
    add(" d=\"");
    for (const Point& center : centers)
      if (drawable(center)) add('M', center.x, ' ', center.y, dot);
    add("\"/>\n");
  }

  /// A text, in UTF-8, on one line; other bytes show as U+FFFD. The point lies on its baseline.
  void text(const Point& at, std::string_view text, const TextStyle& style) {
    if (!drawable(at) || text.empty()) return;
    add("<text x=\"", at.x, "\" y=\"", at.y, "\" font-size=\"", style.size, '"');
    if (style.anchor != Anchor::Start)
      add(" text-anchor=\"", style.anchor == Anchor::Middle ? "middle" : "end", '"');
    if (style.weight != 400) add(" font-weight=\"", style.weight, '"');
    if (style.upwards) add(" transform=\"rotate(-90 ", at.x, ' ', at.y, ")\"");
    add_fill({.color = style.color});
    add('>');
    add_escaped(text);
    add("</text>\n");
  }

  /// The picture as the text of an SVG file.
  [[nodiscard]] std::string str() const {
    Svg file(*this);
    file.body_.clear();
    file.add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width_, "\" height=\"", height_,
             "\" viewBox=\"0 0 ", width_, ' ', height_,
             "\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, "
             "'DejaVu Sans', sans-serif\">\n<style>", detail::dark_css());
    file.add_escaped(css_);
    file.body_ += "</style>\n" + body_;
    for (int open = groups_; open > 0; --open) file.add("</g>\n");
    return file.body_ + "</svg>\n";
  }

  /// Elements up to end_group, or else the end of the picture, have these CSS properties together, such as an
  /// animation that `css` defines.
  void begin_group(std::string_view properties) {
    add("<g style=\"");
    add_escaped(properties);
    add("\">\n");
    ++groups_;
  }
  /// Throws std::invalid_argument if there is none to end.
  void end_group() {
    if (groups_ == 0)
      detail::fail_argument("spiketape::plot::Svg::end_group: no group is open, expected begin_group before");
    add("</g>\n");
    --groups_;
  }
  /// Adds rules to the picture's style sheet.
  void css(std::string_view rules) { css_ += rules; }

  /// Writes the picture to a file, completely or not at all. Throws std::runtime_error, with the path and the
  /// system's reason, if that fails.
  void save(const std::string& path) const { write_file(path, str()); }

 private:
  /// A line so short that its round ends make it a dot. Some viewers do not draw a length of 0.
  static constexpr std::string_view dot = "h.01";

  static bool drawable(const Point& point) {
    return detail::is_finite(point.x) && detail::is_finite(point.y);
  }
  static bool drawable(const Box& box) {
    return drawable(Point{box.x, box.y}) && drawable(Point{box.width, box.height}) && box.width >= 0 &&
           box.height >= 0;
  }
  template <typename Shape>
  static bool none_drawable(std::span<const Shape> shapes) {
    return std::none_of(shapes.begin(), shapes.end(), [](const Shape& shape) { return drawable(shape); });
  }

  void add_one(std::string_view part) { body_ += part; }
  void add_one(char part) { body_ += part; }
  void add_one(int part) { body_ += std::to_string(part); }
  /// At most two decimals, with a point in every locale, and never "nan" or "inf".
  void add_one(const double& given) {
    const double number = detail::is_finite(given) ? given : 0;
    const long long hundredths = std::llround(std::clamp(number, -1e9, 1e9) * 100);
    if (hundredths < 0) body_ += '-';
    const long long size = hundredths < 0 ? -hundredths : hundredths;
    body_ += std::to_string(size / 100);
    if (size % 100 == 0) return;
    body_ += '.';
    body_ += static_cast<char>('0' + size / 10 % 10);
    if (size % 10 != 0) body_ += static_cast<char>('0' + size % 10);
  }
  template <typename... Parts>
  void add(const Parts&... parts) {
    (add_one(parts), ...);
  }

  void add_fill(const Fill& fill) {
    add(" fill=\"");
    add_escaped(fill.color);
    add('"');
    if (fill.opacity < 1) add(" fill-opacity=\"", fill.opacity, '"');
  }

  void add_stroke(const Stroke& stroke) {
    add(" stroke=\"");
    add_escaped(stroke.color);
    add("\" stroke-width=\"", stroke.width, '"');
    if (stroke.dashed) add(" stroke-dasharray=\"4 3\"");
  }

  /// Text for XML, which is UTF-8 here. Bytes that are none, and characters that XML does not allow, become
  /// U+FFFD, the sign for that.
  void add_escaped(std::string_view text) {
    while (!text.empty()) {
      const std::size_t size = detail::utf8_size(text);
      const std::string_view character = text.substr(0, size);
      const char c = text.front();
      if (size == 0 || character == "\uFFFE" || character == "\uFFFF") {
        add("\uFFFD");
      } else if (c == '<') {
        add("&lt;");
      } else if (c == '>') {
        add("&gt;");
      } else if (c == '&') {
        add("&amp;");
      } else if (c == '"') {
        add("&quot;");
      } else if (static_cast<unsigned char>(c) < 0x20) {
        add(' ');  // XML allows no control characters, not even escaped; a line end would be shown as a space
      } else {
        add(character);
      }
      text.remove_prefix(std::max<std::size_t>(size, 1));
    }
  }

  double width_;
  double height_;
  std::string body_;
  std::string css_;
  int groups_ = 0;  // open
};

}  // namespace spiketape::inline SPIKETAPE_ABI::plot

#include <spiketape/core/pop_macros.hpp>
