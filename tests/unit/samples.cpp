// Data of other kinds than images, in batches, in two parts, and on from a checkpoint.
#include <spiketape/data/split.hpp>

#include <spiketape/io/checkpoint.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace samples_test {

namespace st = spiketape;
using st::Index;

namespace {

/// Samples whose numbers tell which sample, step and feature they belong to.
st::Sequence<double> numbered(Index steps, Index count, Index features) {
  st::Sequence<double> all(steps, count, features);
  for (Index t = 0; t < steps; ++t)
    for (Index b = 0; b < count; ++b)
      for (Index i = 0; i < features; ++i) all(t, b, i) = static_cast<double>(100 * b + 10 * t + i);
  return all;
}

st::Samples<double> samples(Index count) {
  st::Samples<double> data{.inputs = {numbered(4, count, 3), numbered(2, count, 1)},
                           .targets = numbered(1, count, 2)};
  data.inputs.push_back(st::Sequence<double>::repeat(numbered(1, count, 2).step(0), 4));
  for (Index t = 0; t < 4; ++t)
    for (Index b = 0; b < count; ++b) data.labels.push_back(static_cast<int>(10 * b + t));
  for (Index b = 0; b < count; ++b) data.lengths.push_back(1 + b % 4);
  return data;
}

/// Which samples a batch holds, by its first numbers; checks that all the rest is of the same ones.
std::vector<Index> checked(const st::SampleBatch<double>& batch) {
  std::vector<Index> found;
  REQUIRE(batch.inputs.size() == 3);
  REQUIRE(batch.inputs[0].data == batch.input.data);
  REQUIRE(batch.inputs[0].shape() == st::Shape{4, batch.size(), 3});
  REQUIRE(batch.inputs[1].shape() == st::Shape{2, batch.size(), 1});
  REQUIRE(batch.inputs[2].shape() == st::Shape{4, batch.size(), 2});
  REQUIRE(batch.inputs[2].constant);
  REQUIRE(batch.targets.shape() == st::Shape{1, batch.size(), 2});
  REQUIRE(static_cast<Index>(batch.labels.size()) == 4 * batch.size());
  REQUIRE(static_cast<Index>(batch.lengths.size()) == batch.size());
  for (Index b = 0; b < batch.size(); ++b) {
    const auto which = static_cast<Index>(batch.input.row(0, b)[0] / 100);
    const double first = static_cast<double>(100 * which);
    found.push_back(which);
    for (Index t = 0; t < 4; ++t) {
      CHECK(batch.input.row(t, b)[2] == first + static_cast<double>(10 * t) + 2);
      CHECK(batch.labels[static_cast<std::size_t>(t * batch.size() + b)] == 10 * which + t);
      CHECK(batch.mask.counts(t, b) == (t < 1 + which % 4));
    }
    CHECK(batch.inputs[1].row(1, b)[0] == first + 10);
    CHECK(batch.inputs[2].row(3, b)[1] == first + 1);
    CHECK(batch.targets.row(0, b)[1] == first + 1);
    CHECK(batch.lengths[static_cast<std::size_t>(b)] == 1 + which % 4);
  }
  return found;
}

template <typename Pass>
std::vector<Index> order_of(Pass&& pass) {
  std::vector<Index> all;
  for (const auto& batch : pass) {
    CHECK(batch.first == static_cast<Index>(all.size()));
    for (const Index which : checked(batch)) all.push_back(which);
  }
  return all;
}

}  // namespace

