#include <spiketape/core/error.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace error_test {

namespace st = spiketape;
using st::detail::text_of;

// A file that is bad and an argument that is wrong are told apart by their types.
static_assert(!std::is_base_of_v<std::runtime_error, std::invalid_argument>);

TEST_CASE("a message is the text of its parts, one after the other") {
  CHECK(text_of().empty());
  CHECK(text_of("spiketape::", std::string("Linear"), ": input has ", 63, " features, weights expect ", 64) ==
        "spiketape::Linear: input has 63 features, weights expect 64");
  CHECK(text_of('a', "bc", 'd') == "abcd");  // a char is a letter, not a number
  CHECK(text_of(-5, ' ', 7u) == "-5 7");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("numbers in a message are short where they can be and tell floats apart") {
  CHECK(text_of(0.0) == "0");
  CHECK(text_of(0.5) == "0.5");
  CHECK(text_of(-1e-3) == "-0.001");
  CHECK(text_of(1e30) == "1e+30");
  CHECK(text_of(0.1f) != text_of(std::nextafter(0.1f, 1.0f)));
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(text_of(std::numeric_limits<float>::quiet_NaN()) == "nan");
  CHECK(text_of(std::numeric_limits<double>::lowest()) == "-1.79769313e+308");
}

TEST_CASE("a wrong argument and a bad file are exceptions of their own types") {
  CHECK(error_text<std::invalid_argument>([] { st::detail::fail_argument("beta is ", 2, ", expected 1"); }) ==
        "beta is 2, expected 1");
  CHECK(error_text<std::runtime_error>([] { st::detail::fail_file("cannot open '", "x", "'"); }) ==
        "cannot open 'x'");
  CHECK_THROWS_AS(st::detail::fail_file("x"), std::runtime_error);
}

TEST_CASE("there is a handler for programs without exceptions, and it can be changed") {
  const st::ErrorHandler before = st::error_handler();
  REQUIRE(before != nullptr);
  const st::ErrorHandler mine = [](const char*) { FAIL("called although there are exceptions"); };
  st::error_handler() = mine;
  CHECK(st::error_handler() == mine);
  CHECK_THROWS_AS(st::detail::fail_argument("x"), std::invalid_argument);
  st::error_handler() = before;
}

}  // namespace error_test
