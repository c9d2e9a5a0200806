// Where Lapicque leaves snnTorch there is no record: its documented equations, written a second time as a
// plain loop over numbers; see alpha_documented.cpp for how it is differentiated.
#include "../numeric.hpp"
#include "../plain_neurons.hpp"

#include <spiketape/autograd/ops.hpp>
#include <spiketape/neuron/lapicque.hpp>

#include <optional>
#include <string>
#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

using Array = st::Array<double>;
using Lapicque = st::Lapicque<double>;
constexpr double time_step = 0.7;
const st::surrogate::ATan surrogate{.alpha = 2};
const st::Shape shape{8, 2, 5};

/// What is given of the circuit.
struct Given {
  bool beta, R, C;
};

struct Arguments {
  Array input, beta, R, C, threshold, mem;
};

class Loop {
 public:
  Loop(const Given& given, bool exact, const Arguments& at,
       const std::array<st::Sequence<double>, 2>& weights)
      : given_(given), exact_(exact), weights_(weights) {
    loss(at);
    learning_ = false;
  }

  double loss(const Arguments& at) {
    std::size_t place = 0;
    double total = 0;
    for (Index b = 0; b < shape.batch; ++b)
      for (Index i = 0; i < shape.features; ++i) {
        const auto of = [&](const Array& coefficient) {
          return coefficient(0, coefficient.cols() == 1 ? 0 : i);
        };
        // R C = −T/ln β; without R and C, R is 1.
        const double C =
            given_.C ? of(at.C) : -time_step / (std::log(of(at.beta)) * (given_.R ? of(at.R) : 1));
        const double R = given_.R ? of(at.R) : -time_step / (std::log(of(at.beta)) * C);
        double decay = given_.beta ? of(at.beta) : std::exp(-time_step / (R * C));
        if (exact_) decay = 1 - time_step / (R * C);
        const double threshold = of(at.threshold);
        double mem = at.mem(b, i);
        for (Index t = 0; t < shape.steps; ++t, ++place) {
          if (learning_) reset_.push_back(mem > threshold);
          mem = decay * mem + time_step / C * at.input(t * shape.batch + b, i);
          if (reset_[place]) mem -= threshold;
          const double x = mem - threshold;
          if (learning_) base_.push_back(x);
          const double x0 = base_[place];
          const double spk = (x0 > 0 ? 1.0 : 0.0) + surrogate.primitive(x) - surrogate.primitive(x0);
          total += weights_[0](t, b, i) * spk + weights_[1](t, b, i) * mem;
          if (learning_) spikes += spk;
        }
      }
    return total;
  }

  double spikes = 0;

 private:
  const Given given_;
  const bool exact_;
  const std::array<st::Sequence<double>, 2>& weights_;
  bool learning_ = true;
  std::vector<bool> reset_;
  std::vector<double> base_;
};

void check(st::Random& random, const Given& given, bool learn_beta, bool exact, bool per_neuron) {
  INFO((given.beta ? "beta " : "") << (given.R ? "R " : "") << (given.C ? "C " : "")
                                   << (learn_beta ? ", learn_beta" : "") << (exact ? ", snntorch_exact" : "")
                                   << (per_neuron ? ", per neuron" : ""));
  const Index values = per_neuron ? shape.features : 1;
  const auto numbers = [&](Index rows, Index cols, double low, double high) {
    return numeric::random_array<double>(random, rows, cols, low, high);
  };
  const Arguments at{numbers(shape.steps * shape.batch, shape.features, -0.5, 3),
                     numbers(1, values, 0.6, 0.9),
                     numbers(1, values, 1.2, 2.5),
                     numbers(1, values, 1.2, 2.5),
                     numbers(1, values, 0.3, 0.6),
                     numbers(shape.batch, shape.features, -0.5, 1)};
  const auto row = [](const Array& array) { return st::Row<double>(array.row(0)); };
  const auto option = [&](bool is_given, const Array& array) -> std::optional<st::Coefficient<double>> {
    if (!is_given) return std::nullopt;
    return row(array);
  };
  const Lapicque lif({.beta = option(given.beta, at.beta),
                      .R = option(given.R, at.R),
                      .C = option(given.C, at.C),
                      .time_step = time_step,
                      .threshold = row(at.threshold),
                      .spike_grad = surrogate,
                      .learn_beta = learn_beta,
                      .learn_threshold = true,
                      .snntorch_exact = exact});
  std::array<st::Sequence<double>, 2> weights;
  for (auto& sequence : weights) sequence = numeric::random_sequence<double>(random, shape);

  st::Tape<double> tape;
  st::Sequence<double> input(shape);
  input.array() = at.input;
  const auto x = tape.variable(input), mem0 = tape.variable(at.mem);
  const auto [spk, mem] = lif(x, mem0);
  const auto loss = st::sum(tape.constant(weights[0]) * spk) + st::sum(tape.constant(weights[1]) * mem);
  tape.backward(loss);

  Loop loop(given, exact, at, weights);
  CHECK(loop.spikes > 3);
  CHECK(loss.item() == Approx(loop.loss(at)).epsilon(1e-12).margin(1e-12));
  const auto differences = [&](const char* what, Array Arguments::*which, const Array& gradient) {
    numeric::check_gradient(what, at.*which, gradient, [&](const Array& value) {
      Arguments changed = at;
      changed.*which = value;
      return loop.loss(changed);
    });
  };
  differences("input", &Arguments::input, x.adjoint().array());
  differences("mem", &Arguments::mem, mem0.adjoint().array());
  differences("threshold", &Arguments::threshold, tape.gradients().gradient(lif.threshold()));
  if (learn_beta) differences("beta", &Arguments::beta, tape.gradients().gradient(lif.beta()));
}

}  // namespace

TEST_CASE("Lapicque follows its documented equations, and its gradients are their derivatives") {
  st::Random random(72);
  for (const bool per_neuron : {false, true})
    for (const bool exact : {false, true}) {
      check(random, {false, true, true}, false, exact, per_neuron);
      for (const bool learn_beta : {false, true}) {
        check(random, {true, false, false}, learn_beta, exact, per_neuron);
        check(random, {true, true, false}, learn_beta, exact, per_neuron);
        // Here snnTorch's decay, 1 − T/RC, knows β through R alone.
        check(random, {true, false, true}, learn_beta, exact, per_neuron);
      }
    }
}

TEST_CASE("what follows from beta follows it as it is learned") {
  st::Random random(73);
  const auto input = numeric::random_sequence<double>(random, shape, -0.5, 3);
  for (const bool with_R : {false, true}) {
    const auto neuron = [&](double beta) {
      Lapicque::Options options{.beta = beta, .learn_beta = true};
      if (with_R) options.R = 2;
      return Lapicque(options);
    };
    Lapicque lif = neuron(0.6);
    CHECK_FALSE(numeric::same(lif(input).mem.array(), neuron(0.8)(input).mem.array()));
    lif.beta().array().setConstant(0.8);
    CHECK(numeric::same(lif(input).mem.array(), neuron(0.8)(input).mem.array()));
  }
}