TEST_CASE("samples come in batches with all that belongs to them, in an order that the seed says") {
  const auto data = samples(11);
  st::Batches batches(data, 4, st::Random(7)), twin(data, 3, st::Random(7));
  CHECK(batches.size() == 3);
  std::vector<Index> sorted(11);
  for (Index b = 0; b < 11; ++b) sorted[static_cast<std::size_t>(b)] = b;
  CHECK(order_of(batches.in_order()) == sorted);
  const auto order = order_of(batches.shuffled());
  CHECK(order == order_of(twin.shuffled()));
  CHECK(order != order_of(batches.shuffled()));
  CHECK(order != sorted);
  CHECK(std::is_permutation(order.begin(), order.end(), sorted.begin()));

  const st::Samples<double> plain{.inputs = {numbered(1, 3, 2)}};
  st::Batches numbers(plain, 2, st::Random(1));
  for (const auto& batch : numbers.in_order()) {
    CHECK(batch.labels.empty());
    CHECK(batch.targets.empty());
    CHECK(batch.mask.empty());
    CHECK(batch.input.row(0, batch.size() - 1)[1] ==
          100 * static_cast<double>(batch.first + batch.size() - 1) + 1);
  }
}

TEST_CASE("a batch of samples that is copied stays as it was when the next ones are taken") {
  const auto data = samples(7);
  std::vector<st::SampleBatch<double>> kept;
  {
    st::Batches batches(data, 3, st::Random(1));
    for (const auto& batch : batches.in_order()) kept.push_back(batch);
  }
  auto copy = kept[2];
  copy = kept[0];
  const auto moved = std::move(kept[1]);
  kept.clear();
  CHECK(checked(copy) == std::vector<Index>{0, 1, 2});
  CHECK(checked(moved) == std::vector<Index>{3, 4, 5});
}

TEST_CASE("a pass over samples goes on from a checkpoint, and not over other data") {
  const TemporaryFolder folder;
  const auto data = samples(11);
  st::Batches whole(data, 4, st::Random(7)), killed(data, 4, st::Random(7)), resumed(data, 4, st::Random(1));
  auto expected = order_of(whole.shuffled());
  std::vector<Index> found;
  for (const auto& batch : killed.shuffled()) {
    for (const Index which : checked(batch)) found.push_back(which);
    if (found.size() < 8) continue;
    st::Checkpoint{{"batches", killed}}.save(folder / "run");
    break;
  }
  st::Checkpoint{{"batches", resumed}}.load(folder / "run");
  for (const auto& batch : resumed.shuffled())
    for (const Index which : checked(batch)) found.push_back(which);
  CHECK(found == expected);
  CHECK(order_of(resumed.shuffled()) == order_of(whole.shuffled()));

  const st::Samples<double> other{.inputs = {numbered(5, 11, 3)}};
  st::Batches wrong(other, 4, st::Random(7));
  CHECK(error_text<std::runtime_error>([&] {
          st::Checkpoint{{"batches", wrong}}.load(folder / "run");
        }).find("(4, 11, 3)(2, 11, 1)(4, 11, 2)") != std::string::npos);
}

TEST_CASE("data split in two share no sample, and each class its part") {
  auto data = samples(40);
  st::Random random(3), again(3);
  const auto [train, test] = st::train_test_split(data, random, {.test = 0.25});
  CHECK(test.count() == 10);
  CHECK(train.count() == 30);
  st::Batches in_train(train, 30, st::Random(1)), in_test(test, 10, st::Random(1));
  auto all = order_of(in_train.in_order());
  CHECK(std::is_sorted(all.begin(), all.end()));
  const auto tested = order_of(in_test.in_order());
  all.insert(all.end(), tested.begin(), tested.end());
  std::sort(all.begin(), all.end());
  CHECK(std::unique(all.begin(), all.end()) == all.end());
  CHECK(all.size() == 40);
  CHECK(st::train_test_split(data, again, {.test = 0.25}).test.labels == test.labels);
  CHECK(st::train_test_split(data, again, {.test = 0.25}).test.labels != test.labels);  // the next draw

  st::Images images;
  images.width = images.height = 1;
  images.pixels.resize(60, 1);
  for (int i = 0; i < 60; ++i) {
    images.pixels(i, 0) = static_cast<std::uint8_t>(i);
    images.labels.push_back(i % 10 == 0 ? 1 : i % 3 == 0 ? 2 : 0);  // 6 of 1, 18 of 2, 36 of 0
  }
  const auto parts = st::train_test_split(images, random, {.test = 1.0 / 3, .stratify = true});
  const auto count = [](const st::Images& of, int label) {
    return std::count(of.labels.begin(), of.labels.end(), label);
  };
  for (const int label : {0, 1, 2}) CHECK(count(parts.train, label) == 2 * count(parts.test, label));
  for (Index i = 0; i < parts.test.count(); ++i)
    CHECK(parts.test.labels[static_cast<std::size_t>(i)] == images.labels[parts.test.pixels(i, 0)]);
}

