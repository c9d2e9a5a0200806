// The adjoint against central differences of a smooth twin: the neuron written a second time, naively and
// number by number from the equations, with every H(x) replaced by H(x₀) + P(x) − P(x₀), P the surrogate's
// primitive, and every Q(v) by Q(v₀) + v − v₀; what is not differentiated (R and the inhibition mask) is held
// at its value of the base run.
#pragma once

#include "described.hpp"
#include "common.hpp"

#include <array>
#include <functional>
#include <limits>
#include <vector>

namespace laws {

template <typename Described>
class Twin {
 public:
  Twin(const Setup<double>& s, const Numbers<double>& base)
      : s_(s),
        choice_(s.choice),
        surrogate_(gentle(s.choice.surrogate)),
        levels_(levels_of(s.choice.quantizer)),
        base_(static_cast<std::size_t>(s.shape().steps * s.shape().batch * s.shape().features)) {
    learning_ = true;
    loss_ = loss(base);
    learning_ = false;
  }

  double base_loss() const { return loss_; }

  /// The loss by everything that it is differentiated by: coefficients, input and states, W and b.
  double loss(const Numbers<double>& numbers) {
    const auto [steps, batch, features] = s_.shape();
    const auto n = static_cast<std::size_t>(features);
    const auto find = [&](const char* name) {
      const auto place = numbers.find(name);
      return place == numbers.end() ? nullptr : &place->second;
    };
    std::array<const st::Array<double>*, Described::coefficients.size()> own{};
    for (std::size_t k = 0; k < own.size(); ++k) own[k] = find(Described::coefficients[k].name);
    const auto of = [](const st::Array<double>& row, std::size_t i) {
      return row.size() == 1 ? row(0, 0) : row(0, static_cast<Index>(i));
    };
    const auto& input = *find("input");
    const auto& thresholds = *find("threshold");
    const auto& graded = *find("graded_spikes_factor");
    const auto* weight = find("recurrent.weight");
    const auto* bias = find("recurrent.bias");
    const auto c = [&](std::size_t i) {
      Own values{};
      for (std::size_t k = 0; k < own.size(); ++k) values[k] = of(*own[k], i);
      if (weight != nullptr) values.back() = 0;  // V, which W takes the place of
      return values;
    };
    const auto above_level = [&](const States& u, std::size_t i) {
      return u[membrane] - Described::level(u.data(), of(thresholds, i), c(i));
    };

    double total = 0;
    for (Index b = 0; b < batch; ++b) {
      std::vector<States> u(n);
      std::vector<double> spk(n), x(n);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k <= membrane; ++k)
          if (const auto* from = find(Described::states[k].name)) u[i][k] = (*from)(b, static_cast<Index>(i));
        if (const auto* from = find("spk")) spk[i] = (*from)(b, static_cast<Index>(i));
      }
      for (Index t = 0; t < steps; ++t) {
        Base* base = base_.data() + (t * batch + b) * features;
        // Who is reset in this step was decided in the base run, by the states that enter it.
        for (std::size_t i = 0; i < n; ++i) x[i] = above_level(u[i], i);
        for (std::size_t i = 0; learning_ && i < n; ++i)
          base[i].reset = x[i] > 0 && (choice_.snntorch_exact || wins(x, i));
        const std::vector<double> spk_before = spk;
        for (std::size_t i = 0; i < n; ++i) {
          double current = input(t * batch + b, static_cast<Index>(i));
          for (std::size_t j = 0; weight != nullptr && j < n; ++j)
            current += spk_before[j] * (*weight)(static_cast<Index>(j), static_cast<Index>(i));
          if (bias != nullptr) current += (*bias)(0, static_cast<Index>(i));
          const bool reset = base[i].reset && (choice_.reset_delay || choice_.snntorch_exact);
          const bool before_input = choice_.reset == Reset::ZeroBeforeInput;
          if (reset && before_input) reset_by(1, of(thresholds, i), u[i], u[i], c(i));
          const States entered = u[i];
          Described::integrate(u[i].data(), current, spk_before[i], c(i), choice_);
          if (reset && !before_input) reset_by(1, of(thresholds, i), entered, u[i], c(i));
          for (std::size_t k = 0; k <= membrane; ++k) {
            if (learning_) base[i].rounding[k] = quantized(u[i][k]) - u[i][k];
            u[i][k] += base[i].rounding[k];
          }
        }
        for (std::size_t i = 0; i < n; ++i) x[i] = above_level(u[i], i);
        for (std::size_t i = 0; i < n; ++i) {
          if (learning_) base[i].x = x[i];
          if (learning_) base[i].wins = wins(x, i);
          double h = base[i].x > 0 ? 1 : 0;
          if (!choice_.surrogate_disable) h += surrogate_.primitive(x[i]) - surrogate_.primitive(base[i].x);
          if (!base[i].wins) h = 0;
          const double g = of(graded, i);
          const bool unscaled = choice_.snntorch_exact && choice_.inhibition;
          spk[i] = unscaled ? h : g * h;
          if (!choice_.reset_delay) {
            const double d =
                choice_.snntorch_exact ? (unscaled ? h / g : h) - (base[i].reset ? 1.0 : 0.0) : h;
            reset_by(d, of(thresholds, i), u[i], u[i], c(i));
          }
          const auto counted = [&](std::size_t k) {
            return s_.weights[k].features() == 0 ? 0 : s_.weights[k](t, b, static_cast<Index>(i));
          };
          total += counted(0) * spk[i];
          for (std::size_t k = 0; k <= membrane; ++k) total += counted(1 + k) * u[i][k];
        }
      }
    }
    return total;
  }

 private:
  static constexpr std::size_t membrane = Described::states.size() - 1;
  using States = std::array<double, membrane + 1>;
  using Own = std::array<double, Described::coefficients.size()>;

  /// What a neuron decided in a step of the base run.
  struct Base {
    bool reset, wins;
    double x;
    States rounding;
  };

  bool wins(const std::vector<double>& x, std::size_t i) const {
    if (!choice_.inhibition) return true;
    for (std::size_t k = 0; k < x.size(); ++k)
      if (x[k] > x[i] || (k < i && x[k] == x[i])) return false;
    return true;
  }

  void reset_by(double h, double threshold, const States& entered, States& u, const Own& c) const {
    if (choice_.reset == Reset::Subtract)
      Described::subtract(h, threshold, entered.data(), u.data(), c, choice_);
    else if (choice_.reset != Reset::None)
      Described::scale(1 - h, u.data());
  }

  double quantized(double v) const {
    if (levels_.empty()) return v;
    double nearest = std::numeric_limits<double>::infinity();
    for (const double level : levels_)
      if (std::abs(level - v) < std::abs(nearest - v)) nearest = level;
    return nearest;
  }
  static std::vector<double> levels_of(AnyQuantizer::Kind kind) {
    if (kind == AnyQuantizer::Uniform) return coarse<st::quant::Uniform>().levels<double>();
    if (kind == AnyQuantizer::NonUniform) return coarse<st::quant::NonUniform>().levels<double>();
    return {};
  }

  const Setup<double>& s_;
  const Choice& choice_;
  AnySurrogate surrogate_;
  std::vector<double> levels_;
  std::vector<Base> base_;
  bool learning_;
  double loss_;
};

