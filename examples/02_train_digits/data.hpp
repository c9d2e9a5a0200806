// Finds the images of 02_train_digits in a folder.
#pragma once

#include <spiketape/data/images.hpp>

#ifdef SPIKETAPE_EXAMPLE_ZLIB
#include <spiketape/data/gzip.hpp>
#endif

#include <filesystem>
#include <stdexcept>
#include <string>

struct Digits {
  spiketape::Images train;
  spiketape::Images test;
};

/// Reads an IDX file, plain or, if zlib was found, compressed.
inline spiketape::Idx<std::uint8_t> read_bytes(const std::string& path) {
#ifdef SPIKETAPE_EXAMPLE_ZLIB
  if (!std::filesystem::exists(path) && std::filesystem::exists(path + ".gz"))
    return spiketape::parse_idx<std::uint8_t>(spiketape::read_gzip(path + ".gz"), path + ".gz");
#endif
  return spiketape::read_idx<std::uint8_t>(path);
}

/// Loads the digits that come with the examples, or MNIST or a data set in its format, from four files. The
/// brightest pixel becomes a current of 1.
inline Digits load_digits(const std::string& folder) {
  const auto there = [&](const std::string& name) {
    return std::filesystem::exists(folder + "/" + name) ||
           std::filesystem::exists(folder + "/" + name + ".gz");
  };
  const bool own = there("digits-train-images-idx3-ubyte");
  if (!own && !there("train-images-idx3-ubyte"))
    throw std::runtime_error(folder +
                             ": found neither digits-train-images-idx3-ubyte nor train-images-idx3-ubyte");
  const auto load = [&](const std::string& part) {
    const std::string start = folder + "/" + part;
    const std::string images = start + "-images-idx3-ubyte", labels = start + "-labels-idx1-ubyte";
    return spiketape::make_images(read_bytes(images), read_bytes(labels), 1.0, images, labels);
  };
  Digits digits{load(own ? "digits-train" : "train"), load(own ? "digits-test" : "t10k")};
  if (digits.test.count() == 0 || digits.test.height != digits.train.height ||
      digits.test.width != digits.train.width)
    throw std::runtime_error(folder + ": expected test images of the size of the training images");
  if (digits.train.count() > 0 && digits.train.pixels.maxCoeff() > 0)
    digits.train.scale = digits.test.scale = 1.0 / digits.train.pixels.maxCoeff();
  return digits;
}
