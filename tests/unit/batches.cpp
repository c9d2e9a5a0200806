#include <spiketape/data/batches.hpp>

#include <spiketape/core/file.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace batches_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;
using ByteIdx = st::Idx<std::uint8_t>;

namespace {

const std::string digits = std::string(SPIKETAPE_EXAMPLE_DATA) + "/digits-";

/// Images of 2x3 whose labels count up from 0, so that a label tells which image it belongs to.
st::Images numbered_images(st::Index count, double scale = 0.5) {
  st::Images images;
  images.height = 2;
  images.width = 3;
  images.scale = scale;
  images.pixels.resize(count, 6);
  for (st::Index i = 0; i < images.pixels.size(); ++i)
    images.pixels(i / 6, i % 6) = static_cast<std::uint8_t>(i);
  for (int i = 0; i < count; ++i) images.labels.push_back(i);
  return images;
}

/// The labels of a pass, in its order.
template <typename Pass>
std::vector<int> labels_of(Pass&& pass) {
  std::vector<int> labels;
  for (const auto& batch : pass) labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
  return labels;
}

std::vector<int> up_to(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

template <typename Scalar>
std::string batches_error(const st::Images& images, st::Index batch_size) {
  return error_text<std::invalid_argument>([&] { st::Batches<Scalar>(images, batch_size, st::Random(1)); });
}

static_assert(std::ranges::input_range<st::Batches<float>::Pass>);
static_assert(!std::is_constructible_v<st::Batches<float>, st::Images, st::Index, st::Random>,
              "images that are gone before the first batch");
template <typename T>
concept CanBePassed = requires(T&& batches) {
  std::forward<T>(batches).in_order();
};
static_assert(CanBePassed<st::Batches<float>&> && !CanBePassed<st::Batches<float>>);

}  // namespace

TEST_CASE("the digits are labelled images") {
  const st::Images train =
      st::read_images(digits + "train-images-idx3-ubyte", digits + "train-labels-idx1-ubyte", 1.0 / 16);
  const st::Images test =
      st::read_images(digits + "test-images-idx3-ubyte", digits + "test-labels-idx1-ubyte", 1.0 / 16);
  CHECK(train.count() == 1437);
  CHECK(test.count() == 360);
  CHECK(test.height == 8);
  CHECK(test.width == 8);
  CHECK(test.features() == 64);
  CHECK(test.classes() == 10);
  CHECK(test.labels.size() == 360);
  CHECK(int(train.pixels.maxCoeff()) == 16);

  std::vector<int> histogram(10);
  for (const int label : test.labels) ++histogram.at(static_cast<std::size_t>(label));
  CHECK(histogram == std::vector<int>{36, 37, 35, 37, 36, 36, 36, 36, 35, 36});

  st::Batches<float> batches(test, 100, st::Random(1));
  float largest = 0;
  for (const auto& batch : batches.shuffled()) largest = std::max(largest, batch.input.maxCoeff());
  CHECK(largest == 1.0f);
}

TEST_CASE("images without a label have no class") { CHECK(st::Images().classes() == 0); }

TEST_CASE("images and labels that do not fit together say why") {
  const ByteIdx images{{2, 1, 3}, {1, 2, 3, 4, 5, 6}};
  const ByteIdx labels{{2}, {7, 200}};
  const st::Images good = st::make_images(images, labels, 1);
  CHECK(good.pixels(1, 0) == 4);
  CHECK(good.labels == std::vector<int>{7, 200});
  CHECK(good.classes() == 201);

  const auto error = [](const ByteIdx& a, const ByteIdx& b) {
    return error_text<std::runtime_error>([&] { static_cast<void>(st::make_images(a, b, 1, "a", "b")); });
  };
  const std::string function = "spiketape::make_images: ";
  CHECK(error(labels, labels) == function + "'a' has 1 dimensions, expected 3 (count, height, width)");
  CHECK(error(images, images) == function + "'b' has 3 dimensions, expected 1 (count)");
  CHECK(error(images, {{3}, {1, 2, 3}}) == function + "'a' has 2 images, 'b' has 3 labels, expected as many");
  CHECK(error({{2, 1, 3}, {1}}, labels) == function + "'a' has 1 values, its shape says otherwise");
  CHECK(error(images, {{2}, {1}}) == function + "'b' has 1 values, its shape says otherwise");
  CHECK(error({{-2, -1, 3}, {1, 2, 3, 4, 5, 6}}, labels) ==
        function + "'a' has 6 values, its shape says otherwise");

  const auto scale_error = [&](double scale) {
    return error_text<std::invalid_argument>(
        [&] { static_cast<void>(st::make_images(images, labels, scale)); });
  };
  CHECK(scale_error(0) == function + "scale is 0, expected finite and positive");
  CHECK(scale_error(-1) == function + "scale is -1, expected finite and positive");
  CHECK(scale_error(std::numeric_limits<double>::infinity()) ==
        function + "scale is inf, expected finite and positive");
  CHECK(scale_error(std::numeric_limits<double>::quiet_NaN()).find("expected finite") != std::string::npos);

  const TemporaryFolder folder;
  st::write_file(folder / "images", std::string_view("\0\0\x08\x03\0\0\0\1\0\0\0\1\0\0\0\1\x09", 17));
  st::write_file(folder / "labels", std::string_view("\0\0\x08\x01\0\0\0\0", 8));
  CHECK(error_text<std::runtime_error>([&] {
          static_cast<void>(st::read_images(folder / "images", folder / "labels", 1));
        }) == function + "'" + folder / "images" + "' has 1 images, '" + folder / "labels" +
                  "' has 0 labels, expected as many");
}

TEMPLATE_TEST_CASE("a pass in order cuts the images into batches", "", float, double) {
  const st::Images images = numbered_images(10);
  for (const st::Index batch_size : {1, 3, 5, 10, 64}) {
    st::Batches<TestType> batches(images, batch_size, st::Random(1));
    CHECK(batches.size() == (10 + batch_size - 1) / batch_size);
    for (int repeat = 0; repeat < 2; ++repeat) {
      st::Index first = 0, count = 0;
      for (const auto& batch : batches.in_order()) {
        CHECK(batch.first == first);
        REQUIRE(batch.size() == std::min(batch_size, 10 - first));
        REQUIRE(batch.input.rows() == batch.size());
        REQUIRE(batch.input.cols() == 6);
        REQUIRE(st::Index(batch.labels.size()) == batch.size());
        const st::SequenceView<const TestType> view = batch.input;  // what layers take
        for (st::Index row = 0; row < batch.size(); ++row) {
          CHECK(batch.labels[static_cast<std::size_t>(row)] == first + row);
          for (st::Index pixel = 0; pixel < 6; ++pixel)
            CHECK(view.row(0, row)[pixel] == TestType(0.5) * TestType((first + row) * 6 + pixel));
        }
        first += batch.size();
        ++count;
      }
      CHECK(first == 10);
      CHECK(count == batches.size());
    }
  }
}

TEST_CASE("shuffled passes differ, repeat with the seed, and hold every image with its label") {
  const st::Images images = numbered_images(40, 1);
  st::Batches<float> batches(images, 7, st::Random(3)), twin(images, 11, st::Random(3)),
      other(images, 7, st::Random(4));
  std::vector<int> previous = up_to(40);
  for (int pass = 0; pass < 5; ++pass) {
    std::vector<int> labels;
    for (const auto& batch : batches.shuffled()) {
      for (st::Index row = 0; row < batch.size(); ++row) {
        const int label = batch.labels[static_cast<std::size_t>(row)];
        labels.push_back(label);
        CHECK(batch.input(row, 5) == float(label * 6 + 5));
      }
    }
    CHECK(labels == labels_of(twin.shuffled()));  // whatever the batch size
    CHECK(labels != labels_of(other.shuffled()));
    CHECK(labels != previous);
    CHECK(labels_of(twin.in_order()) == up_to(40));  // and passes in order change nothing
    previous = labels;
    std::sort(labels.begin(), labels.end());
    CHECK(labels == up_to(40));
  }
}

TEST_CASE("the order of a seed is the same on every machine") {
  const st::Images images = numbered_images(10);
  st::Batches<float> batches(images, 4, st::Random(7));
  CHECK(labels_of(batches.shuffled()) == std::vector<int>{1, 6, 8, 2, 4, 9, 3, 0, 7, 5});
  CHECK(labels_of(batches.shuffled()) == std::vector<int>{8, 0, 1, 3, 2, 5, 9, 7, 6, 4});
}

TEST_CASE("all passes use the same memory") {
  const st::Images images = numbered_images(10);
  st::Batches<double> batches(images, 4, st::Random(1));
  const double* input = (*batches.in_order().begin()).input.data();
  const int* labels = (*batches.in_order().begin()).labels.data();
  for (int pass = 0; pass < 3; ++pass) {
    for (const auto& batch : batches.shuffled()) {
      CHECK(batch.input.data() == input);
      CHECK(batch.labels.data() == labels);
    }
  }
}

TEST_CASE("a batch that is copied stays as it was when the next ones are taken") {
  const st::Images images = numbered_images(5);
  st::Batches<float> batches(images, 2, st::Random(1));
  std::vector<st::Batch<float>> kept;
  const auto pass = batches.in_order();
  auto it = pass.begin();
  const auto first = *it;
  ++it;
  for (; it != pass.end(); ++it) kept.push_back(*it);
  batches = st::Batches<float>(images, 2, st::Random(1));  // their memory is gone, too
  const auto check = [&](const st::Batch<float>& batch, st::Index size, st::Index from) {
    REQUIRE(batch.size() == size);
    CHECK(batch.first == from);
    REQUIRE(batch.labels.size() == static_cast<std::size_t>(size));
    for (st::Index row = 0; row < size; ++row) {
      CHECK(batch.labels[static_cast<std::size_t>(row)] == from + row);
      CHECK(batch.input(row, 5) == 0.5f * static_cast<float>(6 * (from + row) + 5));
    }
  };
  check(first, 2, 0);
  REQUIRE(kept.size() == 2);
  check(kept[0], 2, 2);
  check(kept[1], 1, 4);
  auto copy = kept[1];
  const auto taken = std::move(kept[1]);
  copy = kept[0];
  check(copy, 2, 2);
  copy = taken;
  kept.clear();
  check(copy, 1, 4);
  check(taken, 1, 4);

  auto other = std::move(batches);  // a batch is that of the memory that has moved
  for (const auto& batch : other.in_order())
    check(batch, std::min<st::Index>(2, 5 - batch.first), batch.first);
}

TEST_CASE("batches that cannot be say why") {
  const std::string function = "spiketape::Batches: ";
  const st::Images images = numbered_images(3);
  CHECK(batches_error<float>(images, 0) == function + "batch_size is 0, expected at least 1");
  CHECK(batches_error<double>(images, -5) == function + "batch_size is -5, expected at least 1");
  CHECK(batches_error<float>(numbered_images(0), 2) ==
        function + "images has 0 images of 6 pixels, expected at least 1 of 1");
  CHECK(batches_error<float>(st::Images(), 2).find("0 images of 0 pixels") != std::string::npos);
  st::Images wrong = images;
  wrong.labels.pop_back();
  CHECK(batches_error<float>(wrong, 2) == function + "images has 2 labels for 3 images, expected as many");
  wrong = images;
  wrong.labels[1] = -1;
  CHECK(batches_error<float>(wrong, 2) == function + "images has label 1 of -1, expected at least 0");
  wrong = images;
  wrong.width = 5;
  CHECK(batches_error<float>(wrong, 2) == function + "images has 6 pixels of 2 x 5, expected their product");
  wrong = images;
  wrong.scale = std::numeric_limits<double>::infinity();
  CHECK(batches_error<float>(wrong, 2) == function + "images has the scale inf, expected a finite one");
}

TEST_CASE("a pass that was left before its end can be resumed, whatever ran in between") {
  const st::Images images = numbered_images(7);
  st::Batches<float> whole(images, 2, st::Random(5)), left(images, 2, st::Random(5));
  const auto first_pixels = [](auto&& pass) {
    std::vector<float> pixels;
    for (const auto& batch : pass)
      for (st::Index row = 0; row < batch.size(); ++row) pixels.push_back(batch.input(row, 0));
    return pixels;
  };
  const std::vector<float> one = first_pixels(whole.shuffled()), two = first_pixels(whole.shuffled());
  for (st::Index done = 0; done <= 4; ++done) {
    st::Batches<float> again = left;
    for (const auto& batch : again.shuffled())
      if (batch.first >= 4) break;
    again.resume(done);
    CHECK(again.resumed() == done);
    first_pixels(again.in_order());
    const auto rest = first_pixels(again.shuffled());
    CHECK(again.resumed() == 0);
    CHECK(rest == std::vector<float>(one.begin() + std::min<st::Index>(2 * done, 7), one.end()));
    CHECK(first_pixels(again.shuffled()) == two);
  }
  CHECK(error_text<std::invalid_argument>([&] { left.resume(5); }) ==
        "spiketape::Batches::resume: batches is 5, expected 0 to 4");
  CHECK(error_text<std::invalid_argument>([&] { left.resume(-1); }).find("batches is -1") !=
        std::string::npos);
}

TEST_CASE("a pass must end before the next begins") {
  const st::Images images = numbered_images(3);
  st::Batches<float> batches(images, 2, st::Random(5));
  const std::string text =
      "spiketape::Batches: a pass is under way, expected its end before the next one, since they share "
      "memory";
  const auto next = [&] {
    return error_text<std::invalid_argument>([&] { static_cast<void>(batches.shuffled()); });
  };
  for (const auto& batch : batches.in_order()) {
    CHECK(batch.size() > 0);
    CHECK(next() == text);
    st::Batches<float> other = batches;  // is in no pass
    for (const auto& own : other.shuffled()) CHECK(own.size() > 0);
  }
  const auto one = batches.in_order(), two = batches.in_order();
  auto at = one.begin();
  CHECK(error_text<std::invalid_argument>([&] { two.begin(); }) == text);
  auto copy = at;
  for (++at; at != one.end(); ++at) CHECK(next() == text);
  CHECK(next() == text);
  copy = at;
  for (const auto& batch : batches.in_order()) CHECK(batch.size() > 0);
}

TEST_CASE("damaged files of images are refused or make batches") {
  const Bytes images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4};
  const Bytes labels{0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
  st::Random random(3);
  const auto damage = [&random](Bytes bytes) {
    const std::uint64_t kind = random.below(4);
    if (kind == 0) bytes.resize(random.below(bytes.size()));
    if (kind == 1) bytes.push_back(0);
    if (kind >= 2) bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
    return bytes;
  };
  int accepted = 0, refused = 0;
  for (int run = 0; run < 5000; ++run) {
    try {
      const bool in_images = random.below(2) == 0;
      const Bytes first = in_images ? damage(images) : images, second = in_images ? labels : damage(labels);
      const st::Images result = st::make_images(st::parse_idx<std::uint8_t>(first, "images"),
                                                st::parse_idx<std::uint8_t>(second, "labels"), 1);
      st::Batches<float> batches(result, 3, random.split());
      if (labels_of(batches.shuffled()).size() != 2) FAIL_CHECK("images were lost");
      ++accepted;
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  CHECK(accepted > 100);
  CHECK(refused > 100);
}

TEST_CASE("batches and whoever uses their generator further draw different numbers") {
  const st::Images images = numbered_images(20);
  st::Random random(7);
  st::Batches<float> first(images, 20, random), second(images, 20, random);
  CHECK(labels_of(first.shuffled()) != labels_of(second.shuffled()));
  st::Random moved(7);
  CHECK(random() != moved());
  // One that is given away is used as it is.
  st::Batches<float> third(images, 20, st::Random(7)), fourth(images, 20, st::Random(7));
  CHECK(labels_of(third.shuffled()) == labels_of(fourth.shuffled()));
}

}  // namespace batches_test
