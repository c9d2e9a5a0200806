#include <spiketape/functional/accuracy.hpp>
#include <spiketape/functional/prediction.hpp>

#include <spiketape/autograd/steps.hpp>
#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/random.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <cmath>
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

TEMPLATE_TEST_CASE("a running prediction is that of all steps so far", "", float, double) {
  st::Random random(7);
  st::Sequence<TestType> x(9, 5, 4);
  for (TestType& number : x.array().reshaped()) number = static_cast<TestType>(random.uniform(-1, 1));
  st::RunningPrediction seen;
  for (st::Index t = 0; t < 9; ++t) {
    seen.add(x.step(t));
    const auto so_far = st::steps(x, 0, t + 1);
    CHECK(Classes(seen.classes().begin(), seen.classes().end()) == st::predict(so_far));
    for (const auto over : {st::OverSteps::sum, st::OverSteps::mean})
      CHECK((seen.probabilities(over) == st::class_probabilities(so_far, over)).all());
  }
  CHECK(seen.steps() == 9);
  st::Tape<TestType> tape;
  CHECK((st::class_probabilities(tape.constant(x)) == seen.probabilities()).all());
  CHECK((st::class_probabilities(tape.constant(x.step(2), 3)) ==
         st::class_probabilities(st::repeat(x.step(2), 3)))
            .all());
}

TEST_CASE("probabilities are the softmax of the sum or of the mean over steps") {
  st::Sequence<float> spk(4, 2, 3);
  for (st::Index t = 0; t < 4; ++t) spk(t, 0, 1) = 1;
  spk(0, 0, 2) = spk(1, 0, 2) = 1;  // counts 0 4 2 and 0 0 0
  const st::Array<double> sum = st::class_probabilities(spk);
  const st::Array<double> mean = st::class_probabilities(spk, st::OverSteps::mean);
  const double e = std::exp(1.0), of_mean = 1 + e + std::sqrt(e);
  const double of_sum = 1 + std::pow(e, 4) + std::pow(e, 2);
  CHECK(sum(0, 1) == Approx(std::pow(e, 4) / of_sum));
  CHECK(sum(0, 2) == Approx(std::pow(e, 2) / of_sum));
  CHECK(mean(0, 1) == Approx(e / of_mean));
  CHECK(mean(0, 2) == Approx(std::sqrt(e) / of_mean));
  CHECK((sum.row(1) == 1.0 / 3).all());
  // Large sums do not overflow.
  CHECK(st::class_probabilities(st::Array<double>{{5000, 4000}})(0, 0) == 1);
}

TEST_CASE("with a decay old steps are forgotten") {
  st::RunningPrediction seen({.decay = 0.5});
  seen.add(st::Array<float>{{3, 0}});
  CHECK(seen.classes()[0] == 0);
  seen.add(st::Array<float>{{0, 1}});
  CHECK(seen.classes()[0] == 0);  // 1.5 and 1
  seen.add(st::Array<float>{{0, 1}});
  CHECK(seen.classes()[0] == 1);  // 0.75 and 1.5
  CHECK((seen.sums() == st::Array<double>{{0.75, 1.5}}).all());
  CHECK(seen.probabilities(st::OverSteps::mean)(0, 1) == Approx(1 / (1 + std::exp(-0.75 / 1.75))));
  seen.reset();
  seen.add(st::Array<float>{{1, 2, 3}, {3, 2, 1}});
  CHECK(Classes(seen.classes().begin(), seen.classes().end()) == Classes{2, 0});
}

TEST_CASE("a running prediction that cannot be says why") {
  const auto error = [](auto&& run) { return error_text<std::invalid_argument>(run); };
  CHECK(error([] { st::RunningPrediction({.decay = 1.5}); }) ==
        "spiketape::RunningPrediction: decay is 1.5, expected 0 to 1");
  CHECK(error([] { st::RunningPrediction({.decay = std::nan("")}); }) ==
        "spiketape::RunningPrediction: decay is nan, expected 0 to 1");
  st::RunningPrediction seen;
  CHECK(error([&] { static_cast<void>(seen.classes()); }) ==
        "spiketape::RunningPrediction::classes: no step was added, expected one");
  CHECK(error([] { static_cast<void>(st::class_probabilities(st::Sequence<float>(0, 1, 2))); }) ==
        "spiketape::RunningPrediction::probabilities: no step was added, expected one");
  CHECK(error([&] { seen.add(st::Array<float>(2, 0)); }) ==
        "spiketape::RunningPrediction: input has shape (1, 2, 0), expected at least one class");
  seen.add(st::Array<float>{{1, 2}});
  CHECK(error([&] { seen.add(st::Array<float>{{1, 2, 3}}); }) ==
        "spiketape::RunningPrediction: input has a batch of 1 and 3 classes, the steps before have 1 and 2: call "
        "reset() before another stream");
}

}  // namespace accuracy_test
