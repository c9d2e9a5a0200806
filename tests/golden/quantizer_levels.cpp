// The recorded levels of state_quant, to the last bit, and the level that each of some membranes takes.
#include "../any_neuron.hpp"
#include "leaky_case.hpp"

namespace st = spiketape;

SPIKETAPE_ANY_NEURON_OF(extern, st::Leaky, float, None)

namespace {

/// `InNeuron` is the quantizer's type in the neuron: float's scans are compiled once for a program.
template <typename Scalar, typename Quantizer,
          typename InNeuron = std::conditional_t<std::is_same_v<Scalar, float>, AnyQuantizer, Quantizer>>
void check_levels(const golden::json& item) {
  const auto quantizer = golden::quantizer_of<Quantizer>(item["config"]["state_quant"]);
  const std::vector<Scalar> levels = quantizer.template levels<Scalar>();
  const golden::Tensor recorded(item["expected"]["levels"]);
  REQUIRE(levels.size() == recorded.data.size());
  bool equal = true;
  for (std::size_t k = 0; k < levels.size(); ++k) equal = equal && levels[k] == static_cast<Scalar>(recorded.data[k]);
  CHECK(equal);

  // A neuron that only quantizes: beta 0 and no reset.
  const golden::Tensor x(item["inputs"]["x"]), y(item["expected"]["y"]);
  // The difference between the distances of the two nearest levels; in cases without, no x is near a tie.
  golden::Tensor gap;
  if (item["info"].contains("gap")) gap = golden::Tensor(item["info"]["gap"]);
  using Surrogate = std::conditional_t<std::is_same_v<Scalar, float>, AnySurrogate, st::surrogate::ATan>;
  const st::Leaky<Scalar, st::reset::None, Surrogate, InNeuron> lif({.beta = 0, .state_quant = InNeuron(quantizer)});
  st::Tape<Scalar> tape;
  const auto input = tape.variable(x.template array<Scalar>(1));
  const auto mem = lif(input).mem;
  int compared = 0;
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    // Between two levels whose distances are a few ulp apart, rounding decides; exact ties do not round.
    const double few_ulp = 8 * std::numeric_limits<Scalar>::epsilon() * std::max(1.0, std::abs(x.data[i]));
    if (!gap.data.empty() && gap.data[i] > 0 && gap.data[i] < few_ulp) continue;
    INFO("x = " << x.data[i]);
    CHECK(mem.array()(0, static_cast<st::Index>(i)) == static_cast<Scalar>(y.data[i]));
    ++compared;
  }
  CHECK(compared > static_cast<int>(x.data.size()) / 2);
  tape.backward(st::sum(mem));
  CHECK((input.adjoint().array() == 1).all());
}

template <typename Scalar>
int run(const golden::json& group, const std::string& dtype) {
  int cases = 0;
  for (const golden::json& item : group["cases"]) {
    const golden::json& config = item["config"];
    if (config.value("kind", "") != "levels" || config["dtype"] != dtype) continue;
    INFO(item["name"]);
    if (config["state_quant"]["uniform"])
      check_levels<Scalar, st::quant::Uniform>(item);
    else
      check_levels<Scalar, st::quant::NonUniform>(item);
    ++cases;
  }
  return cases;
}

}  // namespace

TEST_CASE("the levels of state_quant equal the record") {
  const golden::json group = golden::read_group("leaky_quant");
  CHECK(run<float>(group, "float32") == 68);
  CHECK(run<double>(group, "float64") == 68);
}
