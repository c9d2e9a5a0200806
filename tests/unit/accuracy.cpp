#include <spiketape/functional/accuracy.hpp>

#include <spiketape/autograd/tape.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace accuracy_test {

namespace st = spiketape;
using Classes = std::vector<int>;

TEMPLATE_TEST_CASE("the class with the most spikes over all steps is predicted", "", float, double) {
  st::Sequence<TestType> spk(3, 2, 4);
  spk(0, 0, 1) = spk(1, 0, 1) = 1;  // sample 0: class 1 twice, class 3 once and last
  spk(2, 0, 3) = 1;
  spk(0, 1, 0) = spk(1, 1, 2) = spk(2, 1, 2) = 1;
  CHECK(st::predict(spk) == Classes{1, 2});
  CHECK(st::predict(spk.step(2)) == Classes{3, 2});
  st::Tape<TestType> tape;
  CHECK(st::predict(tape.constant(spk)) == Classes{1, 2});
  CHECK(st::predict(tape.constant(spk.step(2), 10)) == Classes{3, 2});
  const st::Array<TestType> negative = spk.array().topRows(2) - 5;
  CHECK(st::predict(negative) == Classes{1, 0});

  CHECK(st::accuracy(spk, Classes{1, 2}) == 1);
  CHECK(st::accuracy(spk, Classes{1, 0}) == 0.5);
  CHECK(st::accuracy(tape.constant(spk), Classes{0, 0}) == 0);
  CHECK(st::accuracy(spk.step(2), Classes{3, 0}) == 0.5);
}

TEST_CASE("the first of equals wins, and NaN only where there is nothing else") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  st::Array<double> x(5, 3);
  x << 2, 2, 2,     //
      1, 3, 3,      //
      nan, -5, -7,  //
      -5, nan, -4,  //
      nan, nan, nan;
  CHECK(st::predict(x) == Classes{0, 1, 1, 2, 0});
}

TEST_CASE("many steps are summed without loss") {
  st::Sequence<float> x(2, 1, 2);
  x(0, 0, 0) = x(0, 0, 1) = 16777216.0f;  // from here on a float does not see a 1
  x(1, 0, 1) = 1;
  CHECK(st::predict(x) == Classes{1});
}

TEST_CASE("an accuracy that cannot be says why") {
  const auto error = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  const st::Array<float> two = st::Array<float>::Zero(2, 3), none(0, 3), classless(2, 0);
  CHECK(error([&] { static_cast<void>(st::accuracy(two, Classes{1})); }) ==
        "spiketape::accuracy: targets has 1 labels, input has a batch of 2");
  CHECK(error([&] { static_cast<void>(st::accuracy(two, Classes{1, 7})); }) ==
        "spiketape::accuracy: target 1 is 7, expected 0 to 2");
  CHECK(error([&] { static_cast<void>(st::accuracy(two, Classes{-1, 0})); }) ==
        "spiketape::accuracy: target 0 is -1, expected 0 to 2");
  CHECK(error([&] { static_cast<void>(st::accuracy(none, Classes{})); }) ==
        "spiketape::accuracy: input has shape (1, 0, 3), expected at least one sample");
  CHECK(error([&] { static_cast<void>(st::predict(classless)); }) ==
        "spiketape::predict: input has shape (1, 2, 0), expected at least one class");
  CHECK(st::predict(none).empty());
}

}  // namespace accuracy_test
