// What is saved and loaded.
//
// CASE_LOAD_CONST: a const network is loaded, expected one that may change
// CASE_LOAD_STATE_DICT_CONST: a const network is loaded, expected one that may change
// CASE_SAVE_ARRAY: what is saved and loaded is a network or a layer
// CASE_CHECKPOINT_ROW: a part is a network, an optimizer
// CASE_CHECKPOINT_MATRIX: a part is a network, an optimizer
// CASE_CHECKPOINT_VECTOR: a part is a network, an optimizer
// CASE_CHECKPOINT_PARAMETER: a part is a network, an optimizer
// CASE_CHECKPOINT_LONG_DOUBLE: a part is a network, an optimizer
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>

#include <vector>

namespace st = spiketape;

int main() {
  st::Random random(1);
  st::Sequential net{st::Linear<float>(3, 2, random)};
  [[maybe_unused]] const auto constant = net;
#if defined(CASE_LOAD_CONST)
  st::load(constant, "net.safetensors");
#elif defined(CASE_LOAD_STATE_DICT_CONST)
  st::load_state_dict(constant, st::state_dict(net));
#elif defined(CASE_SAVE_ARRAY)
  st::save(Eigen::MatrixXf(2, 2), "net.safetensors");
#elif defined(CASE_CHECKPOINT_ROW)
  st::Row<float> row(3);
  const st::Checkpoint checkpoint{{"row", row}};
#elif defined(CASE_CHECKPOINT_MATRIX)
  Eigen::MatrixXd matrix(2, 2);
  const st::Checkpoint checkpoint{{"matrix", matrix}};
#elif defined(CASE_CHECKPOINT_VECTOR)
  std::vector<int> numbers;
  const st::Checkpoint checkpoint{{"numbers", numbers}};
#elif defined(CASE_CHECKPOINT_PARAMETER)
  auto& parameter = net.parameter("0.weight");
  const st::Checkpoint checkpoint{{"weight", parameter}};
#elif defined(CASE_CHECKPOINT_LONG_DOUBLE)
  long double number = 0;
  const st::Checkpoint checkpoint{{"number", number}};
#else
  st::load(net, "net.safetensors");
  st::save(constant, "net.safetensors");
  auto& layer = net.layer<0>();
  double number = 0;
  st::Array<float> array;
  const st::Checkpoint checkpoint{{"net", net}, {"layer", layer}, {"number", number}, {"array", array}};
#endif
}
