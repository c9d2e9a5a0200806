#include <spiketape/core/random.hpp>
#include <spiketape/plot/confusion.hpp>
#include <spiketape/plot/curves.hpp>
#include <spiketape/plot/image.hpp>
#include <spiketape/plot/raster.hpp>
#include <spiketape/plot/svg.hpp>
#include <spiketape/plot/trace.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "svg.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace plot_test {

namespace st = spiketape;
namespace plot = st::plot;
using namespace svg_text;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const plot::Box box{60, 40, 200, 100};

/// What was drawn, checked to be well-formed.
template <typename Draw>
std::string drawn(Draw&& draw) {
  plot::Svg svg(300, 200);
  draw(svg);
  const std::string text = svg.str();
  CHECK(xml_mistake(text) == "");
  return text;
}

const std::string nothing = plot::Svg(300, 200).str();

/// Dots in a picture or in an element.
std::size_t dots_in(std::string_view text) { return count(text, "h.01"); }

std::string color(std::size_t number) { return std::string(plot::palette[number]); }

/// Some spikes, (steps, batch, features), of sizes other than 1.
st::Sequence<float> some_spikes(st::Index steps, st::Index batch, st::Index features) {
  st::Sequence<float> spikes(steps, batch, features);
  st::Random random(5);
  for (float& value : spikes.array().reshaped()) value = random.uniform() < 0.3 ? 0.5f : 0.0f;
  return spikes;
}

std::size_t spikes_of(const st::Sequence<float>& spikes, st::Index sample, st::Index neuron) {
  std::size_t sum = 0;
  for (st::Index t = 0; t < spikes.steps(); ++t) sum += spikes(t, sample, neuron) != 0 ? 1 : 0;
  return sum;
}

std::size_t spikes_of(const st::Sequence<float>& spikes, st::Index sample) {
  std::size_t sum = 0;
  for (st::Index i = 0; i < spikes.features(); ++i) sum += spikes_of(spikes, sample, i);
  return sum;
}

template <typename Draw>
std::string mistake(Draw&& draw) {
  plot::Svg svg(300, 200);
  const std::string text = error_text<std::invalid_argument>([&] { draw(svg); });
  CHECK(svg.str() == nothing);  // checked before anything is drawn
  return text;
}

}  // namespace

TEST_CASE("The walk through a picture finds mistakes") {
  CHECK(xml_mistake("<a x=\"1\"><b/>&lt;</a>\n") == "");
  for (const char* wrong :
       {"<a>", "<a></b>", "</a>", "<a x=\"1/>", "<a>a & b</a>", "<a x=\"&\"/>", "<a>></a>", "<a x=\"nan\"/>"})
    CHECK(xml_mistake(wrong) != "");
}

TEST_CASE("A picture holds what was drawn") {
  const std::string text = drawn([](plot::Svg& svg) {
    CHECK(svg.width() == 300);
    CHECK(svg.height() == 200);
    svg.rectangle({1, 2, 3, 4}, {.color = "red", .opacity = 0.5}, 2);
    svg.rectangles(std::vector<plot::Box>{{0, 0, 10, 5}, {10, 0, 5, 5}}, {.color = "#010203"});
    svg.line({0, 1}, {2, 3}, {.color = "blue", .width = 2, .dashed = true});
    svg.polyline(std::vector<plot::Point>{{0, 0}, {1, 2}, {3, 4}}, {});
    svg.dots(std::vector<plot::Point>{{5, 6}, {7, 8}}, 3, {.color = "green"});
    svg.text({1, 2}, "word", {.size = 9, .anchor = plot::Anchor::End, .weight = 600, .upwards = true});
  });
  CHECK(text.substr(0, 4) == "<svg");
  CHECK(contains(text, "width=\"300\" height=\"200\" viewBox=\"0 0 300 200\""));
  CHECK(contains(text, "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" rx=\"2\" fill=\"red\""));
  CHECK(contains(text, "d=\"M0 0H10V5H0ZM10 0H15V5H10Z\""));
  CHECK(contains(text, "stroke=\"blue\" stroke-width=\"2\" stroke-dasharray=\"4 3\" d=\"M0 1L2 3\""));
  CHECK(contains(text, "d=\"M0 0L1 2L3 4\""));
  CHECK(contains(text, "d=\"M5 6h.01M7 8h.01\""));
  CHECK(contains(text, "text-anchor=\"end\" font-weight=\"600\" transform=\"rotate(-90 1 2)\""));
  CHECK(contains(text, ">word</text>"));
}

