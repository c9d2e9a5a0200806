// Parameters that make no sense are refused where they are given: of policies when a neuron is made with
// them, of optimizers and metrics in their constructors, calls and setters.
#include <spiketape/autograd/check_gradients.hpp>
#include <spiketape/autograd/ops.hpp>
#include <spiketape/data/batches.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/optim/adam.hpp>
#include <spiketape/optim/sgd.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "numeric.hpp"
#include "plain_neurons.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace policy_values_test {

namespace st = spiketape;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

template <typename Run>
std::string error(Run&& run) {
  return error_text<std::invalid_argument>(run);
}

/// The error of a neuron that is made with a surrogate, without the library's name.
template <typename Surrogate>
std::string refused(const Surrogate& surrogate) {
  const std::string text = error(
      [&] { st::Leaky<float, st::reset::Subtract, Surrogate>({.beta = 0.5, .spike_grad = surrogate}); });
  const std::string library = "spiketape::surrogate::";
  REQUIRE(text.rfind(library, 0) == 0);
  return text.substr(library.size());
}
template <typename Surrogate>
void check_taken(const Surrogate& surrogate) {
  CHECK_NOTHROW(st::Leaky<float, st::reset::Subtract, Surrogate>({.beta = 0.5, .spike_grad = surrogate}));
}

/// Refuses a level that it is given.
struct OwnQuantizer {
  float high = 1;
  void check() const {
    if (!(high > 0)) throw std::invalid_argument("mine");
  }
  template <typename Scalar>
  std::vector<Scalar> levels() const {
    return {0, static_cast<Scalar>(high)};
  }
};

}  // namespace

TEST_CASE("a surrogate with a scale that is none is refused when a neuron is made with it") {
  using namespace st::surrogate;
  CHECK(refused(FastSigmoid{.slope = -25}) == "FastSigmoid: slope is -25, expected a finite number above 0");
  CHECK(refused(FastSigmoid{.slope = 0}) == "FastSigmoid: slope is 0, expected a finite number above 0");
  CHECK(refused(Gaussian{.sigma = 0}) == "Gaussian: sigma is 0, expected a finite number above 0");
  CHECK(refused(Gaussian{.sigma = 1e-60}) == "Gaussian: sigma is 1e-60, expected 1e-37 to 1e37");
  CHECK(refused(ATan{.alpha = nan_value}).find("ATan: alpha is ") == 0);
  CHECK(refused(Sigmoid{.slope = infinity}) == "Sigmoid: slope is inf, expected a finite number above 0");
  CHECK(refused(Triangular{.threshold = -1}).find("Triangular: threshold is -1") == 0);
  CHECK(refused(SpikeRateEscape{.beta = -1}).find("SpikeRateEscape: beta is -1") == 0);
  CHECK(refused(SpikeRateEscape{.slope = -1}).find("SpikeRateEscape: slope is -1") == 0);
  CHECK(refused(LeakySpike{.slope = infinity}) == "LeakySpike: slope is inf, expected a finite number");
  CHECK(refused(SparseFastSigmoid{.slope = -1}).find("SparseFastSigmoid: slope is -1") == 0);
  CHECK(refused(SparseFastSigmoid{.boundary = nan_value}).find("SparseFastSigmoid: boundary is ") == 0);
  CHECK(refused(StochasticSpike{.mean = nan_value}).find("StochasticSpike: mean is ") == 0);
  CHECK(refused(StochasticSpike{.variance = infinity}).find("StochasticSpike: variance is ") == 0);
  CHECK(refused(PiecewiseLinear{.slope = 0}).find("PiecewiseLinear: slope is 0") == 0);
  CHECK(refused(Boxcar{.width = -1}).find("Boxcar: width is -1") == 0);
  CHECK(refused(Boxcar{.height = 0}).find("Boxcar: height is 0") == 0);
  CHECK(refused(Erf{.alpha = -2}).find("Erf: alpha is -2") == 0);
  CHECK(refused(Exponential{.alpha = -1}).find("Exponential: alpha is -1") == 0);
  CHECK(refused(Tanh{.slope = 0}).find("Tanh: slope is 0") == 0);
  CHECK(refused(SuperSpike{.alpha = -100}).find("SuperSpike: alpha is -100") == 0);
  CHECK(refused(MultiGaussian{.sigma = 0}).find("MultiGaussian: sigma is 0") == 0);
  CHECK(refused(MultiGaussian{.h = nan_value}).find("MultiGaussian: h is ") == 0);
  CHECK(refused(MultiGaussian{.s = 0}).find("MultiGaussian: s is 0") == 0);
  // What is unusual, but a number, is the user's choice; so in snnTorch.
  check_taken(SparseFastSigmoid{.boundary = -0.5});
  check_taken(LeakySpike{.slope = -0.1});
  check_taken(StochasticSpike{.mean = -1, .variance = 0});
}

TEST_CASE("a policy of a user's may refuse its parameters, too, and levels are finite") {
  using Neuron = st::Leaky<float, st::reset::Subtract, st::surrogate::ATan, OwnQuantizer>;
  CHECK(error([] { Neuron({.beta = 0.5, .state_quant = {.high = -1}}); }) == "mine");
  CHECK(error([] {
          Neuron({.beta = 0.5, .state_quant = {.high = std::numeric_limits<float>::infinity()}});
        }) == "spiketape: a quantizer has the level inf, expected finite ones");
  CHECK_NOTHROW(Neuron({.beta = 0.5}));
}

