// Whether the cost of a call depends on values: neurons, surrogates, optimizers and losses, before silence
// and after it, when what decays has come to an end. The limit is the same call before, so the ratio should
// be 1. With -DSPIKETAPE_KEEP_DENORMALS it shows what denormals cost.
#include "ratio.hpp"

#include <spiketape/spiketape.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace st = spiketape;
using st::Index;

constexpr Index batch = 4, neurons = 1000;

/// Registers make(silent) twice; it returns a function that is timed. `items` is its work.
template <typename Make>
void add(const std::string& name, double items, const Make& make) {
  const std::string before = name + ", before";
  for (const bool silent : {false, true})
    ratio::add(silent ? name : before, [=](benchmark::State& state) {
      auto call = make(silent);
      call();
      for (auto _ : state) {
        call();
        benchmark::ClobberMemory();
      }
      ratio::account(state, items, {silent ? before : "", 1});
    });
}

/// A step of a stream, from the same states each time: all 0.5, or those after 3000 steps without input.
template <typename Neuron>
void add_neuron(const Neuron& neuron) {
  using Scalar = typename Neuron::Scalar;
  const std::string name = std::string("neurons/") + Neuron::name + (sizeof(Scalar) == 4 ? "" : ", double");
  add(name, static_cast<double>(batch * neurons), [=](bool silent) {
    struct Memory {
      st::Array<Scalar> input = st::Array<Scalar>::Zero(batch, neurons);
      std::array<st::Array<Scalar>, Neuron::carried> entering;
      std::array<st::Array<Scalar>, 1 + Neuron::state_count> results;
    } memory;
    memory.entering.fill(st::Array<Scalar>::Constant(batch, neurons, Scalar(0.5)));
    memory.results.fill(memory.input);
    const auto step = [neuron](Memory& m) {
      typename Neuron::CarriedViews entering;
      typename Neuron::ResultViews results;
      std::copy(m.entering.begin(), m.entering.end(), entering.begin());
      std::copy(m.results.begin(), m.results.end(), results.begin());
      neuron.forward_into(m.input, entering, results);
    };
    for (int t = 0; silent && t < 3000; ++t) {
      step(memory);
      std::copy(memory.results.end() - Neuron::carried, memory.results.end(), memory.entering.begin());
    }
    return [=]() mutable { step(memory); };
  });
}

/// Forward and back through 25 steps, by a loss that hardly depends on the spikes after silence.
template <typename Neuron>
void add_adjoint(const std::string& name, const Neuron& neuron) {
  add("backward/" + name, static_cast<double>(25 * batch * neurons), [=](bool silent) {
    const st::Array<float> input = st::Array<float>::Constant(batch, neurons, silent ? -0.26f : 0.08f);
    return [=, tape = std::make_shared<st::Tape<float>>()] {
      tape->reset();
      const auto out = neuron(tape->variable(input, 25));
      tape->open_adjoint(out.spk).array().setConstant(silent ? 1e-37f : 1e-3f);
      tape->backward();
    };
  });
}

/// ȳ σ'(x) as a record. After silence membranes are far below the threshold.
template <typename Surrogate>
struct SurrogateOp {
  st::Var<float> x, y;
  Surrogate surrogate;

  void backward(st::Tape<float>& tape) const {
    const auto to = tape.touch(x).view;
    for (Index row = 0; row < to.rows(); ++row) {
      const float *from = x.value().row(0, row), *adjoint = y.adjoint().row(0, row);
      st::detail::for_lanes<float>(to.features, [&, at = to.row(0, row)](Index i, auto extent) {
        using st::detail::load;
        st::detail::store(load(adjoint + i, extent) * surrogate.derivative(load(from + i, extent)), at + i,
                          extent);
      });
    }
  }
};
template <typename Surrogate>
void add_surrogate(const std::string& name, const Surrogate& surrogate, float far) {
  add("surrogates/" + name, static_cast<double>(batch * neurons), [=](bool silent) {
    const st::Array<float> x = st::Array<float>::Constant(batch, neurons, silent ? far : -0.5f);
    return [=, tape = std::make_shared<st::Tape<float>>()] {
      tape->reset();
      const auto in = tape->variable(x);
      const auto y = tape->result(in.shape(), true);
      tape->record(SurrogateOp<Surrogate>{in, y, surrogate});
      tape->open_adjoint(y).array().setConstant(silent ? 1e-3f : 1.0f);
      tape->backward();
    };
  });
}

template <typename Optimizer, typename Options>
void add_optimizer(const std::string& name, const Options& options) {
  constexpr Index inputs = 64;
  add("optimizers/" + name, static_cast<double>(inputs * neurons), [=](bool silent) {
    struct Training {
      st::Parameter<float> p{"p", inputs, neurons};
      st::GradientSums<float> sums;
      Optimizer optimizer;

      explicit Training(const Options& given) : optimizer({p.ptr()}, given) { p.array().setConstant(0.5f); }
      void step(float gradient) {
        float* sum = sums.sum_of(p.ptr()).open();
        std::fill_n(sum, inputs * p.stride(), gradient);
        optimizer.step(sums);
      }
    };
    const auto training = std::make_shared<Training>(options);
    for (int i = 0; i < 10; ++i) training->step(0.01f);
    for (int i = 0; silent && i < 3000; ++i) training->step(0);
    return [=] { training->step(silent ? 0 : 0.01f); };
  });
}

