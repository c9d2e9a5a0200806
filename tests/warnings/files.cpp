// Tensors, networks and checkpoints in files once, to be compiled with the warnings of flags.cmake.
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/spiketape.hpp>
#ifdef SPIKETAPE_TEST_ZLIB
#include <spiketape/io/npz.hpp>
#endif

#include <string>
#include <utility>

#include "warnings.hpp"

namespace st = spiketape;

void warnings::use_files() {
  const st::Tensor tensor = st::read_npy("images.npy");
  st::Safetensors tensors = st::read_safetensors("net.safetensors");
  tensors.tensors.push_back(st::to_tensor("a", st::to_array<float>(tensor)));
  tensors.tensors.push_back(st::to_tensor("b", st::to_sequence<double>(tensor)));
  tensors.tensors.push_back(st::to_tensor("c", st::to_labels(tensor)));
#ifdef SPIKETAPE_TEST_ZLIB
  for (st::Tensor& array : st::read_npz("arrays.npz")) tensors.tensors.push_back(std::move(array));
#endif
  st::write_npy("a.npy", *tensors.find("a"));
  st::write_safetensors("net.safetensors", tensors);

  const auto digits = st::read_images("images", "labels", 1.0);
  st::Random random(1);
  st::Sequential net{st::Linear<float>(8, 8, random),
                     st::Alpha<float, st::reset::Zero, st::surrogate::FastSigmoid, st::quant::NonUniform>(
                         {.alpha = 0.75F, .beta = 0.5F}),
                     st::Lapicque<float>({.beta = 0.5F, .init_hidden = true}),
                     st::RLeaky<float>({.beta = 0.5F, .linear_features = 8}, random)};
  st::save(net, "net.safetensors");
  const st::LoadReport report = st::load(
      net, "net.safetensors", {.strict = false, .convert = true, .prefix = "net.", .names = {{"a", "b"}}});

  st::Adam<float> adam(net.parameters());
  st::SGD<float> sgd(net.parameters());
  st::Batches<float> batches(digits, 8, random);
  st::Shards<float> shards(2, 1);
  st::Windows<float> windows(2);
  st::Tape<float> tape;
  auto state = net.state(1);
  st::Array<float> array;
  bool yes = report.complete();
  unsigned char small = 0;
  double number = 0;
  std::string text = report.text();
  const st::Checkpoint checkpoint{
      {"net", net},         {"adam", adam},     {"sgd", sgd},       {"batches", batches}, {"shards", shards},
      {"windows", windows}, {"tape", tape},     {"state", state},   {"array", array},     {"yes", yes},
      {"small", small},     {"number", number}, {"random", random}, {"text", text}};
  checkpoint.save("run.safetensors");
  checkpoint.load("run.safetensors", {.other_bits = true});
}