TEST_CASE("Numbers have at most two decimals") {
  const auto path = [](double x, double y) {
    return drawn([=](plot::Svg& svg) { svg.line({x, y}, {0, 0}, {}); });
  };
  CHECK(contains(path(1.0 / 3, 2.0 / 3), "M0.33 0.67L"));
  CHECK(contains(path(-0.004, 0.5), "M0 0.5L"));
  CHECK(contains(path(-12.05, -0.25), "M-12.05 -0.25L"));
  CHECK(contains(path(1e300, -1e300), "M1000000000 -1000000000L"));
}

TEST_CASE("Texts and colours are escaped") {
  const std::string text = drawn([](plot::Svg& svg) {
    svg.text({0, 0}, "a<b> & \"c\" \x01\n\xc2\xb5", {.color = "\"/><script>"});
    svg.line({0, 0}, {1, 1}, {.color = "<&>"});
  });
  CHECK(contains(text, ">a&lt;b&gt; &amp; &quot;c&quot;   \xc2\xb5</text>"));
  CHECK(contains(text, "fill=\"&quot;/&gt;&lt;script&gt;\""));
  CHECK(contains(text, "stroke=\"&lt;&amp;&gt;\""));
}

TEST_CASE("Texts that are not UTF-8 are shown as such") {
  const auto shown = [](std::string_view text) {
    plot::Svg svg(10, 10);
    svg.text({1, 1}, text, {});
    const std::string picture = svg.str();
    const std::size_t begin = picture.find('>', picture.find("<text")) + 1;
    return picture.substr(begin, picture.find("</text>") - begin);
  };
  for (const std::string_view good : {"β", "→", "𝛽", "a\x7f", "\uD7FF", "\U0010FFFF"})
    CHECK(shown(good) == good);
  CHECK(shown("caf\xe9") == "caf\uFFFD");                // Latin-1
  CHECK(shown("\xc0\xaf\xff") == "\uFFFD\uFFFD\uFFFD");  // longer than needed
  CHECK(shown("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // half a pair of UTF-16
  CHECK(shown("\xf4\x90\x80\x80x") == "\uFFFD\uFFFD\uFFFD\uFFFDx");
  CHECK(shown("a\xe2\x86") == "a\uFFFD\uFFFD");          // cut off
  CHECK(shown("\xef\xbf\xbe") == "\uFFFD");  // not allowed in XML
}

TEST_CASE("What has no place is left out") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    const std::string text = drawn([bad](plot::Svg& svg) {
      svg.rectangle({bad, 0, 1, 1}, {});
      svg.rectangle({0, 0, 1, bad}, {});
      svg.rectangles(std::vector<plot::Box>{{0, bad, 1, 1}}, {});
      svg.line({0, 0}, {0, bad}, {});
      svg.line({bad, 0}, {0, 0}, {});
      svg.polyline(std::vector<plot::Point>{{0, bad}, {bad, 0}}, {});
      svg.dots(std::vector<plot::Point>{{bad, 1}}, 1, {});
      svg.text({bad, 0}, "x", {});
      svg.text({0, 0}, "", {});
    });
    CHECK(text == nothing);
    drawn([bad](plot::Svg& svg) {
      svg.line({0, 0}, {1, 1}, {.width = bad});
      svg.dots(std::vector<plot::Point>{{1, 1}}, bad, {});
      svg.rectangle({0, 0, 1, 1}, {.opacity = bad}, bad);
    });
  }
  CHECK(drawn([](plot::Svg& svg) { svg.rectangle({0, 0, -1, 1}, {}); }) == nothing);

  const std::vector<plot::Point> points{{0, 0}, {1, 1}, {2, not_a_number}, {3, 3}, {not_a_number, 4},
                                        {5, 5}, {6, 6}};
  CHECK(contains(drawn([&](plot::Svg& svg) { svg.polyline(points, {}); }), "d=\"M0 0L1 1M3 3h.01M5 5L6 6\""));
  CHECK(dots_in(drawn([&](plot::Svg& svg) { svg.dots(points, 1, {}); })) == 5);
}

