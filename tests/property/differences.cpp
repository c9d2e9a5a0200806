// The adjoint against central differences of a smooth twin: the neuron written a second time, naively and
// number by number from the equations, with every H(x) replaced by H(x₀) + P(x) − P(x₀), P the surrogate's
// primitive, and every Q(v) by Q(v₀) + v − v₀; what is not differentiated (R and the inhibition mask) is held
// at its value of the base run.
#include "leaky_setup.hpp"

#include <functional>
#include <map>

namespace laws {
namespace {

template <typename Reset, typename Quantizer>
class Twin {
 public:
  Twin(const Setup<double, Reset, Quantizer>& s, const Choice& choice) : s_(s), choice_(choice) {
    learning_ = true;
    loss({}, {}, {}, {}, {});
    learning_ = false;
  }

  /// The loss with some of its arguments replaced; empty ones are the setup's.
  double loss(st::Array<double> input, st::Array<double> mem0, st::Row<double> beta, st::Row<double> threshold,
              st::Row<double> graded) {
    if (input.size() == 0) input = s_.input.array();
    if (mem0.size() == 0) mem0 = s_.mem0.size() > 0 ? s_.mem0 : st::Array<double>::Zero(s_.shape.batch, s_.shape.features);
    if (beta.size() == 0) beta = s_.beta;
    if (threshold.size() == 0) threshold = s_.threshold;
    if (graded.size() == 0) graded = s_.graded;
    const Index n = s_.shape.features;
    const auto of = [](const st::Row<double>& row, Index i) { return row.size() == 1 ? row[0] : row[i]; };
    double total = 0;
    for (Index b = 0; b < s_.shape.batch; ++b) {
      st::Row<double> u = mem0.row(b);
      for (Index t = 0; t < s_.shape.steps; ++t) {
        // The reset signals of this step: decided in the base run, by the membranes that enter it.
        const Index key = (t * s_.shape.batch + b) * n;
        if (learning_)
          for (Index i = 0; i < n; ++i)
            reset_[key + i] = u[i] > of(threshold, i) && (choice_.snntorch_exact || wins(u, threshold, i));
        st::Row<double> v(n);
        for (Index i = 0; i < n; ++i) {
          const double beta_i = std::min(std::max(of(beta, i), 0.0), 1.0);
          double entering = u[i];
          const bool reset = (choice_.reset_delay || choice_.snntorch_exact) && reset_[key + i];
          if (reset && std::is_same_v<Reset, st::reset::ZeroBeforeInput>) entering = 0;
          v[i] = beta_i * entering + input(t * s_.shape.batch + b, i);
          if (reset && std::is_same_v<Reset, st::reset::Subtract>) v[i] -= of(threshold, i);
          if (reset && std::is_same_v<Reset, st::reset::Zero>) v[i] = 0;
          if (learning_) rounding_[key + i] = quantized(v[i]) - v[i];
          v[i] += rounding_[key + i];
        }
        for (Index i = 0; i < n; ++i) {
          const double x = v[i] - of(threshold, i);
          if (learning_) base_[key + i] = Base{x, wins(v, threshold, i)};
          const Base base = base_[key + i];
          double h = base.x > 0 ? 1 : 0;
          if (!choice_.surrogate_disable) h += s_.surrogate.primitive(x) - s_.surrogate.primitive(base.x);
          if (!base.wins) h = 0;
          const double g = of(graded, i);
          const bool unscaled = choice_.snntorch_exact && choice_.inhibition;
          const double spk = unscaled ? h : g * h;
          double mem = v[i];
          if (!choice_.reset_delay) {
            const double d = choice_.snntorch_exact ? (unscaled ? h / g : h) - (reset_[key + i] ? 1.0 : 0.0) : h;
            if (std::is_same_v<Reset, st::reset::Subtract>) mem = v[i] - d * of(threshold, i);
            if (std::is_same_v<Reset, st::reset::Zero> || std::is_same_v<Reset, st::reset::ZeroBeforeInput>)
              mem = (1 - d) * v[i];
          }
          total += s_.c_spk(t, b, i) * spk + s_.c_mem(t, b, i) * mem;
          u[i] = mem;
        }
      }
    }
    return total;
  }

 private:
  struct Base {
    double x;
    bool wins;
  };

