// The recorded derivative of each surrogate on a grid of x = U − θ, seen through a neuron that only fires:
// with θ = 0, β = 0 and no reset the membrane is the input, and its gradient is the derivative.
#include "leaky_case.hpp"

SPIKETAPE_ANY_NEURON_OF(extern, spiketape::Leaky, float, None)
SPIKETAPE_ANY_NEURON_OF(extern, spiketape::Leaky, double, None)

namespace st = spiketape;

namespace {

template <typename Scalar>
int run_grids(const golden::json& group, const std::string& dtype) {
  int cases = 0;
  for (const golden::json& item : group["cases"]) {
    const golden::json& config = item["config"];
    if (config.value("kind", "") != "elementwise" || config["dtype"] != dtype) continue;
    const std::string name = item["name"];
    if (name.find("overflow") != std::string::npos) continue;  // 0 or NaN there: see below
    const auto surrogate = golden::surrogate_of(config["surrogate"], true);
    INFO(name);
    const golden::Tensor x(item["inputs"]["u_minus_thr"]);
    const st::Leaky<Scalar, st::reset::None, AnySurrogate, AnyQuantizer> lif(
        {.beta = 0, .threshold = 0, .spike_grad = surrogate});
    st::Tape<Scalar> tape;
    const auto input = tape.variable(x.template array<Scalar>(1));
    const auto spk = lif(input).spk;
    tape.backward(st::sum(spk));
    const st::Array<Scalar> spikes = spk.array(), gradient = input.adjoint().array();
    golden::check_equal("spk", spikes, golden::Tensor(item["expected"]["spk"]));
    golden::check_near("grad", gradient, golden::Tensor(item["expected"]["grad"]),
                       tolerance::recorded_value<Scalar>);
    ++cases;
  }
  return cases;
}

}  // namespace

TEMPLATE_TEST_CASE("the sigmoid is stable where snnTorch's is 0 or NaN", "", float, double) {
  const golden::json item =
      golden::find_case(golden::read_group("leaky_surrogate"), std::is_same_v<TestType, float>
                                                                   ? "grid_sigmoid_overflow_float32"
                                                                   : "grid_sigmoid_overflow_float64");
  const double slope = item["config"]["surrogate"]["slope"];
  for (const double recorded : golden::Tensor(item["inputs"]["u_minus_thr"]).data) {
    const auto x = static_cast<TestType>(recorded);
    INFO("x = " << x);
    const double e = std::exp(-slope * std::abs(static_cast<double>(x)));
    const double expected = slope * e / ((1 + e) * (1 + e));
    const double derivative = static_cast<double>(st::surrogate::Sigmoid{slope}.derivative(x));
    // Denormal numbers have fewer digits.
    CHECK(derivative == Approx(expected).epsilon(1e-4).margin(std::numeric_limits<TestType>::min()));
  }
}

TEST_CASE("the noise of SSO has the recorded bounds and moments, and repeats with its seed") {
  int cases = 0;
  const golden::json group = golden::read_group("leaky_surrogate");
  for (const golden::json& item : group["cases"]) {
    const golden::json &config = item["config"], &expected = item["expected"];
    if (config.value("kind", "") != "random") continue;
    INFO(item["name"]);
    const auto sso = [&](std::uint64_t seed) {
      return st::surrogate::SSO{.mean = config["surrogate"]["mean"], .variance = config["surrogate"]["variance"], .seed = seed};
    };
    const std::uint64_t draws = expected["draws"];
    double sum = 0, squares = 0, least = 1e9, largest = -1e9;
    int equal = 0;
    for (std::uint64_t element = 0; element < draws; ++element) {
      const double d = sso(1).derivative(-0.5, element);
      sum += d;
      squares += d * d;
      least = std::min(least, d);
      largest = std::max(largest, d);
      if (d == sso(2).derivative(-0.5, element)) ++equal;
    }
    const double mean = sum / double(draws), deviation = std::sqrt(squares / double(draws) - mean * mean);
    const double exact_mean = expected["sub_mean_exact"], exact_deviation = expected["sub_std_exact"];
    CHECK(std::abs(mean - exact_mean) < 4 * exact_deviation / std::sqrt(double(draws)));
    CHECK(deviation == Approx(exact_deviation).epsilon(0.01));
    CHECK(least >= expected["sub_min_bound"].get<double>());
    CHECK(largest <= expected["sub_max_bound"].get<double>());
    CHECK(largest - least > 0.999 * (expected["sub_max_bound"].get<double>() - expected["sub_min_bound"].get<double>()));
    CHECK(equal < 5);
    CHECK(sso(1).derivative(0.5, 0) == 1);
    CHECK(sso(1).derivative(0.0, 0) != 1);
    ++cases;
  }
  CHECK(cases == 2);
}

TEST_CASE("surrogate derivatives equal the recorded grids") {
  const golden::json group = golden::read_group("leaky_surrogate");
  CHECK(run_grids<float>(group, "float32") == 20);
  CHECK(run_grids<double>(group, "float64") == 20);
}