TEST_CASE("a coefficient is not set to what its option refuses") {
  st::Leaky<float> lif({.beta = 0.5, .threshold = 1});
  const auto nan_float = std::numeric_limits<float>::quiet_NaN(),
             infinite = std::numeric_limits<float>::infinity();
  CHECK(error([&] { lif.beta().set(nan_float); }) ==
        "spiketape::Parameter::set: beta is NaN, expected a number");
  CHECK(error([&] {
          lif.threshold().set(st::Row<float>{{1, nan_float}});
        }) == "spiketape::Parameter::set: threshold is NaN, expected a number");
  CHECK(error([&] { lif.graded_spikes_factor().set(infinite); }) ==
        "spiketape::Parameter::set: graded_spikes_factor is inf, expected a finite number");
  CHECK(lif.beta().array()(0, 0) == 0.5f);
  CHECK(lif.threshold().cols() == 1);
  lif.threshold().set(infinite);  // a readout
  CHECK(lif.threshold().array()(0, 0) == infinite);
  // A weight may be any number: it may come from a training run that has gone wrong.
  st::Parameter<float> weight(1, 1);
  CHECK_NOTHROW(weight.set(nan_float));

  CHECK(error([&] { st::RLeaky<double>({.beta = 0.5, .V = infinity, .all_to_all = false}); }) ==
        "spiketape::RLeaky: V is inf, expected a finite number");
  CHECK(error([&] {
          st::RSynaptic<double>({.alpha = 0.5, .beta = 0.5, .V = infinity, .all_to_all = false});
        }) == "spiketape::RSynaptic: V is inf, expected a finite number");
  CHECK(error([&] { st::Alif<double>({.beta = 0.5, .adaptation = -infinity}); }) ==
        "spiketape::Alif: adaptation is -inf, expected a finite number");
  CHECK(error([&] {
          st::Lapicque<double>({.beta = 0.5, .time_step = infinity});
        }).find("spiketape::Lapicque: T/C is ") == 0);
}

TEST_CASE("an optimizer refuses a rate that is none, also later, and an eps that Scalar does not hold") {
  st::Adam<float> adam({});
  st::SGD<float> sgd({}, {.lr = 0.5});
  static_assert(!std::is_reference_v<decltype(adam.lr())>);
  adam.set_lr(0.25);
  CHECK(adam.lr() == 0.25);
  CHECK(sgd.lr() == 0.5);
  CHECK(error([&] { adam.set_lr(nan_value); }).find("spiketape::Adam: lr is ") == 0);
  CHECK(error([&] { sgd.set_lr(-1); }) == "spiketape::SGD: lr is -1, expected a finite number of at least 0");
  CHECK(error([&] { sgd.set_lr(1e60); }) == "spiketape::SGD: lr is 1e+60, expected at most 3.40282347e+38");
  CHECK(adam.lr() == 0.25);
  CHECK(sgd.lr() == 0.5);
  const std::string least = ", expected at least 1.17549435e-38";
  CHECK(error([] { st::Adam<float>({}, {.eps = 1e-60}); }) == "spiketape::Adam: eps is 1e-60" + least);
  CHECK(error([] { st::Adam<float>({}, {.eps = 0}); }) == "spiketape::Adam: eps is 0" + least);
  CHECK_NOTHROW(st::Adam<double>({}, {.eps = 1e-60}));
}

TEST_CASE("steps and scales that are no numbers are refused") {
  const auto checked = [](const st::CheckGradientsOptions& options) {
    return error([&] {
      static_cast<void>(
          st::check_gradients([](const auto& x) { return x; }, st::Sequence<double>(1, 1, 1), {}, options));
    });
  };
  CHECK(checked({.step = infinity}) ==
        "spiketape::check_gradients: step is inf, expected more than 0 and finite");
  CHECK(checked({.tolerance = infinity}) ==
        "spiketape::check_gradients: tolerance is inf, expected at least 0 and finite");
  st::Images images;
  images.height = images.width = 1;
  images.pixels.setConstant(2, 1, 7);
  images.labels = {0, 1};
  images.scale = 1e60;
  CHECK(error([&] { st::Batches<float>(images, 1, st::Random(1)); }) ==
        "spiketape::Batches: images has the scale 1e+60, expected a finite one");
  CHECK_NOTHROW(st::Batches<double>(images, 1, st::Random(1)));
}

TEST_CASE("gradients of parameters that have none are not checked") {
  st::Random random(47);
  st::Linear<double> linear(3, 2, random);
  const st::Sequence<double> x = numeric::random_sequence<double>(random, {2, 2, 3});
  const auto list = linear.parameters();
  CHECK(st::check_gradients(linear, x, list));
  linear.freeze();
  CHECK(error_text<std::invalid_argument>([&] { static_cast<void>(st::check_gradients(linear, x, list)); }) ==
        "spiketape::check_gradients: parameter 'weight' is frozen or not learned, so it has no gradient, expected "
        "learned ones");
}

}  // namespace policy_values_test
