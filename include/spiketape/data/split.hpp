// Data for training and data for testing.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/data/samples.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// Some of the images, in the order given. Allocates the result. Throws std::invalid_argument for an index
/// that is none of them.
[[nodiscard]] inline Images take(const Images& images, std::span<const Index> which) {
  if (!std::cmp_equal(images.labels.size(), images.count()))
    detail::fail_argument("spiketape::take: images has ", images.labels.size(), " labels for ", images.count(),
                          " images, expected as many");
  Images taken;
  taken.height = images.height;
  taken.width = images.width;
  taken.scale = images.scale;
  taken.pixels.resize(static_cast<Index>(which.size()), images.features());
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (which[i] < 0 || which[i] >= images.count())
      detail::fail_argument("spiketape::take: index is ", which[i], ", expected 0 to ", images.count() - 1);
    taken.pixels.row(static_cast<Index>(i)) = images.pixels.row(which[i]);
    taken.labels.push_back(images.labels[static_cast<std::size_t>(which[i])]);
  }
  return taken;
}
/// The same of samples, with their labels, targets and lengths.
template <Real Scalar>
[[nodiscard]] Samples<Scalar> take(const Samples<Scalar>& data, std::span<const Index> which) {
  data.check("take");
  const auto all = static_cast<std::size_t>(data.count()), count = which.size();
  for (const Index i : which)
    if (i < 0 || i >= data.count())
      detail::fail_argument("spiketape::take: index is ", i, ", expected 0 to ", data.count() - 1);
  const auto taken_of = [&](const Sequence<Scalar>& of) {
    Sequence<Scalar> taken({of.steps(), static_cast<Index>(count), of.features()}, of.constant());
    detail::copy_samples<Scalar>(of, which.data(), 0, taken);
    return taken;
  };
  Samples<Scalar> taken;
  for (const auto& input : data.inputs) taken.inputs.push_back(taken_of(input));
  if (data.targets.shape() != Shape{}) taken.targets = taken_of(data.targets);
  for (std::size_t t = 0; t < data.labels.size() / all; ++t)
    for (const Index i : which) taken.labels.push_back(data.labels[t * all + static_cast<std::size_t>(i)]);
  for (std::size_t b = 0; b < count && !data.lengths.empty(); ++b)
    taken.lengths.push_back(data.lengths[static_cast<std::size_t>(which[b])]);
  return taken;
}

/// The options of train_test_split.
struct SplitOptions {
  double test = 0.2;      ///< The share of samples for testing, between 0 and 1.
  bool stratify = false;  ///< The same share of each class, up to rounding; for one label a sample.
};

/// Two parts of data.
template <typename Data>
struct Split {
  Data train;  ///< To train with,
  Data test;   ///< and to test with.
};

/// Splits images or samples at random, each part in its own order: round(share · count) of them for testing.
/// The same generator gives the same parts on every platform. Allocates the result. Throws
/// std::invalid_argument unless the share leaves a sample for both, and if classes are asked for and there is
/// not one label for each sample.
template <typename Data>
[[nodiscard]] Split<Data> train_test_split(const Data& data, Random& random,
                                           const SplitOptions& options = {}) {
  const auto fail = [](const auto&... parts) {
    detail::fail_argument("spiketape::train_test_split: ", parts...);
  };
  const Index count = data.count();
  const auto tested_of = [&](Index samples) {
    return static_cast<Index>(std::floor(options.test * static_cast<double>(samples) + 0.5));
  };
  if (!(options.test > 0 && options.test < 1)) fail("test is ", options.test, ", expected between 0 and 1");
  if (tested_of(count) < 1 || tested_of(count) >= count)
    fail("test is ", options.test, " of ", count,
         " samples, expected a share that leaves some for both parts");
  if (options.stratify && !std::cmp_equal(data.labels.size(), count))
    fail("the data have ", data.labels.size(), " labels for ", count,
         " samples, expected one each to stratify");
  std::vector<Index> order(static_cast<std::size_t>(count)), parts[2];
  std::iota(order.begin(), order.end(), Index(0));
  random.shuffle(order);
  if (options.stratify)
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return data.labels[static_cast<std::size_t>(a)] < data.labels[static_cast<std::size_t>(b)];
    });
  for (Index i = 0; i < count; ++i)  // at equal distances, so each class gets its share
    parts[tested_of(i + 1) > tested_of(i)].push_back(order[static_cast<std::size_t>(i)]);
  for (auto& part : parts) std::sort(part.begin(), part.end());
  return {take(data, std::span<const Index>(parts[0])), take(data, std::span<const Index>(parts[1]))};
}

template <typename Data>
[[nodiscard]] Split<Data> train_test_split(const Data& data, Random&& random,
                                           const SplitOptions& options = {}) {
  return train_test_split(data, random, options);
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