TEST_CASE("A picture needs a size") {
  for (const double bad : {0.0, -1.0, not_a_number, infinity}) {
    CHECK_THROWS_AS(plot::Svg(bad, 1), std::invalid_argument);
    CHECK_THROWS_AS(plot::Svg(1, bad), std::invalid_argument);
  }
  CHECK(error_text<std::invalid_argument>([] { plot::Svg(300, 0); }) ==
        "spiketape::plot::Svg: size is 300 x 0, expected finite and positive");
}

TEST_CASE("A picture is saved") {
  const TemporaryFolder folder;
  plot::Svg svg(30, 20);
  svg.text({1, 2}, "word", {});
  svg.save(folder / "a.svg");
  std::ifstream file(folder / "a.svg", std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == svg.str());

  const std::string path = folder / "no such folder/a.svg";
  CHECK(contains(error_text<std::runtime_error>([&] { svg.save(path); }), path));
}

TEST_CASE("The ten colours are ten") {
  CHECK(std::set<std::string_view>(plot::palette.begin(), plot::palette.end()).size() == 10);
}

TEST_CASE("Numbers at an axis are 1, 2 or 5 times a power of ten apart") {
  const auto texts = [](double low, double high, double most, bool whole = false) {
    std::string all;
    for (const auto& tick : st::detail::nice_ticks({low, high}, most, whole)) all += tick.text + ' ';
    return all;
  };
  CHECK(texts(-0.5, 24.5, 5) == "0 5 10 15 20 ");
  CHECK(texts(-0.5, 24.5, 4) == "0 10 20 ");
  CHECK(texts(-0.31, 1.2, 4) == "0 0.5 1.0 ");
  CHECK(texts(-0.31, 0.31, 7) == "-0.3 -0.2 -0.1 0 0.1 0.2 0.3 ");
  CHECK(texts(0, 1, 5) == "0 0.2 0.4 0.6 0.8 1.0 ");
  CHECK(texts(0, 0.01, 2) == "0 0.005 0.010 ");
  CHECK(texts(-2e-7, 3e-7, 5) == "-2e-7 -1e-7 0 1e-7 2e-7 3e-7 ");
  CHECK(texts(0, 3e9, 3) == "0 1e9 2e9 3e9 ");
  CHECK(texts(0, 25000, 3) == "0 10000 20000 ");
  CHECK(texts(-0.5, 1.5, 50, true) == "0 1 ");
  CHECK(texts(-0.5, 0.5, 1, true) == "0 ");
  for (const auto& tick : st::detail::nice_ticks({-3.3, 7.7}, 9, false))
    CHECK(std::stod(tick.text) == Approx(tick.value));
}

TEST_CASE("A raster has a dot for each spike") {
  const auto spikes = some_spikes(25, 3, 40);
  for (st::Index sample = 0; sample < 3; ++sample) {
    const std::string text = drawn([&](plot::Svg& svg) { plot::raster(svg, box, spikes, sample); });
    CHECK(dots_in(text) == spikes_of(spikes, sample));
    CHECK(contains(text, ">step</text>"));
    CHECK(contains(text, ">neuron</text>"));
  }
}

TEST_CASE("A spike stands at its step and its neuron") {
  st::Sequence<double> spikes(10, 2, 5);
  spikes(3, 1, 4) = -2;  // the uppermost of five rows
  const std::string text = drawn([&](plot::Svg& svg) { plot::raster(svg, box, spikes, 1); });
  CHECK(dots_in(text) == 1);
  CHECK(contains(text, "d=\"M130 50h.01\""));  // 60 + 3.5 * 200 / 10, 40 + 0.5 * 100 / 5
}

TEST_CASE("A raster's colours: one, one for each neuron, one neuron highlighted") {
  const auto spikes = some_spikes(25, 1, 12);
  const auto dots_of = [](const std::string& text, const std::string& stroke) {
    std::size_t sum = 0;
    for (const auto& element : elements_with(text, "stroke=\"" + stroke + '"')) sum += dots_in(element);
    return sum;
  };
  const auto draw = [&](const plot::RasterOptions& options) {
    return drawn([&](plot::Svg& svg) { plot::raster(svg, box, spikes, 0, options); });
  };

  const std::string one = draw({.colors = {"red"}});
  CHECK(elements_with(one, "h.01").size() == 1);
  CHECK(dots_of(one, "red") == spikes_of(spikes, 0));

  const std::string two = draw({.colors = {"red", "blue"}});
  std::size_t red = 0;
  for (st::Index i = 0; i < 12; i += 2) red += spikes_of(spikes, 0, i);
  CHECK(dots_of(two, "red") == red);
  CHECK(dots_of(two, "blue") == spikes_of(spikes, 0) - red);

  for (const st::Index highlight : {0, 5, 11}) {
    const std::string text = draw({.colors = {"red"}, .highlight = highlight});
    CHECK(dots_of(text, "red") == spikes_of(spikes, 0, highlight));
    CHECK(dots_of(text, std::string(plot::colors::pale)) ==
          spikes_of(spikes, 0) - spikes_of(spikes, 0, highlight));
    REQUIRE(elements_with(text, "h.01").size() == 2);
    CHECK(contains(elements_with(text, "h.01")[1], "red"));  // on top
  }
}

