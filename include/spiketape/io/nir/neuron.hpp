// A neuron node of a NIR graph: its coefficients and its step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/io/nir/values.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The steps, by forward Euler (x is the input; a and a_syn are dt/τ):
///
///     LIF, LI            v += a (v_leak − v + r x)
///     IF, I              v += r x, or dt r x
///     CubaLIF, CubaLI    i += a_syn (w_in x − i), then v += a (v_leak − v + r i)
///
/// LIF, IF and CubaLIF fire where v > v_threshold, then the reset acts. All else sends v.
template <Real Scalar>
struct NirNeuron {
  /// A row with a number for each neuron.
  using Numbers = std::vector<Scalar>;
  Numbers a, r, v_leak, threshold, v_reset, a_syn, w_in;
  bool leaks = false, fires = false, has_current = false, delayed = false;
  NirReset reset = NirReset::none;

  NirNeuron() = default;
  NirNeuron(const NirRules& rules, const NirValues& values, const std::string& path, Index features)
      : leaks(values.find("v_leak") != nullptr),
        fires(values.type().fires),
        has_current(values.type().has_current),
        delayed(rules.reset_delay) {
    const auto row = [&](std::string_view name, NirAllowed allowed, double otherwise, auto&& f) {
      const std::vector<double> given = values.numbers(name, allowed, otherwise);
      Numbers all;
      for (Index k = 0; k < features; ++k)
        all.push_back(static_cast<Scalar>(f(given[given.size() == 1 ? 0 : static_cast<std::size_t>(k)])));
      return all;
    };
    const auto same = [](double value) { return value; };
    r = row("r", NirAllowed::finite, 1,
            [&](double value) { return leaks || !rules.if_takes_dt ? value : value * rules.need_dt(path); });
    if (leaks) {
      const double dt = rules.need_dt(path);
      const auto rate = [&](double tau) { return dt / tau; };
      a = row(has_current ? "tau_mem" : "tau", NirAllowed::positive, 1, rate);
      v_leak = row("v_leak", NirAllowed::finite, 0, same);
      if (has_current) {
        a_syn = row("tau_syn", NirAllowed::positive, 1, rate);
        w_in = row("w_in", NirAllowed::finite, 1, same);
      }
    }
    if (!fires) return;
    reset = rules.need_reset(path);
    threshold = row("v_threshold", NirAllowed::number, 1, same);
    v_reset = row("v_reset", NirAllowed::finite, 0, [&](double value) {
      if (reset == NirReset::subtract && value != 0)
        values.fail("has a v_reset of ", value, ", which a reset by subtraction does not reach");
      return value;
    });
  }

  /// One step of a batch. `i` and `v` are its state, `out` is what it sends.
  SPIKETAPE_NOINLINE void step(const Array<Scalar>& x, Array<Scalar>& i, Array<Scalar>& v,
                               Array<Scalar>& out) const {
    const bool zero = reset == NirReset::zero || reset == NirReset::zero_before_input;
    for (Index row = 0; row < x.rows(); ++row)
      for (Index k = 0; k < x.cols(); ++k) {
        const auto n = static_cast<std::size_t>(k);
        Scalar input = x(row, k), at = v(row, k);
        const bool fired = delayed && fires && at > threshold[n];
        if (fired && reset == NirReset::zero_before_input) at = v_reset[n];
        if (has_current) input = i(row, k) += a_syn[n] * (w_in[n] * input - i(row, k));
        at += leaks ? a[n] * (v_leak[n] - at + r[n] * input) : r[n] * input;
        if (fired && reset == NirReset::zero) at = v_reset[n];
        if (fired && reset == NirReset::subtract) at -= threshold[n];
        const bool fire = fires && at > threshold[n];
        if (fires) out(row, k) = fire ? Scalar(1) : Scalar(0);
        if (fire && !delayed) at = zero ? v_reset[n] : reset == NirReset::subtract ? at - threshold[n] : at;
        if (!fires) out(row, k) = at;
        v(row, k) = at;
      }
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
