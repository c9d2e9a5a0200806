// Readers, batches and pictures once, and main(), to be compiled with the warnings of flags.cmake.
#include <spiketape/core/file.hpp>
#include <spiketape/data/gestures.hpp>
#include <spiketape/data/nmnist.hpp>
#include <spiketape/data/spike_samples.hpp>
#include <spiketape/plot/image.hpp>
#include <spiketape/plot/image_grid.hpp>
#include <spiketape/plot/raster.hpp>
#include <spiketape/plot/spike_counts.hpp>
#include <spiketape/plot/trace.hpp>
#include <spiketape/spiketape.hpp>
#ifdef SPIKETAPE_TEST_ZLIB
#include <spiketape/data/gzip.hpp>
#endif

#include <cstdint>
#include <vector>

#include "warnings.hpp"

namespace st = spiketape;

void warnings::draw() {
#ifdef SPIKETAPE_TEST_ZLIB
  const auto bytes = st::read_gzip("images.gz");
  const auto idx = st::parse_idx<std::int16_t>(bytes, "images");
#else
  const auto idx = st::read_idx<float>("images");
#endif
  const auto digits = st::read_images("images", "labels", 1.0);
  st::Random random(idx.values.size());
  st::Batches<float> batches(digits, 10, random);
  st::plot::Svg picture(100, 100);
  for (const auto& batch : batches.shuffled()) {
    st::plot::image(picture, {0, 0, 10, 10}, batch.input.row(0), 8, 8);
    const auto sequence = st::Sequence<float>::repeat(batch.input, 3);
    st::plot::raster(picture, {0, 0, 10, 10}, sequence, 0);
    st::plot::trace(picture, {0, 0, 10, 10}, sequence, 0, {.y_label = "U", .threshold = 1.0});
  }
  const st::CameraBins bins{.width = 34, .height = 34, .time = {.step_length = 1e4, .num_steps = 30}};
  auto recordings = st::spike_samples<float>(st::read_gestures("a.aedat", "a.csv"), bins);
  recordings.add(st::bin_spikes<float>(st::read_nmnist("a.bin"), bins), 1);
  st::Batches events(recordings, 10, random);
  for (const auto& batch : events.shuffled()) {
    st::plot::feature_maps(picture, {0, 0, 10, 10}, batch.input, 0, 34, 34);
    st::plot::curves(picture, {0, 0, 10, 10}, st::plot::spike_counts(batch.input, 0));
  }
  st::plot::weight_images(picture, {0, 0, 10, 10}, st::Parameter<float>("w", 4, 4), 2, 2);
  st::write_file("picture.svg", picture.str());
}

int main() {  // NOLINT(bugprone-exception-escape)
  if (warnings::call_neurons() > warnings::train()) warnings::draw();
  warnings::use_files();
}