TEST_CASE("A raster takes constant sequences, single steps and NaN") {
  const st::Array<float> step = some_spikes(1, 2, 30).array();
  const auto single = drawn([&](plot::Svg& svg) { plot::raster(svg, box, step, 1); });
  const auto repeated = drawn([&](plot::Svg& svg) {
    plot::raster(svg, box, st::Sequence<float>::repeat(step, 7), 1, {.title = "<7>"});
  });
  CHECK(dots_in(repeated) == 7 * dots_in(single));
  CHECK(contains(repeated, ">&lt;7&gt;</text>"));

  st::Sequence<float> spikes(4, 1, 3);
  spikes(1, 0, 1) = std::numeric_limits<float>::quiet_NaN();
  spikes(2, 0, 1) = 1;
  CHECK(dots_in(drawn([&](plot::Svg& svg) { plot::raster(svg, box, spikes, 0); })) == 1);
}

TEST_CASE("Many neurons keep visible dots") {
  const auto spikes = some_spikes(100, 1, 500);
  const std::string text = drawn([&](plot::Svg& svg) { plot::raster(svg, box, spikes, 0); });
  CHECK(dots_in(text) == spikes_of(spikes, 0));
  CHECK(contains(elements_with(text, "h.01").at(0), "stroke-width=\"1.6\""));
}

TEST_CASE("A trace is a line for each feature") {
  st::Sequence<float> mem(4, 2, 3);
  mem.array().setRandom();
  const std::string round = "stroke-linecap=\"round\"";
  const std::string text = drawn([&](plot::Svg& svg) { plot::trace(svg, box, mem, 1); });
  const auto lines = elements_with(text, round);
  REQUIRE(lines.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(contains(lines[i], color(i)));
    CHECK(count(lines[i], "L") == 3);
  }
  CHECK(!contains(text, "dasharray"));

  const auto highlighted = elements_with(
      drawn([&](plot::Svg& svg) { plot::trace(svg, box, mem, 1, {.threshold = 1, .highlight = 1}); }),
      "stroke=");
  CHECK(elements_with(highlighted.back(), "stroke=\"" + color(1) + "\" stroke-width=\"2.5\"").size() == 1);
  std::size_t pale = 0;
  std::size_t dashed = 0;
  for (const auto& line : highlighted) {
    pale += contains(line, plot::colors::pale) ? 1 : 0;
    dashed += contains(line, "dasharray") ? 1 : 0;
  }
  CHECK(pale == 2);
  CHECK(dashed == 1);
}

TEST_CASE("A trace fills its panel, and no value leaves it") {
  st::Sequence<double> mem(2, 1, 1);
  mem(0, 0, 0) = -1;
  mem(1, 0, 0) = 3;
  const auto line = [&](const plot::TraceOptions& options) {
    return elements_with(drawn([&](plot::Svg& svg) { plot::trace(svg, box, mem, 0, options); }), "round")
        .at(0);
  };
  // Margins of 0.24: a range of 4.48.
  CHECK(contains(line({}), "d=\"M110 134.64L210 45.36\""));
  // The same with a threshold or a range that is in view anyhow.
  CHECK(line({.threshold = 1, .y_range = plot::Range{0, 2}}) == line({}));
  // Up to 11: margins of 0.72, a range of 13.44.
  CHECK(contains(line({.threshold = 11}), "d=\"M110 134.64L210 104.88\""));
  CHECK(line({.y_range = plot::Range{-1, 11}}) == line({.threshold = 11}));
}

