// The picture of 02_train_digits: the network's response to some digits, a column for each.
#pragma once

#include <spiketape/plot/image.hpp>
#include <spiketape/plot/raster.hpp>
#include <spiketape/plot/trace.hpp>
#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// The path of the picture. Creates the folder if there is none, and throws if it is not writable. Call it
/// before the training, which would be lost otherwise.
inline std::string picture_path(const std::string& folder) {
  namespace fs = std::filesystem;
  const std::string path = (fs::path(folder) / "digits.svg").string();
  std::error_code error;
  fs::create_directories(folder, error);
  const std::string probe = path + ".tmp";  // not the picture itself, to keep an older one
  errno = 0;
  if (!std::ofstream(probe)) {
    const std::string reason = error ? error.message() : std::generic_category().message(errno);
    throw std::runtime_error("cannot write to the folder '" + folder + "': " + reason);
  }
  fs::remove(probe, error);
  if (fs::is_directory(path, error)) throw std::runtime_error("cannot write '" + path + "': it is a folder");
  return path;
}

/// The responses of the two layers of neurons: (steps, digits, neurons).
struct Activity {
  spiketape::Sequence<float> hidden_spk, spk, mem;
};

/// Runs the network layer by layer, because a call of the network does not return the hidden spikes.
template <typename Network>
Activity watch(const Network& net, const spiketape::Sequence<float>& input) {
  auto hidden = net.template layer<1>()(net.template layer<0>()(input));
  auto output = net.template layer<3>()(net.template layer<2>()(hidden.spk));
  return {std::move(hidden.spk), std::move(output.spk), std::move(output.mem)};
}

/// Draws an image and, beside it, the network's prediction. `input` is its row of brightnesses in [0, 1].
inline void draw_digit(spiketape::plot::Svg& svg, const spiketape::plot::Box& box,
                       const spiketape::Images& images, const spiketape::Row<float>& input, int label,
                       int answer, int hidden_spikes) {
  namespace plot = spiketape::plot;
  plot::image(svg, {box.x, box.y, box.height, box.height}, input, images.height, images.width, {.ink = true});
  const double x = box.x + box.height + 14;
  const bool right = answer == label;
  svg.text({x, box.y + 20}, "a " + std::to_string(label), {.size = 16, .weight = 600});
  svg.text({x, box.y + 42}, (right ? "read as " : "misread as ") + std::to_string(answer),
           {.color = right ? plot::colors::label : plot::palette[1], .weight = right ? 400 : 600});
  svg.text({x, box.y + 60}, std::to_string(hidden_spikes) + " hidden spikes", {.color = plot::colors::label});
}

/// Draws the first five images, a column for each: the image, the spikes of the hidden and of the output
/// neurons, and the membranes of the output neurons. The true class is coloured, the others are pale.
template <typename Network>
void draw_digits(const std::string& path, const Network& net, const spiketape::Images& images,
                 spiketape::Index steps) {
  namespace st = spiketape;
  namespace plot = st::plot;
  st::Batches<float> batches(images, 5, st::Random(0));
  const auto batch = *batches.in_order().begin();
  const Activity activity = watch(net, st::Sequence<float>::repeat(batch.input, steps));
  const std::vector<int> answers = st::predict(activity.spk);

  // A hundred hidden neurons are distinguishable; a thousand would be a grey area.
  st::SequenceView<const float> some_hidden = activity.hidden_spk;
  some_hidden.features = std::min<st::Index>(some_hidden.features, 100);
  const std::string hidden_label = "hidden neuron (" + std::to_string(some_hidden.features) + " of " +
                                   std::to_string(activity.hidden_spk.features()) + ")";
  const plot::Range mem_range{activity.mem.array().minCoeff(), activity.mem.array().maxCoeff()};
  const double threshold = net.template layer<3>().threshold().array()(0, 0);
  const std::vector<std::string> colors(plot::palette.begin(), plot::palette.end());

  const double left = 66, width = 190, distance = width + 36;
  plot::Svg svg(left + distance * double(batch.size()), 700);
  for (st::Index i = 0; i < batch.size(); ++i) {
    const double x = left + distance * double(i);
    const int label = batch.labels[std::size_t(i)];
    float hidden_spikes = 0;
    for (st::Index t = 0; t < steps; ++t) hidden_spikes += activity.hidden_spk.step(t).row(i).sum();
    const auto in_first = [i](const std::string& text) { return i == 0 ? text : ""; };

    draw_digit(svg, {x, 20, width, 76}, images, batch.input.row(i), label, answers[std::size_t(i)],
               int(hidden_spikes));
    plot::raster(svg, {x, 120, width, 210}, some_hidden, i,
                 {.x_label = "", .y_label = in_first(hidden_label)});
    plot::raster(svg, {x, 362, width, 120}, activity.spk, i,
                 {.x_label = "", .y_label = in_first("output neuron"), .colors = colors, .highlight = label});
    plot::trace(svg, {x, 514, width, 120}, activity.mem, i,
                {.y_label = in_first("output membrane"),
                 .threshold = threshold,
                 .y_range = mem_range,
                 .colors = colors,
                 .highlight = label});
  }
  svg.text({left, 686}, "In colour: the neuron of the true class. Dashed: the threshold.",
           {.color = plot::colors::label});
  svg.save(path);
}