TEST_CASE("sequences of different length lie behind each other, with zeros where one has ended") {
  const std::vector<st::Sequence<double>> sequences{numbered(2, 1, 3), numbered(5, 1, 3), numbered(1, 1, 3)};
  const auto all = st::padded(sequences);
  CHECK(all.lengths == std::vector<Index>{2, 5, 1});
  CHECK(all.input.shape() == st::Shape{5, 3, 3});
  CHECK(all.input(1, 0, 2) == 12);
  CHECK(all.input(4, 1, 0) == 40);
  CHECK((all.input.step(2).row(0) == 0).all());
  CHECK((all.input.step(1).row(2) == 0).all());
}

TEST_CASE("samples that do not fit say why") {
  const auto error = [](const st::Samples<double>& data, Index size = 2) {
    return error_text<std::invalid_argument>([&] { st::Batches batches(data, size, st::Random(1)); });
  };
  const std::string function = "spiketape::Batches: samples has ";
  CHECK(error({}) == function + "no input, expected at least one");
  CHECK(error(samples(3), 0) == "spiketape::Batches: batch_size is 0, expected at least 1");
  CHECK(error({.inputs = {numbered(2, 3, 1), numbered(2, 4, 1)}}) ==
        function + "inputs of (2, 3, 1) and (2, 4, 1), expected as many samples in all and no extent of 0");
  CHECK(error({.inputs = {numbered(2, 3, 1)}, .labels = {1, 2}}) ==
        function + "2 labels for 3 samples of 2 steps, expected none, one each, or one for each step");
  CHECK(error({.inputs = {numbered(2, 3, 1)}, .targets = numbered(1, 2, 1)}) ==
        function + "targets of (1, 2, 1), expected 3 samples");
  CHECK(error({.inputs = {numbered(2, 1, 1)}, .lengths = {1, 1}}) ==
        function + "2 lengths for 1 samples, expected none or as many");
  CHECK(error({.inputs = {numbered(2, 1, 1)}, .lengths = {3}}) ==
        function + "a length of 3, expected 1 to 2");
  st::Random random(1);
  const auto split_error = [&](const st::SplitOptions& options) {
    return error_text<std::invalid_argument>(
        [&] { static_cast<void>(st::train_test_split(samples(3), random, options)); });
  };
  const std::string split = "spiketape::train_test_split: ";
  CHECK(split_error({.test = 1}) == split + "test is 1, expected between 0 and 1");
  CHECK(split_error({.test = 0.1}) ==
        split + "test is 0.1 of 3 samples, expected a share that leaves some for both parts");
  CHECK(split_error({.test = 0.4, .stratify = true}) ==
        split + "the data have 12 labels for 3 samples, expected one each to stratify");
  const std::vector<Index> outside{3};
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::take(samples(3), outside)); }) ==
        "spiketape::take: index is 3, expected 0 to 2");
  const std::vector<st::Sequence<double>> different{numbered(2, 1, 3), numbered(2, 1, 2)};
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::padded(different)); }) ==
        "spiketape::padded: sequence 1 has shape (2, 1, 2), expected some steps of 1 sample and 3 features");
}

}  // namespace samples_test