  bool wins(const st::Row<double>& v, const st::Row<double>& threshold, Index i) const {
    if (!choice_.inhibition) return true;
    const auto x = [&](Index k) { return v[k] - (threshold.size() == 1 ? threshold[0] : threshold[k]); };
    for (Index k = 0; k < v.size(); ++k)
      if (x(k) > x(i) || (k < i && x(k) == x(i))) return false;
    return true;
  }

  double quantized(double v) const {
    if constexpr (std::is_same_v<Quantizer, st::quant::None>) {
      return v;
    } else {
      double nearest = std::numeric_limits<double>::infinity();
      for (const double level : s_.quantizer.template levels<double>())
        if (std::abs(level - v) < std::abs(nearest - v)) nearest = level;
      return nearest;
    }
  }

  const Setup<double, Reset, Quantizer>& s_;
  const Choice& choice_;
  bool learning_;
  std::map<Index, bool> reset_;
  std::map<Index, Base> base_;
  std::map<Index, double> rounding_;
};

/// Central differences of f by each element of `at`, or by some of many.
template <typename Values, typename F>
void check_gradient(const char* what, const Values& at, const st::Array<double>& gradient, F&& f) {
  INFO(what);
  REQUIRE(gradient.size() == at.size());
  const double step = 1e-6;
  double worst = 0, largest = 1;
  for (Index i = 0; i < at.size(); i += 1 + at.size() / 12) {
    Values high = at, low = at;
    high.data()[i] += step;
    low.data()[i] -= step;
    const double difference = (f(high) - f(low)) / (2 * step);
    largest = std::max(largest, std::abs(difference));
    const double error = std::abs(difference - gradient.data()[i]);
    if (!(error <= worst)) worst = error;
  }
  INFO("largest error " << worst << ", largest derivative " << largest);
  CHECK(worst <= tolerance::differences * largest);
}

template <typename Reset, typename Quantizer>
void check_differences(st::Random& random, const st::Shape& shape, const Choice& choice) {
  INFO(choice.text() << " shape " << shape.steps << ' ' << shape.batch << ' ' << shape.features);
  const Setup<double, Reset, Quantizer> s(random, shape, choice);
  st::Tape<double> tape;
  const auto x = tape.variable(s.input);
  const auto m = choice.with_mem ? tape.variable(s.mem0) : st::Var<double>();
  const auto [spk, mem] = s.lif(x, m);
  const auto loss = st::sum(tape.constant(s.c_spk) * spk) + st::sum(tape.constant(s.c_mem) * mem);
  tape.backward(loss);

  Twin<Reset, Quantizer> twin(s, choice);
  CHECK(twin.loss({}, {}, {}, {}, {}) == Approx(loss.item()).epsilon(1e-11).margin(1e-11));
  check_gradient("input", st::Array<double>(s.input.array()), x.adjoint().array(),
                 [&](const st::Array<double>& value) { return twin.loss(value, {}, {}, {}, {}); });
  if (choice.with_mem)
    check_gradient("mem", s.mem0, m.adjoint().array(),
                   [&](const st::Array<double>& value) { return twin.loss({}, value, {}, {}, {}); });
  const auto& gradients = tape.gradients();
  check_gradient("beta", s.beta, gradients.gradient(s.lif.beta()),
                 [&](const st::Row<double>& value) { return twin.loss({}, {}, value, {}, {}); });
  check_gradient("threshold", s.threshold, gradients.gradient(s.lif.threshold()),
                 [&](const st::Row<double>& value) { return twin.loss({}, {}, {}, value, {}); });
  check_gradient("graded_spikes_factor", s.graded, gradients.gradient(s.lif.graded_spikes_factor()),
                 [&](const st::Row<double>& value) { return twin.loss({}, {}, {}, {}, value); });
}

}  // namespace
}  // namespace laws

namespace st = spiketape;

TEMPLATE_TEST_CASE("the adjoint equals differences of the smooth twin", "", st::reset::None, st::reset::Subtract,
                   st::reset::Zero, st::reset::ZeroBeforeInput) {
  st::Random random(31);
  const std::vector<st::Shape> shapes = {{1, 1, 1}, {2, 3, 5}, {6, 1, 17}, {5, 2, 9}, {7, 1, 3}};
  std::size_t k = 0;
  laws::for_choices(AnySurrogate::with_primitive, [&](const laws::Choice& choice) {
    laws::check_differences<TestType, st::quant::None>(random, shapes[k++ % shapes.size()], choice);
    laws::check_differences<TestType, st::quant::NonUniform>(random, shapes[k++ % shapes.size()], choice);
  });
}
