// Where Alpha leaves snnTorch there is no record: its documented equations, written a second time as a plain
// loop over numbers. In place of H(x) stands H(x₀) + P(x) − P(x₀), P the primitive of the surrogate and x₀
// the base run's x, so that differences of the loop are what the adjoint must be; a delayed reset is held as
// it was in the base run.
#include <spiketape/autograd/ops.hpp>

#include "../numeric.hpp"
#include "../plain_neurons.hpp"
#include "../results.hpp"

#include <vector>

namespace st = spiketape;
using st::Index;

namespace {

using Array = st::Array<double>;
const st::surrogate::ATan surrogate{.alpha = 2};

struct Case {
  const char* reset;
  bool delayed, exact;
};

/// What the loss depends on. Coefficients have one value or one for each neuron.
struct Arguments {
  Array input, alpha, beta, threshold, exc, inh, mem;
};

class Loop {
 public:
  static constexpr Index steps = 7, batch = 2, neurons = 5;

  Loop(const Case& rules, const Arguments& at, const std::array<st::Sequence<double>, 4>& weights)
      : rules_(rules), weights_(weights) {
    loss(at);
    learning_ = false;
  }

  double loss(const Arguments& at) {
    std::size_t place = 0;
    double total = 0;
    for (Index b = 0; b < batch; ++b)
      for (Index i = 0; i < neurons; ++i) {
        const auto of = [&](const Array& coefficient) {
          return coefficient(0, coefficient.cols() == 1 ? 0 : i);
        };
        const double alpha = of(at.alpha), beta = of(at.beta), threshold = of(at.threshold);
        const double tau = rules_.exact ? std::log(alpha) / (std::log(beta) - std::log(alpha)) + 1
                                        : std::log(alpha) / std::log(beta) - std::log(alpha) + 1;
        const bool zero = rules_.reset[0] == 'z', subtract = rules_.reset[0] == 's';
        double exc = at.exc(b, i), inh = at.inh(b, i), mem = at.mem(b, i);
        for (Index t = 0; t < steps; ++t, ++place) {
          if (learning_) reset_.push_back(rules_.delayed && mem > threshold);
          const double inh_before = inh;
          exc = alpha * exc + at.input(t * batch + b, i);
          inh = beta * inh - at.input(t * batch + b, i);
          mem = tau * (exc + inh);
          if (reset_[place] && zero) exc = inh = mem = 0;
          if (reset_[place] && subtract && !rules_.exact) {
            exc -= threshold / tau;
            mem = tau * (exc + inh);
          }
          if (reset_[place] && subtract && rules_.exact) {
            exc -= threshold;
            inh = 0;
            mem += inh_before;
          }
          const double x = mem - threshold;
          if (learning_) base_.push_back(x);
          const double x0 = base_[place];
          const double spk = (x0 > 0 ? 1.0 : 0.0) + surrogate.primitive(x) - surrogate.primitive(x0);
          if (!rules_.delayed && zero) {
            exc -= spk * exc;
            inh -= spk * inh;
            mem -= spk * mem;
          }
          if (!rules_.delayed && subtract) {
            exc -= spk * threshold / tau;
            mem = tau * (exc + inh);
          }
          const double returned[] = {spk, exc, inh, mem};
          for (std::size_t k = 0; k < 4; ++k) total += weights_[k](t, b, i) * returned[k];
          if (learning_) {
            spikes += spk;
            resets += reset_[place] ? 1 : 0;
          }
        }
      }
    return total;
  }

  double spikes = 0;
  int resets = 0;

