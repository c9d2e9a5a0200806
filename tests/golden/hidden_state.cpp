// Recorded cases about the life of a hidden membrane that are no plain neuron cases.
#include "../errors.hpp"
#include "../plain_neurons.hpp"
#include "leaky_parity.hpp"

namespace st = spiketape;

namespace {

template <typename Scalar>
st::Sequence<Scalar> sequence_of(const golden::json& tensor) {
  const golden::Tensor recorded(tensor);
  st::Sequence<Scalar> sequence(recorded.sequence());
  sequence.array() = recorded.array<Scalar>(sequence.steps() * sequence.batch());
  return sequence;
}

template <typename Scalar>
golden::json find(const char* start) {
  const golden::json group = golden::read_group("leaky_init_hidden");
  return golden::find_case(group, std::string(start) + (std::is_same_v<Scalar, float> ? "float32" : "float64"));
}

}  // namespace

TEMPLATE_TEST_CASE("a hidden membrane persists from call to call, and another batch needs reset_mem", "", float, double) {
  const golden::json item = find<TestType>("state_persists_then_batch_change_");
  const golden::json &inputs = item["inputs"], &expected = item["expected"];
  const double beta = item["config"]["beta"];
  const st::Leaky<TestType> lif({.beta = beta, .init_hidden = true});
  const auto check = [&](const char* input, const char* spk, const char* mem) {
    const auto result = lif(sequence_of<TestType>(inputs[input]));
    golden::check_equal(spk, result.spk.array(), golden::Tensor(expected[spk]));
    golden::check_near(mem, result.mem.array(), golden::Tensor(expected[mem]), tolerance::recorded_value<TestType>);
  };
  check("seq1", "spk1", "mem1");
  check("seq2", "spk2", "mem2");
  // snnTorch silently starts from zeros here.
  CHECK_THROWS_AS(lif(sequence_of<TestType>(inputs["seq3_other_batch"])), std::invalid_argument);
  lif.reset_mem();
  check("seq3_other_batch", "spk3", "mem3");
}

TEMPLATE_TEST_CASE("an initial membrane of the wrong shape is an error, where snnTorch takes zeros", "", float, double) {
  const golden::json item = find<TestType>("mem0_wrong_shape_ignored_");
  const golden::json &inputs = item["inputs"], &expected = item["expected"];
  const double beta = item["config"]["beta"];
  const st::Leaky<TestType> lif({.beta = beta});
  const auto input = golden::Tensor(inputs["current"]).array<TestType>(3);
  const auto mem0 = golden::Tensor(inputs["mem0"]).array<TestType>(1);
  CHECK_THROWS_AS(lif(input, mem0), std::invalid_argument);
  const auto result = lif(input);
  golden::check_equal("spk", result.spk, golden::Tensor(expected["spk"]));
  golden::check_near("mem", result.mem, golden::Tensor(expected["mem"]), tolerance::recorded_value<TestType>);
}
