// Every surrogate of the library against its own antiderivative, its band, and its lanes.
#include "../any_surrogate.hpp"
#include "../catch.hpp"

#include <cmath>
#include <type_traits>
#include <vector>

namespace surrogate_test {

namespace st = spiketape;

namespace {

/// Places on both sides of the threshold, none of them where a derivative jumps.
std::vector<double> places() {
  std::vector<double> x;
  for (int i = -40; i < 40; ++i) x.push_back(0.05 * i + 0.0123);
  return x;
}

/// Calls visit with every surrogate that has an antiderivative.
template <typename Visit>
void for_surrogates(Visit&& visit) {
  for (int kind = 0; kind < AnySurrogate::with_primitive; ++kind) {
    INFO("surrogate " << kind);
    AnySurrogate{static_cast<AnySurrogate::Kind>(kind)}.visit(visit);
  }
}

}  // namespace

TEST_CASE("a surrogate's derivative is that of its primitive") {
  for_surrogates([](const auto& surrogate) {
    for (const double x : places()) {
      INFO("x = " << x);
      const double h = 1e-6;
      const double difference = (surrogate.primitive(x + h) - surrogate.primitive(x - h)) / (2 * h);
      CHECK(surrogate.derivative(x) == Approx(difference).epsilon(1e-5).margin(1e-7));
    }
  });
}

TEST_CASE("a surrogate with a band is zero outside it, and not right inside") {
  int banded = 0;
  for_surrogates([&](const auto& surrogate) {
    if constexpr (requires { surrogate.band(); }) {
      ++banded;
      for (const double sign : {-1.0, 1.0}) {
        CHECK(surrogate.derivative(sign * surrogate.band()) == 0);
        CHECK(surrogate.derivative(sign * 3 * surrogate.band()) == 0);
        CHECK(surrogate.derivative(sign * 0.999 * surrogate.band()) > 0);
      }
    }
  });
  CHECK(banded == 3);  // PiecewiseLinear, Boxcar, SparseFastSigmoid
}

TEMPLATE_TEST_CASE("a surrogate's lanes give what its numbers give", "", float, double) {
  using Lane = st::Lane<TestType>;
  for_surrogates([](const auto& surrogate) {
    for (const double place : places()) {
      const auto x = static_cast<TestType>(place);
      INFO("x = " << x);
      TestType lane[Lane::size];
      surrogate.derivative(Lane(x)).store(lane);
      const double tolerance = std::is_same_v<TestType, float> ? 1e-5 : 1e-12;
      for (const TestType number : lane)
        CHECK(double(number) == Approx(double(surrogate.derivative(x))).epsilon(tolerance).margin(1e-30));
    }
  });
}

TEST_CASE("the noise of a random surrogate belongs to the element, not to its place in a lane") {
  using Lane = st::Lane<float>;
  const st::surrogate::StochasticSpike sso{.seed = 3};
  float lane[Lane::size];
  sso.derivative(Lane(-0.25f), 100).store(lane);
  for (st::Index i = 0; i < Lane::size; ++i)
    CHECK(lane[i] == Approx(sso.derivative(-0.25f, 100 + static_cast<std::uint64_t>(i))));
}

TEST_CASE("the derivatives at the threshold are those of the papers") {
  using namespace st::surrogate;
  CHECK(ATan{}.derivative(0.0) == 1);
  CHECK(FastSigmoid{}.derivative(0.0) == 1);
  CHECK(Sigmoid{}.derivative(0.0) == Approx(25.0 / 4));
  CHECK(SpikeRateEscape{}.derivative(0.0) == 25);
  CHECK(Triangular{}.derivative(0.0) == -1);
  CHECK(Heaviside{}.derivative(0.0) == 0);
  CHECK(LSO{}.derivative(0.0) == Approx(0.1));
  CHECK(PiecewiseLinear{}.derivative(0.0) == 1);
  CHECK(Boxcar{}.derivative(0.0) == 0.5);
  CHECK(Gaussian{}.derivative(0.0) == Approx(0.7978845608));
  CHECK(Erf{}.derivative(0.0) == Approx(1.1283791671));
  CHECK(Exponential{}.derivative(0.0) == 0.5);
  CHECK(Tanh{}.derivative(0.0) == 1);
  CHECK(SuperSpike{}.derivative(0.0) == 1);
  // (1 + h)·0.79788 − 2h·N(0.5; 0, 3²)
  CHECK(MultiGaussian{}.derivative(0.0) ==
        Approx(1.15 * 0.7978845608 - 0.3 * std::exp(-0.5 / 36) / (3 * std::sqrt(2 * 3.14159265358979))));
}

}  // namespace surrogate_test
