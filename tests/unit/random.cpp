#include <spiketape/core/random.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace random_test {

namespace st = spiketape;

static_assert(std::uniform_random_bit_generator<st::Random>);
static_assert(st::Random::min() == 0 && st::Random::max() == ~std::uint64_t(0));
static_assert(st::Random(1)() == 0xbfef8030ddc2d772u, "a constant expression");

namespace {

/// How often something came up in many runs, if it came up with this probability; five standard deviations
/// are wrong once in two million.
bool plausible(std::uint64_t count, std::uint64_t runs, double probability) {
  const double expected = static_cast<double>(runs) * probability;
  return std::abs(static_cast<double>(count) - expected) <= 5 * std::sqrt(expected * (1 - probability));
}

}  // namespace

TEST_CASE("the numbers of a seed are those of a second implementation") {
  const auto first = [](std::uint64_t seed) {
    st::Random random(seed);
    return std::array<std::uint64_t, 4>{random(), random(), random(), random()};
  };
  using Four = std::array<std::uint64_t, 4>;
  CHECK(first(0) == Four{0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u, 0x06c45d188009454fu, 0xf88bb8a8724c81ecu});
  CHECK(first(1) == Four{0xbfef8030ddc2d772u, 0x5f552ce482f2aa47u, 0x70335fc3daf3d8a7u, 0xf440fe3b62c79d2cu});
  CHECK(first(~std::uint64_t(0)) ==
        Four{0xa577782bc52a9f5au, 0xb485244380e590beu, 0x5176985d86cff511u, 0x07508e53b617b6c7u});

  st::Random random(1);
  CHECK(random.uniform() == 0x1.7fdf0061bb85ap-1);
  CHECK(random.uniform() == 0x1.7d54b3920bcaap-2);
  CHECK(random.uniform() == 0x1.c0cd7f0f6bcf6p-2);
  random = st::Random(2);
  for (const std::uint64_t expected : {854u, 341u, 980u, 690u, 840u, 290u})
    CHECK(random.below(1000) == expected);
  random = st::Random(3);
  std::string letters = "0123456789";
  random.shuffle(letters);
  CHECK(letters == "6532107498");
}

TEST_CASE("a copy repeats the numbers") {
  st::Random random(9);
  random();
  st::Random copy = random;
  for (int i = 0; i < 5; ++i) CHECK(random() == copy());
}

TEST_CASE("uniform numbers fill their range evenly and stay inside") {
  st::Random random(11);
  constexpr std::uint64_t runs = 100000;
  std::array<std::uint64_t, 10> histogram{};
  double sum = 0, smallest = 1, largest = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0 && u < 1));
    REQUIRE(std::ldexp(u, 53) == std::floor(std::ldexp(u, 53)));
    ++histogram[static_cast<std::size_t>(10 * u)];
    sum += u;
    smallest = std::min(smallest, u);
    largest = std::max(largest, u);
  }
  for (const std::uint64_t count : histogram) CHECK(plausible(count, runs, 0.1));
  CHECK(std::abs(sum / runs - 0.5) < 5 / std::sqrt(12.0 * runs));
  CHECK(smallest < 1e-3);
  CHECK(largest > 1 - 1e-3);

  st::Random scaled(1), plain(1);
  for (int i = 0; i < 1000; ++i) {
    const double u = scaled.uniform(-2, 3);
    CHECK((u >= -2 && u < 3));
    CHECK(u == -2 + 5 * plain.uniform());
  }
  CHECK(scaled.uniform(4, 4) == 4);
}

TEST_CASE("below is fair") {
  st::Random random(13);
  CHECK(random.below(1) == 0);
  constexpr std::uint64_t runs = 60000;
  std::array<std::uint64_t, 6> histogram{};
  for (std::uint64_t i = 0; i < runs; ++i) ++histogram.at(random.below(6));
  for (const std::uint64_t count : histogram) CHECK(plausible(count, runs, 1.0 / 6));

  // The remainder of 64 bits by 3 * 2^62 would lie in the first third half of the time.
  std::uint64_t first_third = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const std::uint64_t number = random.below(std::uint64_t(3) << 62);
    REQUIRE(number < std::uint64_t(3) << 62);
    first_third += number < std::uint64_t(1) << 62 ? 1 : 0;
  }
  CHECK(plausible(first_third, runs, 1.0 / 3));

  const auto none = [&] { random.below(0); };
  CHECK(error_text<std::invalid_argument>(none) ==
        "spiketape::Random::below: count is 0, expected at least 1");
}

TEST_CASE("shuffling gives every order equally often") {
  st::Random random(17);
  std::map<std::string, std::uint64_t> orders;
  constexpr std::uint64_t runs = 60000;
  for (std::uint64_t i = 0; i < runs; ++i) {
    std::string letters = "abc";
    random.shuffle(letters);
    ++orders[letters];
  }
  CHECK(orders.size() == 6);
  for (const auto& [order, count] : orders) {
    INFO(order);
    CHECK(plausible(count, runs, 1.0 / 6));
  }

  std::vector<int> numbers(100);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i);
  const std::vector<int> sorted = numbers;
  random.shuffle(numbers);
  CHECK(numbers != sorted);
  CHECK(std::is_permutation(numbers.begin(), numbers.end(), sorted.begin()));

  std::vector<int> nothing;
  random.shuffle(nothing);
  CHECK(nothing.empty());
  std::array<int, 1> one{7};
  random.shuffle(one);
  CHECK(one[0] == 7);
}

TEST_CASE("a split generator has numbers of its own") {
  st::Random parent(5);
  st::Random first = parent.split(), second = parent.split();
  CHECK(first() == 0xa60013467b94d1f3u);
  CHECK(second() == 0xf40e9a1167bd1688u);
  // Drawing from the child leaves the parent alone, and none repeats another.
  st::Random twin(5);
  static_cast<void>(twin.split());
  static_cast<void>(twin.split());
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) {
    numbers.insert(numbers.end(), {parent(), first(), second()});
    CHECK(numbers[numbers.size() - 3] == twin());
  }
  std::sort(numbers.begin(), numbers.end());
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
}

}  // namespace random_test
