#include <spiketape/core/numbers.hpp>

#include <spiketape/core/parameters.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/optim/adam.hpp>

#include "catch.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace numbers_test {

namespace st = spiketape;
using st::detail::bits_as, st::detail::is_finite, st::detail::is_nan;

TEMPLATE_TEST_CASE("bits tell NaN, infinite and finite numbers", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  for (const TestType number : {TestType(0), -TestType(0), TestType(1), Limits::max(), Limits::lowest(),
                                Limits::min(), Limits::denorm_min()}) {
    CHECK(is_finite(number));
    CHECK_FALSE(is_nan(number));
  }
  for (const TestType number : {Limits::infinity(), -Limits::infinity()}) {
    CHECK_FALSE(is_finite(number));
    CHECK_FALSE(is_nan(number));
  }
  for (const TestType number : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    CHECK_FALSE(is_finite(number));
    CHECK(is_nan(number));
  }
}

TEST_CASE("the bits of a number are those of another type") {
  CHECK(bits_as<std::uint32_t>(1.0f) == 0x3f800000u);
  CHECK(bits_as<double>(std::uint64_t{0x3ff0000000000000}) == 1.0);
  static_assert(bits_as<std::uint8_t>(std::int8_t{-1}) == 255);
}

TEST_CASE("options that are NaN or infinite are refused, with -ffast-math too") {
  // As an optimizer compiled with -ffast-math gets them: from memory.
  const auto nan = bits_as<double>(std::uint64_t{0x7ff8000000000000});
  const auto infinity = bits_as<double>(std::uint64_t{0x7ff0000000000000});
  const st::ParameterList<float> none;
  for (const double number : {nan, infinity})
    CHECK_THROWS_AS(st::Adam<float>(none, {.lr = number}), std::invalid_argument);
  CHECK_THROWS_AS(st::Leaky<float>({.beta = nan}), std::invalid_argument);
}

}  // namespace numbers_test
