// A layer of your own: y = a x, with a factor for each feature. The struct has only what is specific to it;
// the base makes it callable on steps, sequences and tapes, and a part of a network. Checks its derivatives,
// then learns a factor.

#include <spiketape/spiketape.hpp>

#include <cstdio>
#include <exception>

namespace st = spiketape;

template <typename Scalar>
struct Scale : st::Layer<Scale<Scalar>, Scalar> {
  st::Parameter<Scalar> a;

  explicit Scale(st::Index features) : a(1, features) { a.set(1); }

  st::Shape result(const st::Shape& input) const {
    if (input.features != a.cols())
      this->fail("input has ", input.features, " features, ", a.name(), " expects ", a.cols());
    return input;
  }
  void forward(st::SequenceView<const Scalar> x, st::SequenceView<Scalar> y, st::Context<Scalar>&) const {
    y.array() = x.array().rowwise() * a.array().row(0);
  }
  // x̄ += a ȳ and ā += Σ x ȳ, summed over steps and samples.
  void backward(st::SequenceView<const Scalar> x, st::SequenceView<const Scalar> y_adjoint,
                st::Adjoint<Scalar> x_adjoint, st::Context<Scalar>& context) const {
    x_adjoint.add(y_adjoint.array().rowwise() * a.array().row(0));
    if (const auto a_adjoint = context.gradient(a); !a_adjoint.empty())
      a_adjoint.array().row(0) += (x.array() * y_adjoint.array()).colwise().sum();
  }
  template <typename F>
  void for_each_parameter(F&& f) {
    f("a", a);
  }
};

int main() try {
  st::Random random(1);
  st::Sequence<double> numbers(4, 3, 5);  // steps, samples, features
  for (double& number : numbers.array().reshaped()) number = random.uniform(-1, 1);
  const Scale<double> checked(5);
  const auto check = st::check_gradients(checked, numbers, checked.parameters());
  std::printf("derivatives: %s\n", check.text().c_str());

  // In a network: how much current makes a neuron fire in every second step?
  st::Sequential net{st::named("scale", Scale<float>(1)),
                     st::named("lif", st::Leaky<float>({.beta = 0.9f}))};
  st::Adam<float> adam(net.parameters(), {.lr = 0.02});
  st::Tape<float> tape;
  const st::Array<float> current = st::Array<float>::Constant(1, 1, 0.3f);
  for (int epoch = 0; epoch < 100; ++epoch) {
    tape.reset();
    const auto [spk, mem] = net(tape.constant(current, 100));
    tape.backward(st::square(st::sum(spk) - 50));
    adam.step(tape.gradients());
  }
  std::fputs(st::summary(net, st::repeat(current, 100)).c_str(), stdout);
  const auto spikes = net(st::repeat(current, 100)).spk;
  std::printf("%s = %.2f: %.0f spikes in 100 steps\n", net.named_parameters()[0].path.c_str(),
              double(net.parameter("scale.a").array()(0, 0)), double(spikes.array().sum()));
  return check ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
