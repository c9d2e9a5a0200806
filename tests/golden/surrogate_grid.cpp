// The recorded derivative of each surrogate on a grid of x = U − θ, seen through a neuron that only fires:
// with θ = 0, β = 0 and no reset the membrane is the input, and its gradient is the derivative.
#include "leaky_case.hpp"


namespace st = spiketape;

namespace {

template <typename Scalar>
int run_grids(const golden::json& group, const std::string& dtype) {
  int cases = 0;
  for (const golden::json& item : group["cases"]) {
    const golden::json& config = item["config"];
    if (config.value("kind", "") != "elementwise" || config["dtype"] != dtype) continue;
    const std::string name = item["name"];
    if (name.find("overflow") != std::string::npos) continue;  // 0 or NaN there: see unit/surrogate
    const auto surrogate = golden::surrogate_of(config["surrogate"]);
    if (!surrogate) continue;
    INFO(name);
    const golden::Tensor x(item["inputs"]["u_minus_thr"]);
    const st::Leaky<Scalar, st::reset::None, AnySurrogate> lif(
        {.beta = 0, .threshold = 0, .spike_grad = *surrogate});
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

TEST_CASE("surrogate derivatives equal the recorded grids") {
  const golden::json group = golden::read_group("leaky_surrogate");
  CHECK(run_grids<float>(group, "float32") == 7);
  CHECK(run_grids<double>(group, "float64") == 7);
}