/// Forward and back from numbers `before` and `after` silence, alternating with zeros.
template <typename Loss>
void add_loss(const std::string& name, float before, float after, const Loss& loss) {
  constexpr Index samples = 128, classes = 32;
  add("losses/" + name, static_cast<double>(samples * classes), [=](bool silent) {
    st::Array<float> x = st::Array<float>::Zero(samples, classes);
    for (Index i = 0; i < x.size(); i += 2) x.data()[i] = silent ? after : before;
    return [=, tape = std::make_shared<st::Tape<float>>()] {
      tape->reset();
      tape->backward(loss(tape->variable(x)));
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  add_neuron(st::Leaky<float>({.beta = 0.9f, .threshold = 5}));
  add_neuron(st::Leaky<double>({.beta = 0.7, .threshold = 5}));
  add_neuron(st::Lapicque<float>({.beta = 0.9f, .threshold = 5}));
  add_neuron(st::Synaptic<float>({.alpha = 0.9f, .beta = 0.8f, .threshold = 5}));
  add_neuron(st::Alpha<float>({.alpha = 0.9f, .beta = 0.8f, .threshold = 5}));
  add_neuron(st::Alif<float>({.beta = 0.9f, .threshold = 5}));
  add_neuron(st::RLeaky<float>({.beta = 0.9f, .V = 0.1f, .all_to_all = false, .threshold = 5}));
  add_neuron(
      st::RSynaptic<float>({.alpha = 0.9f, .beta = 0.8f, .V = 0.1f, .all_to_all = false, .threshold = 5}));

  using st::reset::Subtract;
  add_adjoint("Leaky, ATan", st::Leaky<float>({.beta = 0.9f}));
  add_adjoint("Leaky, Sigmoid", st::Leaky<float, Subtract, st::surrogate::Sigmoid>({.beta = 0.9f}));
  add_adjoint("Leaky, learned beta", st::Leaky<float>({.beta = 0.9f, .learn_beta = true}));

  // The distance at which the derivative is denormal or, for those with heavier tails, just large.
  add_surrogate("ATan", st::surrogate::ATan(), -1e18f);
  add_surrogate("FastSigmoid", st::surrogate::FastSigmoid(), -1e17f);
  add_surrogate("Sigmoid", st::surrogate::Sigmoid(), -3.5f);
  add_surrogate("StraightThrough", st::surrogate::StraightThrough(), -3.5f);
  add_surrogate("Triangular", st::surrogate::Triangular(), -3.5f);
  add_surrogate("SpikeRateEscape", st::surrogate::SpikeRateEscape(), -88.5f);
  add_surrogate("Heaviside", st::surrogate::Heaviside(), -3.5f);
  add_surrogate("LeakySpike", st::surrogate::LeakySpike(), -3.5f);
  add_surrogate("SparseFastSigmoid", st::surrogate::SparseFastSigmoid(), -3.5f);
  add_surrogate("PiecewiseLinear", st::surrogate::PiecewiseLinear(), -3.5f);
  add_surrogate("Boxcar", st::surrogate::Boxcar(), -3.5f);
  add_surrogate("Gaussian", st::surrogate::Gaussian(), -6.6f);
  add_surrogate("Erf", st::surrogate::Erf(), -4.5f);
  add_surrogate("Exponential", st::surrogate::Exponential(), -43.0f);
  add_surrogate("Tanh", st::surrogate::Tanh(), -43.0f);
  add_surrogate("SuperSpike", st::surrogate::SuperSpike(), -1e17f);
  add_surrogate("MultiGaussian", st::surrogate::MultiGaussian(), -6.6f);

  add_optimizer<st::Adam<float>>("Adam", st::AdamOptions());
  add_optimizer<st::SGD<float>>("SGD with momentum", st::SGDOptions{.momentum = 0.9});

  const std::vector<int> labels(128, 0);
  add_loss("cross_entropy", 1, -89, [=](const auto& x) { return st::cross_entropy(x, labels); });
  add_loss("mean square", 1, 3e-20f, [](const auto& x) { return st::mean(st::square(x)); });
  add_loss("softmax", 1, -89, [](const auto& x) { return st::sum(st::square(st::softmax(x))); });
  add_loss("log_softmax", 1, -89, [](const auto& x) { return st::mean(st::log_softmax(x)); });
  add_loss("exp", 1, -89, [](const auto& x) { return st::mean(st::exp(x)); });
  add_loss("sigmoid", 1, -89, [](const auto& x) { return st::mean(st::sigmoid(x)); });
  add_loss("tanh", 1, 1e-39f, [](const auto& x) { return st::mean(st::tanh(x)); });

  ratio::Reporter reporter("ns", 1e9);
  ratio::run(argc, argv, reporter);
}