TEST_CASE("Traces of NaN, infinite, equal and extreme values") {
  st::Sequence<double> mem(5, 1, 1);
  const auto draw = [&](std::vector<double> values, const plot::TraceOptions& options = {}) {
    for (std::size_t t = 0; t < 5; ++t) mem(static_cast<st::Index>(t), 0, 0) = values[t];
    return drawn([&](plot::Svg& svg) { plot::trace(svg, box, mem, 0, options); });
  };
  const auto line = [](const std::string& text) { return elements_with(text, "round").at(0); };
  CHECK(count(line(draw({0, 1, not_a_number, 2, 3})), "M") == 2);
  CHECK(count(line(draw({0, infinity, 1, -infinity, 3})), "M") == 3);
  CHECK(elements_with(draw({not_a_number, not_a_number, infinity, not_a_number, not_a_number}), "round")
            .empty());
  for (const double value : {0.0, 1.0, -3e-9, 1e-310, 1e12, 1e299, -1e299})
    CHECK(count(line(draw({value, value, value, value, value})), "L") == 4);
  const double most = std::numeric_limits<double>::max();
  CHECK(count(line(draw({0, 1, most, 2, -most})), "M") == 2);
  CHECK(count(line(draw({-9e299, 9e299, 0, 1, 2})), "L") == 4);
  CHECK(!contains(draw({0, 1, 2, 3, 4}, {.threshold = not_a_number}), "dasharray"));
  CHECK(!contains(draw({0, 1, 2, 3, 4}, {.threshold = infinity}), "dasharray"));
  CHECK(draw({0, 1, 2, 3, 4}, {.y_range = plot::Range{-infinity, not_a_number}}) == draw({0, 1, 2, 3, 4}));
}

TEST_CASE("An image has its pixels, equal neighbours merged") {
  st::Row<float> brightness(6);
  brightness << 0, 0, 1, 2, 0.5f, -1;  // beyond 0 and 1: black and white
  const std::string text = drawn([&](plot::Svg& svg) {
    plot::image(svg, {0, 0, 30, 20}, brightness, 2, 3, {.title = "six"});
  });
  CHECK(contains(text, "fill=\"#000000\" d=\"M0 0H20V10H0ZM20 10H30V20H20Z\""));
  CHECK(contains(text, "fill=\"#ffffff\" d=\"M20 0H30V10H20ZM0 10H10V20H0Z\""));
  CHECK(contains(text, "fill=\"#808080\" d=\"M10 10H20V20H10Z\""));
  CHECK(contains(text, ">six</text>"));

  const std::string ink = drawn([&](plot::Svg& svg) {
    plot::image(svg, {0, 0, 30, 20}, brightness, 2, 3, {.ink = true});
  });
  CHECK(contains(ink, "fill=\"#ffffff\" d=\"M0 0H20V10H0ZM20 10H30V20H20Z\""));
  CHECK(contains(ink, "fill=\"#7f7f7f\" d=\"M10 10H20V20H10Z\""));
}

TEST_CASE("An image takes expressions, stands in the middle and leaves NaN out") {
  st::Array<double> images = st::Array<double>::Zero(3, 4);
  images(1, 2) = not_a_number;
  const std::string text = drawn([&](plot::Svg& svg) {
    plot::image(svg, {0, 0, 30, 10}, images.row(1).cast<float>() * 2, 2, 2);
  });
  CHECK(contains(text, "d=\"M10 0H20V5H10ZM15 5H20V10H15Z\""));
}

TEST_CASE("A picture is dark where that is asked for") {
  CHECK(contains(nothing, "@media(prefers-color-scheme:dark){"));
  for (const auto& color : plot::palette) {
    INFO(color);
    CHECK(contains(nothing, "[stroke=\"" + std::string(color) + "\"]{stroke:#"));
    CHECK(contains(nothing, "[fill=\"" + std::string(color) + "\"]:not([shape-rendering]){fill:#"));
  }
  CHECK(contains(nothing, "[fill=\"" + std::string(plot::colors::ink) + "\"]"));
  const std::string text = drawn([](plot::Svg& svg) {
    svg.css("a<b{}");
    svg.begin_group("animation:x 1s");
    svg.end_group();
  });
  CHECK(contains(text, "a&lt;b{}</style>"));
  CHECK(contains(text, "<g style=\"animation:x 1s\">\n</g>"));
}

