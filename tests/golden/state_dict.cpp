// Networks of snnTorch, loaded from their state_dicts: the spikes and states are those recorded, and what is
// saved again are the same tensors to the byte.
#include "../plain_neurons.hpp"
#include "record.hpp"

#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include <string>
#include <tuple>
#include <type_traits>

namespace st = spiketape;

namespace {

/// fc1, lif1, fc2, lif2, made with other numbers than the file has.
template <typename First, typename Second>
void check(const std::string& name, First&& first, Second&& second, bool bias = true) {
  using Scalar = typename std::remove_cvref_t<First>::Scalar;
  const std::string dtype = sizeof(Scalar) == 4 ? "float32" : "float64";
  INFO(name << ' ' << dtype);
  const golden::json item = golden::find_case(golden::read_group("state_dict"), name + '_' + dtype);
  st::Random random(3);
  st::Sequential net(st::named("fc1", st::Linear<Scalar>(5, 8, random)),
                     st::named("lif1", std::forward<First>(first)),
                     st::named("fc2", st::Linear<Scalar>(8, 3, random, {.bias = bias})),
                     st::named("lif2", std::forward<Second>(second)));
  const auto path =
      std::string(SPIKETAPE_GOLDEN_DATA) + '/' + item["config"]["file"].template get<std::string>();
  CHECK(st::load(net, path).text().empty());

  const golden::Tensor x(item["inputs"]["x"]);
  st::Sequence<Scalar> input(x.sequence());
  input.array() = x.array<Scalar>(input.steps() * input.batch());
  auto state = net.state(input.batch());
  const auto result = net(input, state);
  golden::check_equal("spk", st::Array<Scalar>(result.spk.array()), golden::Tensor(item["expected"]["spk"]));
  const double tolerance = tolerance::recorded_value<Scalar>;
  golden::check_near("mem", st::Array<Scalar>(result.mem.array()), golden::Tensor(item["expected"]["mem"]), tolerance);
  if constexpr (requires { result.syn; })
    golden::check_near("syn", st::Array<Scalar>(result.syn.array()), golden::Tensor(item["expected"]["syn"]), tolerance);

  const st::Safetensors saved = st::state_dict(net), given = st::read_safetensors(path);
  REQUIRE(saved.tensors.size() == given.tensors.size());
  for (std::size_t k = 0; k < given.tensors.size(); ++k) {
    INFO(given.tensors[k].name);
    CHECK(saved.tensors[k].name == given.tensors[k].name);
    CHECK(saved.tensors[k].type == given.tensors[k].type);
    CHECK(saved.tensors[k].shape == given.tensors[k].shape);
    CHECK(saved.tensors[k].bytes == given.tensors[k].bytes);
  }
}

template <typename Scalar>
void check_all() {
  const auto leaky = [](bool reset_delay = true) {
    return st::Leaky<Scalar>({.beta = 0.1, .reset_delay = reset_delay, .snntorch_exact = true});
  };
  st::Random random(5);
  check("leaky", leaky(), st::Leaky<Scalar, st::reset::ZeroBeforeInput>({.beta = 0.1}));
  check("graded", leaky(), leaky(false), false);
  check("synaptic", st::Synaptic<Scalar>({.alpha = 0.1, .beta = 0.1}), st::Synaptic<Scalar>({.alpha = 0.1, .beta = 0.1}));
  check("rleaky", st::RLeaky<Scalar>({.beta = 0.1, .linear_features = 8}, random),
        st::RLeaky<Scalar>({.beta = 0.1, .all_to_all = false}));
  check("rsynaptic", st::RSynaptic<Scalar>({.alpha = 0.1, .beta = 0.1, .linear_features = 8}, random),
        st::RSynaptic<Scalar>({.alpha = 0.1, .beta = 0.1, .all_to_all = false}));
  check("lapicque", st::Lapicque<Scalar>({.beta = 0.1, .snntorch_exact = true}), leaky());
  check("lapicque", st::Lapicque<Scalar>({.R = 5, .C = 2, .time_step = 0.5, .snntorch_exact = true}), leaky());
  check("alpha", st::Alpha<Scalar>({.alpha = 0.2, .beta = 0.1, .snntorch_exact = true}), leaky());
}

}  // namespace

TEST_CASE("state_dicts of snnTorch, float64") { check_all<double>(); }
TEST_CASE("state_dicts of snnTorch, float32") { check_all<float>(); }