/// Central differences of f by each element of `at`, or by some of many.
inline void check_gradient(const std::string& name, const st::Array<double>& at,
                           const st::Array<double>& gradient,
                           const std::function<double(const st::Array<double>&)>& f) {
  INFO("gradient by " << name);
  REQUIRE(gradient.rows() == at.rows());
  REQUIRE(gradient.cols() == at.cols());
  const double step = 1e-6;
  double worst = 0, largest = 1;
  for (Index i = 0; i < at.size(); i += 1 + at.size() / 24) {
    st::Array<double> high = at, low = at;
    high.data()[i] += step;
    low.data()[i] -= step;
    const double difference = (f(high) - f(low)) / (2 * step);
    largest = std::max(largest, std::abs(difference));
    const double error = std::abs(difference - gradient.data()[i]);
    if (worst == worst && !(error <= worst)) worst = error;  // a NaN stays
  }
  INFO("largest error " << worst << ", largest derivative " << largest);
  CHECK(worst <= tolerance::differences * largest);
}

template <typename Described>
void check_differences(const Subject<double>& neuron, const Setup<double>& s) {
  st::Tape<double> tape;
  const auto x = tape.variable(s.input);
  const auto states = variables(tape, s.states);
  const auto loss = weighted(s, neuron.on_tape(x, states));
  tape.backward(loss);

  Numbers<double> base = neuron.recurrence();
  base.insert(s.coefficients.begin(), s.coefficients.end());
  base["input"] = s.input.array();
  for (std::size_t k = 0; k < s.states.size(); ++k) base[neuron.carried_names()[k]] = s.states[k];
  Twin<Described> twin(s, base);
  CHECK(twin.base_loss() == Approx(loss.item()).epsilon(1e-11).margin(1e-11));
  for (const auto& by : gradients(neuron, x, states))
    check_gradient(by.first, base.at(by.first), by.second, [&](const st::Array<double>& value) {
      Numbers<double> numbers = base;
      numbers[by.first] = value;
      return twin.loss(numbers);
    });
}

}  // namespace laws
