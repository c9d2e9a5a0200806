// Networks, layers, losses, optimizers and drivers once, to be compiled with the warnings of flags.cmake.
#include <spiketape/spikegen.hpp>
#include <spiketape/spiketape.hpp>

#include <string>
#include <utility>
#include <vector>

#include "warnings.hpp"

namespace st = spiketape;

namespace {

struct Scale final : st::Layer<Scale, float> {
  st::Parameter<float> a;
  explicit Scale(st::Index features) : a(1, features) { a.set(1); }

  [[nodiscard]] static st::Shape result(const st::Shape& input) { return input; }
  void forward(st::SequenceView<const float> x, st::SequenceView<float> y,
               st::Context<float>& /*context*/) const {
    y.array() = x.array().rowwise() * a.array().row(0);
  }
  void backward(st::SequenceView<const float> x, st::SequenceView<const float> y_adjoint,
                st::Adjoint<float> x_adjoint, st::Context<float>& context) const {
    x_adjoint.add(y_adjoint.array().rowwise() * a.array().row(0));
    const auto a_adjoint = context.gradient(a);
    if (!a_adjoint.empty()) a_adjoint.array().row(0) += (x.array() * y_adjoint.array()).colwise().sum();
  }
  template <typename F>
  void for_each_parameter(F&& visit) {
    visit("a", a);
  }
};

}  // namespace

float warnings::train() {
  st::Random random(1);
  st::Sequential net{st::Linear<float>(8, 64, random), st::named("lif", st::Leaky<float>({.beta = 0.5F})),
                     Scale(64), st::Linear<float>(64, 3, random), st::Integrator<float>({.beta = 0.5F})};
  st::Adam<float> adam(net.parameters(), {.lr = 1e-3});
  st::SGD<float> sgd(net.parameters(), {.lr = 1e-3, .momentum = 0.5});
  const st::Array<float> x = st::Array<float>::Ones(4, 8);
  const std::vector<int> labels{0, 1, 2, 0};

  st::Tape<float> tape;
  const auto out = net(tape.constant(x, 5));
  const auto loss = st::cross_entropy(out.mem, labels) +
                    0.5F * st::mean(st::square(st::tanh(out.spk) - out.mem)) +
                    st::mean(st::max(st::abs(out.mem), st::sigmoid(out.mem)));
  tape.backward(loss);
  adam.step(tape.gradients());

  st::Shards<float> shards(2, 2, 1);
  float sum = shards.run(net, st::repeat(x, 5), [&](const auto& part, st::Index first, st::Index count) {
    return st::cross_entropy(part.mem, std::span(labels).subspan(std::size_t(first), std::size_t(count)),
                             {.samples = 4});
  });
  sgd.step(shards.gradients());

  sum += st::spikegen::latency(x, {.num_steps = 5, .interpolate = true}).array().sum() +
         st::spikegen::targets_rate<float>(labels, 3, {.num_steps = 5, .correct_rate = 0.5}).array().sum();
  const st::Sequential stateful{st::Encode<float, st::spikegen::Population>(), st::Encode<float>(),
                                st::Encode<float, st::spikegen::Phase>(), st::Linear<float>(64, 3, random),
                                st::Leaky<float>({.beta = 0.5F, .init_hidden = true, .output = true})};
  st::Windows<float> windows(2);
  sum += windows.run(
      stateful, st::repeat(x, 5),
      [&](const auto& part, st::Index /*first*/, st::Index /*steps*/) { return st::sum(part.mem); });
  auto state = net.state(4);
  sum += net(st::repeat(x, 1), state).mem.array()(0, 0);

  const auto check = st::check_gradients([](const auto& input) { return st::sum(st::exp(input)); },
                                         st::Sequence<double>(2, 2, 2));
  const std::string text = st::summary(net, st::repeat(x, 5)) + check.text();
  st::RunningPrediction seen({.decay = 0.9});
  seen.add(net(st::repeat(x, 5)).spk);
  sum += static_cast<float>(seen.probabilities()(0, 0)) + static_cast<float>(seen.classes()[0]);
  return sum + static_cast<float>(st::accuracy(net(st::repeat(x, 5)).mem, labels)) +
         static_cast<float>(text.size());
}
