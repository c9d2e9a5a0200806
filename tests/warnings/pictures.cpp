// Readers, batches and pictures once, and main(), to be compiled with the warnings of flags.cmake.
#include <spiketape/core/file.hpp>
#include <spiketape/plot/image.hpp>
#include <spiketape/plot/raster.hpp>
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
  st::write_file("picture.svg", picture.str());
}

int main() {  // NOLINT(bugprone-exception-escape)
  if (warnings::call_neurons() > warnings::train()) warnings::draw();
  warnings::use_files();
}
