// What a program does with files of networks. It is compiled several times, with FORM as its name: inline, with the
// compiled form, and with that and other flags.
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/neuron/leaky.hpp>
#include <spiketape/nn/linear.hpp>
#include <spiketape/nn/sequential.hpp>
#include <spiketape/optim/adam.hpp>

#include <exception>
#include <string>

namespace st = spiketape;

namespace FORM {

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

/// Bytes and messages, the same in each form. Files are named by `folder`.
std::string written(const std::string& folder) {
  st::Random random(1);
  const auto make = [&] {
    return st::Sequential{st::named("fc1", st::Linear<float>(3, 2, random)),
                          st::named("lif1", st::Leaky<float>({.beta = 0.5f, .learn_beta = true}))};
  };
  auto net = make(), other = make();
  st::Adam<float> adam(net.parameters(), {.lr = 1e-3});
  int epoch = 7;
  double best = 0.25;
  std::string about = "a \"text\"\n", all;
  st::Array<float> array = st::Array<float>::Constant(2, 3, 0.1f);
  const st::Checkpoint checkpoint{{"net", net},     {"adam", adam},   {"epoch", epoch}, {"best", best},
                                  {"about", about}, {"array", array}, {"random", random}};

  const std::string net_file = folder + "/net." TEXT(FORM), run_file = folder + "/run." TEXT(FORM);
  st::save(net, net_file);
  if (!st::load(other, net_file).complete()) return "the network did not come back";
  all += st::safetensors_bytes(st::state_dict(other));
  checkpoint.save(run_file);
  epoch = 0;
  best = 0;
  about.clear();
  array.setZero();
  checkpoint.load(run_file);
  if (epoch != 7 || best != 0.25 || about.size() != 9 || !(array == 0.1f).all())
    return "the checkpoint did not come back";
  all += st::safetensors_bytes(checkpoint.contents());
  all += st::npy_bytes(st::to_tensor("x", array));

  st::Safetensors broken = st::state_dict(net);
  broken.tensors.pop_back();
  broken.metadata["lif1.inhibition"] = "true";
  try {
    st::load_state_dict(net, broken);
  } catch (const std::exception& error) {
    all += error.what();
  }
  return all;
}

/// Whether this is compiled with declarations alone.
bool is_compiled() { return SPIKETAPE_IO_INLINE == 0; }

}  // namespace FORM
