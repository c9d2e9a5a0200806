// A network of snnTorch, loaded from its state_dict: the spikes and states are those recorded, and what is saved
// again are the same tensors to the byte.
#pragma once
#include "../plain_neurons.hpp"
#include "record.hpp"

#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>

#include <cstdlib>
#include <string>

namespace golden_state {

namespace st = spiketape;

/// Loads a layer from its part of a file, and saves it again; also to a file, for python.py, where that asks.
template <typename L>
void load(L& layer, const st::Safetensors& given, const std::string& name, const std::string& prefix) {
  INFO(prefix);
  CHECK(st::load_state_dict(layer, given, {.prefix = prefix}).complete());
  const st::Safetensors saved = st::state_dict(layer);
  std::size_t k = 0;
  for (const st::Tensor& tensor : given.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    INFO(tensor.name);
    REQUIRE(k < saved.tensors.size());
    st::Tensor renamed = saved.tensors[k];
    renamed.name = prefix + renamed.name;
    CHECK((renamed == tensor));
    ++k;
  }
  CHECK(k == saved.tensors.size());
  if (const char* folder = std::getenv("SPIKETAPE_STATE_DICTS"); folder != nullptr)
    st::save(layer, std::string(folder) + '/' + name + '.' + prefix + "safetensors");
}

/// Neurons that were made with other numbers than the file has, behind Linear layers.
template <typename First, typename Second>
void check(const std::string& name, First lif1, Second lif2, bool bias = true) {
  using Scalar = typename First::Scalar;
  const std::string dtype = sizeof(Scalar) == 4 ? "float32" : "float64";
  INFO(name << ' ' << dtype);
  const golden::json item = golden::find_case(golden::read_group("state_dict"), name + '_' + dtype);
  const auto file = std::string(SPIKETAPE_GOLDEN_DATA) + '/' + item["config"]["file"].template get<std::string>();
  st::Random random(3);
  st::Linear<Scalar> fc1(5, 8, random), fc2(8, 3, random, {.bias = bias});
  const st::Safetensors given = st::read_safetensors(file);
  load(fc1, given, name + '_' + dtype, "fc1.");
  load(lif1, given, name + '_' + dtype, "lif1.");
  load(fc2, given, name + '_' + dtype, "fc2.");
  load(lif2, given, name + '_' + dtype, "lif2.");

  const golden::Tensor x(item["inputs"]["x"]);
  st::Sequence<Scalar> input(x.sequence());
  input.array() = x.array<Scalar>(input.steps() * input.batch());
  const auto result = lif2(fc2(lif1(fc1(input)).spk));
  golden::check_equal("spk", st::Array<Scalar>(result.spk.array()), golden::Tensor(item["expected"]["spk"]));
  const double tolerance = tolerance::recorded_value<Scalar>;
  golden::check_near("mem", st::Array<Scalar>(result.mem.array()), golden::Tensor(item["expected"]["mem"]), tolerance);
  if constexpr (requires { result.syn; })
    golden::check_near("syn", st::Array<Scalar>(result.syn.array()), golden::Tensor(item["expected"]["syn"]), tolerance);
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

}  // namespace golden_state