TEST_CASE("An animated raster has the dots of a raster, a group for each step") {
  auto spikes = some_spikes(20, 2, 12);
  for (st::Index i = 0; i < 12; ++i) spikes(7, 1, i) = 0;
  const std::string text =
      drawn([&](plot::Svg& svg) { plot::animated_raster(svg, box, spikes, 1, {.highlight = 3}, 2); });
  CHECK(dots_in(text) == spikes_of(spikes, 1));
  CHECK(elements_with(text, "animation:spike 2.000s linear infinite -").size() == 19);  // none in step 7
  // Step 0 lights up when the line has gone half a step: 0.05 s after the beginning, 1.95 s before the end.
  CHECK(contains(text, "animation:spike 2.000s linear infinite -1.950s"));
  CHECK(elements_with(text, "animation:sweep20000 2.000s linear infinite").size() == 1);
  CHECK(contains(text, "@keyframes sweep20000{to{transform:translateX(200.000px)}}"));
  CHECK(contains(text, "prefers-reduced-motion"));
  CHECK(mistake([&](plot::Svg& svg) { plot::animated_raster(svg, box, spikes, 0, {}, 0); }) ==
        "spiketape::plot::animated_raster: seconds is 0, expected 0.01 to 1e6");
}

TEST_CASE("Curves have a line, dots and a legend each") {
  const auto draw = [](const std::vector<plot::Curve>& curves, const plot::CurveOptions& options = {}) {
    return drawn([&](plot::Svg& svg) { plot::curves(svg, box, curves, options); });
  };
  const std::string text = draw({{"training", {3, 2, 1}}, {"test <1>", {4, not_a_number, 2}}});
  const auto lines = elements_with(text, "stroke-linejoin");
  REQUIRE(lines.size() == 2);
  CHECK((contains(lines[1], color(0)) && count(lines[1], "L") == 2));
  CHECK((contains(lines[0], color(1)) && count(lines[0], "M") == 2));
  CHECK(dots_in(text) == 3 + 2 + 2);  // a point between gaps is a dot of its line, too
  CHECK(contains(text, ">training</text>"));
  CHECK(contains(text, ">test &lt;1&gt;</text>"));
  CHECK(contains(text, ">epoch</text>"));
  // Epochs 1 to 3 in 200 pixels, with half an epoch at both ends.
  CHECK(contains(lines[1], "d=\"M93.33 "));
  CHECK(contains(lines[1], "L160 "));
  CHECK(dots_in(draw({{"", std::vector<double>(100, 1.0)}})) == 0);
  draw({{"", {infinity}}});
  draw({{"", {}}, {"x", {1}}}, {.y_range = plot::Range{0, 1}});
  CHECK(mistake([](plot::Svg& svg) { plot::curves(svg, box, {{"x", {}}}); }) ==
        "spiketape::plot::curves: there are no values, expected at least one");
  CHECK(mistake([](plot::Svg& svg) { plot::curves(svg, box, {{"x", {1}}}, {.colors = {}}); }) ==
        "spiketape::plot::curves: colors is empty, expected at least one");
}

TEST_CASE("A confusion matrix has a cell for each count") {
  Eigen::ArrayXXi counts(3, 3);
  counts << 8, 2, 0, 0, 0, 0, 1, 0, 9;
  const std::string text = drawn([&](plot::Svg& svg) {
    plot::confusion(svg, {60, 40, 90, 200}, counts, {.title = "all", .names = {"a", "b", "<c>"}});
  });
  CHECK(elements_with(text, "<rect x=\"60.5\" y=\"40.5\" width=\"29\" height=\"29\" rx=\"2\" fill=\"" + color(0))
            .size() == 1);
  CHECK(elements_with(text, "fill=\"" + color(0)).size() == 2);  // right
  CHECK(elements_with(text, "fill=\"" + color(1)).size() == 2);  // wrong
  CHECK(contains(text, "fill-opacity=\"0.51\""));               // 0.12 + 0.88 √(2/10)
  CHECK(count(text, ">&lt;c&gt;</text>") == 2);
  for (const char* number : {">8<", ">2<", ">1<", ">9<"}) CHECK(count(text, number) == 1);
  CHECK(!contains(text, ">0<"));

  const auto refused = [&](const auto& matrix, const plot::ConfusionOptions& options = {}) {
    return mistake([&](plot::Svg& svg) { plot::confusion(svg, box, matrix, options); });
  };
  CHECK(refused(counts.topRows(2)) ==
        "spiketape::plot::confusion: counts is 2 x 3, expected a square matrix of at least one class");
  CHECK(refused(counts, {.names = {"a"}}) ==
        "spiketape::plot::confusion: names has 1 names for 3 classes, expected none or one for each");
  CHECK(refused(-counts) ==
        "spiketape::plot::confusion: count (0, 0) is -8, expected at least 0 and less than 1e15");
  const Eigen::ArrayXXd parts = (Eigen::ArrayXXd(2, 2) << 0.97, 0.03, 0.45, 0.55).finished();
  const std::string text_of_parts = drawn([&](plot::Svg& svg) { plot::confusion(svg, box, parts); });
  for (const char* part : {">0.97<", ">0.03<", ">0.45<", ">0.55<"}) CHECK(contains(text_of_parts, part));
  const Eigen::ArrayXXd endless = parts / 0;
  CHECK(refused(endless).find("is inf, expected") != std::string::npos);
}