 private:
  const Case rules_;
  const std::array<st::Sequence<double>, 4>& weights_;
  bool learning_ = true;
  std::vector<bool> reset_;
  std::vector<double> base_;
};

template <typename Reset>
void check(st::Random& random, const Case& rules, bool per_neuron) {
  INFO(rules.reset << (rules.delayed ? ", delayed" : ", same step") << (rules.exact ? ", snntorch_exact" : "")
                   << (per_neuron ? ", per neuron" : ""));
  const st::Shape shape{Loop::steps, Loop::batch, Loop::neurons};
  const Index values = per_neuron ? shape.features : 1;
  const auto numbers = [&](Index rows, Index cols, double low, double high) {
    return numeric::random_array<double>(random, rows, cols, low, high);
  };
  const Arguments at{numbers(shape.steps * shape.batch, shape.features, -0.5, 3),
                     numbers(1, values, 0.75, 0.95),
                     numbers(1, values, 0.4, 0.7),
                     numbers(1, values, 0.4, 0.8),
                     numbers(shape.batch, shape.features, -0.2, 0.5),
                     numbers(shape.batch, shape.features, -0.5, 0.2),
                     numbers(shape.batch, shape.features, -0.5, 2)};
  const auto row = [](const Array& array) { return st::Row<double>(array.row(0)); };
  const st::Alpha<double, Reset> lif({.alpha = row(at.alpha),
                                      .beta = row(at.beta),
                                      .threshold = row(at.threshold),
                                      .spike_grad = surrogate,
                                      .learn_alpha = true,
                                      .learn_beta = true,
                                      .learn_threshold = true,
                                      .reset_delay = rules.delayed,
                                      .snntorch_exact = rules.exact});
  std::array<st::Sequence<double>, 4> weights;
  for (auto& sequence : weights) sequence = numeric::random_sequence<double>(random, shape);

  st::Tape<double> tape;
  st::Sequence<double> input(shape);
  input.array() = at.input;
  const auto x = tape.variable(input);
  const std::array initial{tape.variable(at.exc), tape.variable(at.inh), tape.variable(at.mem)};
  const auto returned = results::call(lif, x, initial);
  auto loss = st::sum(tape.constant(weights[0]) * returned[0]);
  for (std::size_t k = 1; k < 4; ++k) loss = loss + st::sum(tape.constant(weights[k]) * returned[k]);
  tape.backward(loss);

  Loop loop(rules, at, weights);
  CHECK(loop.spikes > 3);
  CHECK((loop.resets > 0) == rules.delayed);
  CHECK(loss.item() == Approx(loop.loss(at)).epsilon(1e-12).margin(1e-12));
  const auto differences = [&](const char* what, Array Arguments::*which, const Array& gradient) {
    numeric::check_gradient(what, at.*which, gradient, [&](const Array& value) {
      Arguments changed = at;
      changed.*which = value;
      return loop.loss(changed);
    });
  };
  const auto& gradients = tape.gradients();
  differences("input", &Arguments::input, x.adjoint().array());
  differences("alpha", &Arguments::alpha, gradients.gradient(lif.alpha()));
  differences("beta", &Arguments::beta, gradients.gradient(lif.beta()));
  differences("threshold", &Arguments::threshold, gradients.gradient(lif.threshold()));
  differences("syn_exc", &Arguments::exc, initial[0].adjoint().array());
  differences("syn_inh", &Arguments::inh, initial[1].adjoint().array());
  differences("mem", &Arguments::mem, initial[2].adjoint().array());

  // Where α and β are not learned, τ is computed once.
  const st::Alpha<double, Reset> fixed({.alpha = row(at.alpha),
                                        .beta = row(at.beta),
                                        .threshold = row(at.threshold),
                                        .reset_delay = rules.delayed,
                                        .snntorch_exact = rules.exact});
  const auto same_values = results::call(fixed, input, std::array{at.exc, at.inh, at.mem});
  for (std::size_t k = 0; k < 4; ++k)
    CHECK(numeric::near(same_values[k].array(), returned[k].array(), tolerance::rounding<double>));
}

}  // namespace

TEST_CASE("Alpha follows its documented equations, and its gradients are their derivatives") {
  st::Random random(71);
  for (const bool per_neuron : {false, true}) {
    for (const bool delayed : {true, false}) {
      check<st::reset::Zero>(random, {"zero", delayed, false}, per_neuron);
      check<st::reset::Subtract>(random, {"subtract", delayed, false}, per_neuron);
    }
    check<st::reset::Zero>(random, {"zero", true, true}, per_neuron);
    check<st::reset::Subtract>(random, {"subtract", true, true}, per_neuron);
  }
}
