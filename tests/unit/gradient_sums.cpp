#include <spiketape/autograd/gradient_sums.hpp>

#include "catch.hpp"
#include "numeric.hpp"

#include <vector>

namespace gradient_sums_test {

namespace st = spiketape;
using numeric::same;
using st::Index;

namespace {

using Parameter = st::Parameter<double>;
using Sums = st::GradientSums<double>;

/// Adds one number everywhere, as a tape would.
void add(st::GradientSum<double>& sum, double number) {
  double* values = sum.open();
  for (std::size_t i = 0; i < sum.values.size(); ++i) values[i] += number;
}

st::Array<double> filled(Index rows, Index cols, double number) {
  return st::Array<double>::Constant(rows, cols, number);
}

}  // namespace

TEST_CASE("gradients add up until they are cleared") {
  const Parameter weight("weight", 3, 5), bias("bias", 1, 5);
  Sums sums;
  CHECK_FALSE(sums.has(weight));
  CHECK(same(sums.gradient(weight), filled(3, 5, 0)));
  CHECK(sums.find(weight.ptr()) == nullptr);

  st::GradientSum<double>& place = sums.sum_of(weight.ptr());
  CHECK_FALSE(sums.has(weight));  // met, but not reached
  add(place, 2);
  add(place, 3);
  add(sums.sum_of(bias.ptr()), 7);
  CHECK(sums.has(weight));
  CHECK(same(sums.gradient(weight), filled(3, 5, 5)));
  CHECK(&sums.sum_of(weight.ptr()) == &place);
  CHECK(sums.find(weight.ptr()) == &place);

  sums.clear(weight.ptr());
  CHECK_FALSE(sums.has(weight));
  CHECK(same(sums.gradient(weight), filled(3, 5, 0)));
  CHECK(same(sums.gradient(bias), filled(1, 5, 7)));
  add(place, 1);  // what was there before is gone
  CHECK(same(sums.gradient(weight), filled(3, 5, 1)));
  sums.clear();
  CHECK_FALSE(sums.has(weight));
  CHECK_FALSE(sums.has(bias));
}

TEST_CASE("a gradient lies as its parameter does") {
  const Parameter weight("weight", 2, 3);
  Sums sums;
  double* values = sums.sum_of(weight.ptr()).open();
  for (Index row = 0; row < 2; ++row)
    for (Index col = 0; col < 3; ++col)
      values[row * weight.stride() + col] = static_cast<double>(10 * row + col);
  st::Array<double> expected(2, 3);
  expected << 0, 1, 2, 10, 11, 12;
  CHECK(same(sums.gradient(weight), expected));
}

TEST_CASE("a copied parameter has a gradient of its own") {
  const Parameter weight("weight", 2, 3);
  const Parameter copy = weight;  // NOLINT: it is the copy that is tested
  Sums sums;
  add(sums.sum_of(weight.ptr()), 2);
  CHECK_FALSE(sums.has(copy));
}

TEST_CASE("the places of gradients stay where they are, and outlive the parameters' owners") {
  Sums sums;
  std::vector<st::GradientSum<double>*> places;
  std::vector<st::ParameterPtr<double>> parameters;
  for (int i = 0; i < 50; ++i) {
    parameters.push_back(Parameter("weight", 1, 2).ptr());
    places.push_back(&sums.sum_of(parameters.back()));
  }
  for (std::size_t i = 0; i < places.size(); ++i) CHECK(&sums.sum_of(parameters[i]) == places[i]);
  add(*places[7], 3);
  CHECK(same(sums.gradient(parameters[7]), filled(1, 2, 3)));
}

TEST_CASE("a shared number's gradient is the sum over its neurons, whatever their number in each call") {
  const Parameter beta("beta", 1, 1);
  Sums sums;
  const auto add_row = [&](Index features, double number) {
    st::GradientSum<double>& sum = sums.shared_sum_of(beta.ptr(), features);
    double* values = sum.open();
    for (Index i = 0; i < features; ++i) values[i] += number;
  };
  add_row(5, 2);
  CHECK(same(sums.gradient(beta), filled(1, 1, 10)));
  add_row(100, 1);  // a wider layer: the row grows, what it held stays
  CHECK(same(sums.gradient(beta), filled(1, 1, 110)));
  add_row(3, 1);
  CHECK(same(sums.gradient(beta), filled(1, 1, 113)));
  sums.clear();
  add_row(5, 1);  // and nothing of the wider row is left
  CHECK(same(sums.gradient(beta), filled(1, 1, 5)));

  // In float, a plain sum would stand still at 2^24.
  const st::Parameter<float> wide("beta", 1, 1);
  st::GradientSums<float> floats;
  st::GradientSum<float>& sum = floats.shared_sum_of(wide.ptr(), 101);
  float* values = sum.open();
  values[0] = 16777216.0f;
  for (int i = 1; i <= 100; ++i) values[i] = 1;
  CHECK(floats.gradient(wide)(0, 0) == 16777316.0f);
}

TEST_CASE("the sums of shards are joined parameter by parameter") {
  const Parameter weight("weight", 3, 5), beta("beta", 1, 1), untouched("bias", 1, 5);
  Sums first, second, total;
  add(first.sum_of(weight.ptr()), 2);
  first.shared_sum_of(beta.ptr(), 4).open()[3] = 5;
  add(second.sum_of(weight.ptr()), 3);
  second.shared_sum_of(beta.ptr(), 40).open()[39] = 6;
  second.sum_of(untouched.ptr());  // met, but not reached
  total.add(first);
  CHECK(same(total.gradient(weight), filled(3, 5, 2)));
  total.add(second);
  CHECK(same(total.gradient(weight), filled(3, 5, 5)));
  CHECK(same(total.gradient(beta), filled(1, 1, 11)));
  CHECK_FALSE(total.has(untouched));
  CHECK(same(first.gradient(weight), filled(3, 5, 2)));

  total.clear();
  second.clear(weight.ptr());
  total.add(second);
  CHECK_FALSE(total.has(weight));
  CHECK(same(total.gradient(beta), filled(1, 1, 6)));
}

TEST_CASE("threads that join gradients share all parameters, in the order of the shards") {
  st::Random random(7);
  // Ranges of threads end within parameters, and the small one is no range of its own.
  const Parameter parameters[] = {Parameter(130, 90), Parameter(1, 5), Parameter(301, 33)};
  std::vector<Sums> shards(3);
  std::vector<const Sums*> others;
  for (std::size_t i = 0; i < 3; ++i) {
    others.push_back(&shards[i]);
    for (std::size_t k = 0; k < 3; ++k) {
      if (i == k) continue;  // not all shards reach all parameters
      st::GradientSum<double>& sum = shards[i].sum_of(parameters[k].ptr());
      sum.open();
      for (double& value : sum.values) value = random.uniform(-1, 1);
    }
  }
  for (const int threads : {7, 3, 2, 1}) {  // the largest first: libomp leaks a little where a team grows
    INFO(threads << " threads");
    Sums total;
    add(total.sum_of(parameters[0].ptr()), 1);
    total.add_all(others, threads);
    for (std::size_t k = 0; k < 3; ++k) {
      INFO("parameter " << k);
      st::Array<double> expected = filled(parameters[k].rows(), parameters[k].cols(), k == 0 ? 1 : 0);
      for (std::size_t i = 0; i < 3; ++i)
        if (i != k) expected += shards[i].gradient(parameters[k]);
      CHECK(same(total.gradient(parameters[k]), expected));
    }
  }
}

}  // namespace gradient_sums_test