TEST_CASE("Groups end, whoever forgets to end them, and no sooner than they begin") {
  plot::Svg svg(100, 100);
  CHECK(error_text<std::invalid_argument>([&] { svg.end_group(); }).find("no group is open") !=
        std::string::npos);
  svg.begin_group("opacity:0.5");
  CHECK(svg.str().ends_with("</g>\n</svg>\n"));
  svg.end_group();
  CHECK(svg.str().find("</g>\n</g>") == std::string::npos);
}

TEST_CASE("Curves begin at a number that can be told from the next") {
  for (const double bad : {std::numeric_limits<double>::infinity(), not_a_number, 1e13})
    CHECK(mistake([&](plot::Svg& svg) {
            plot::curves(svg, box, {{"a", {1, 2}}}, {.first = bad});
          }).starts_with("spiketape::plot::curves: first is "));
}

TEST_CASE("Panels say what is wrong") {
  const st::Sequence<float> sequence(4, 2, 3);
  const st::Row<float> row = st::Row<float>::Zero(6);
  using plot::Svg;

  CHECK(mistake([&](Svg& svg) { plot::raster(svg, box, sequence, 2); }) ==
        "spiketape::plot::raster: sample is 2, input has a batch of 2");
  CHECK(mistake([&](Svg& svg) { plot::trace(svg, box, sequence, -1); }) ==
        "spiketape::plot::trace: sample is -1, input has a batch of 2");
  CHECK(mistake([&](Svg& svg) { plot::trace(svg, box, sequence, 0, {.highlight = 3}); }) ==
        "spiketape::plot::trace: highlight is 3, expected one of 3 features, or -1 for none");
  CHECK(mistake([&](Svg& svg) { plot::raster(svg, box, sequence, 0, {.colors = {}}); }) ==
        "spiketape::plot::raster: colors is empty, expected at least one");
  CHECK(mistake([&](Svg& svg) { plot::image(svg, box, row, 2, 4); }) ==
        "spiketape::plot::image: brightness is 1 x 6, expected one row of 2 * 4 pixels");
  CHECK(mistake([&](Svg& svg) { plot::image(svg, box, row, 0, 6); }) ==
        "spiketape::plot::image: size is 0 x 6 pixels, expected at least 1 x 1");
  CHECK(mistake([&](Svg& svg) { plot::image(svg, box, row.reshaped(2, 3), 2, 3); }) ==
        "spiketape::plot::image: brightness is 2 x 3, expected one row of 2 * 3 pixels");

  for (const st::Shape& shape : {st::Shape{0, 2, 3}, st::Shape{4, 0, 3}, st::Shape{4, 2, 0}}) {
    const st::Sequence<float> empty(shape);
    CHECK(contains(mistake([&](Svg& svg) { plot::raster(svg, box, empty, 0); }), "input has shape ("));
    CHECK(contains(mistake([&](Svg& svg) { plot::trace(svg, box, empty, 0); }), "input has shape ("));
  }
  for (const plot::Box& bad :
       {plot::Box{0, 0, 0, 1}, plot::Box{0, 0, 1, -1}, plot::Box{0, 0, not_a_number, 1},
        plot::Box{0, 0, 1, infinity}, plot::Box{not_a_number, 0, 1, 1}, plot::Box{0, -infinity, 1, 1}}) {
    CHECK(contains(mistake([&](Svg& svg) { plot::raster(svg, bad, sequence, 0); }), "plot::raster: box is "));
    CHECK(contains(mistake([&](Svg& svg) { plot::trace(svg, bad, sequence, 0); }), "plot::trace: box is "));
    CHECK(contains(mistake([&](Svg& svg) { plot::image(svg, bad, row, 2, 3); }), "plot::image: box is "));
  }
}

}  // namespace plot_test
