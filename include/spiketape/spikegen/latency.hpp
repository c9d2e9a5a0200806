// Latency coding: the larger a number, the earlier its only spike.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/numbers.hpp>
#include <spiketape/spikegen/code.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::spikegen {

/// Latency coding: each number x of [0, 1] has one spike, the earlier the larger x is (snnTorch 0.9.4,
/// spikegen.py, latency). Its time is that of a leaky neuron's first spike under the current x, or linear:
///
///   s = τ ln(x / (x − θ)), x ≥ θ + ε,  or  s = min(τ(1 − x), τ(1 − θ)),  then + first_spike_time,
///
/// rounded to the nearest step, halves to the even one. Numbers below θ spike last. The data are one step, or
/// the same in all steps. Not differentiated: it adds nothing to the adjoint of its input.
///
/// Throws std::invalid_argument for data outside of [0, 1] or that change over time, unless 0 < threshold <
/// 1, tau and epsilon are positive and finite and first_spike_time is a step; and, without `bypass`, if a
/// spike would come behind the last step.
struct Latency {
  static constexpr const char* name = "Latency";
  static constexpr Memory memory = Memory::steps;

  /// Steps of the whole; 0: as many as the data have, also those in Windows. A loop of steps needs it.
  Index num_steps = 0;
  double threshold = 0.01;     ///< θ
  double tau = 1;              ///< τ
  Index first_spike_time = 0;  ///< The step of the earliest spike.
  double on_target = 1;        ///< The value of a spike,
  double off_target = 0;       ///< and of what is none.
  bool clip = false;           ///< Numbers below θ do not spike.
  /// Scales the times so that those below θ spike in the last step. (snnTorch scales by the latest spike of
  /// the batch; the same if a number of the batch is below θ.) The linear code's τ is then num_steps − 1 −
  /// first_spike_time.
  bool normalize = false;
  bool linear = false;       ///< The linear code.
  bool interpolate = false;  ///< The value rises from off_target in step 0 to on_target at the spike.
  bool bypass = false;       ///< Spikes behind the last step are left out rather than refused.
  double epsilon = 1e-7;     ///< ε

  Shape result(const Shape& data) const {
    check();
    return data;
  }
  bool gives_spikes() const noexcept { return on_target == 1 && off_target == 0 && !interpolate; }

  template <Real Scalar>
  void spikes(const Signal<Scalar>& signal, const SpikeRows& to) const {
    const SequenceView<const Scalar>& x = signal.x;
    for_each(signal, [&](Index b, Index i, Scalar time) {
      const Scalar step = std::nearbyint(time) - static_cast<Scalar>(signal.key.first_step());
      if (step >= 0 && step < static_cast<Scalar>(x.steps)) to.set(static_cast<Index>(step) * x.batch + b, i);
    });
  }
  template <Real Scalar>
  void numbers(const Signal<Scalar>& signal, const SequenceView<Scalar>& to) const {
    to.fill(static_cast<Scalar>(off_target));
    for_each(signal, [&](Index b, Index i, Scalar time) {
      const Index whole = steps_of(signal);
      for (Index t = 0; t < to.steps; ++t)
        to.row(t, b)[i] = static_cast<Scalar>(
            target(signal.key.first_step() + t, static_cast<double>(std::nearbyint(time)), whole));
    });
  }

  /// The time of x in steps, not rounded, for a whole of `steps` steps.
  template <Real Scalar>
  Scalar time(Scalar x, Index steps) const {
    const auto first = static_cast<Scalar>(first_spike_time);
    const auto last = static_cast<Scalar>(steps - 1 - first_spike_time);
    if (linear) {
      const double factor = normalize ? static_cast<double>(steps - 1 - first_spike_time) : tau;
      return std::min(static_cast<Scalar>(-factor) * (x - 1),
                      static_cast<Scalar>(-factor * (threshold - 1))) +
             first;
    }
    const Scalar charged = charging(x);
    return normalize ? charged * last / charging(Scalar(0)) + first : charged + first;
  }
  /// Throws for wrong options.
  void check() const {
    const auto fail = [](const auto&... parts) {
      detail::fail_argument("spiketape::spikegen::Latency: ", parts...);
    };
    if (num_steps < 0) fail("num_steps is ", num_steps, ", expected at least 0");
    if (!(threshold > 0 && threshold < 1)) fail("threshold is ", threshold, ", expected one between 0 and 1");
    if (!(tau > 0 && detail::is_finite(tau))) fail("tau is ", tau, ", expected a positive finite number");
    if (!(epsilon > 0 && detail::is_finite(epsilon)))
      fail("epsilon is ", epsilon, ", expected a positive finite number");
    if (!detail::is_finite(on_target)) fail("on_target is ", on_target, ", expected a finite number");
    if (!detail::is_finite(off_target)) fail("off_target is ", off_target, ", expected a finite number");
    if (first_spike_time < 0 || (num_steps > 0 && first_spike_time >= num_steps))
      fail("first_spike_time is ", first_spike_time, ", expected a step");
  }
  /// The value in step t of a number that spikes in step s of `steps`. A spike behind step `steps` has no
  /// rise.
  double target(Index t, double s, Index steps) const noexcept {
    const auto now = static_cast<double>(t);
    if (now == s) return on_target;
    if (!interpolate || now > s || s > static_cast<double>(steps)) return off_target;
    return now / s * (on_target - off_target) + off_target;
  }

 private:
  template <Real Scalar>
  Index steps_of(const Signal<Scalar>& signal) const noexcept {
    return num_steps > 0 ? num_steps : signal.whole_steps();
  }

  // In Scalar, as PyTorch computes it; ln in double, rounded, since float versions differ between platforms.
  template <Real Scalar>
  Scalar charging(Scalar x) const {
    const Scalar above = std::max(x, static_cast<Scalar>(threshold + epsilon));
    const Scalar ratio = above / (above - static_cast<Scalar>(threshold));
    return static_cast<Scalar>(tau) * static_cast<Scalar>(std::log(static_cast<double>(ratio)));
  }

  /// Calls f(sample, feature, time) for each number that spikes.
  template <Real Scalar, typename F>
  void for_each(const Signal<Scalar>& signal, F&& f) const {
    const SequenceView<const Scalar>& x = signal.x;
    const auto fail = [](const auto&... parts) {
      detail::fail_argument("spiketape::spikegen::Latency: ", parts...);
    };
    const Index steps = steps_of(signal), first = signal.key.first_step();
    if (!x.constant && x.steps > 1)
      fail("data have ", x.steps, " steps, expected one step, or st::repeat of it");
    if (num_steps == 0 && first + x.steps > steps)
      fail("num_steps is 0 and the data go on at step ", first, ", expected the steps of the whole");
    if (first_spike_time > 0 && first_spike_time >= steps)
      fail("first_spike_time is ", first_spike_time, ", expected one of the ", steps, " steps");
    if (!(static_cast<Scalar>(threshold + epsilon) > static_cast<Scalar>(threshold)))
      fail("epsilon is ", epsilon, ", expected more: threshold + epsilon is the threshold");
    if (x.steps == 0) return;
    for (Index b = 0; b < x.batch; ++b)
      for (Index i = 0; i < x.features; ++i) {
        const Scalar number = x.row(0, b)[i];
        if (!(number >= 0 && number <= 1)) fail("data have the number ", number, ", expected 0 to 1");
        if (clip && number < static_cast<Scalar>(threshold)) continue;
        const Scalar s = time(number, steps);
        if (!bypass && std::nearbyint(s) > static_cast<Scalar>(steps - 1))
          fail("a spike falls on step ", std::nearbyint(s), " of ", steps,
               ", expected earlier ones: a smaller tau, normalize = true, or bypass = true");
        f(b, i, s);
      }
  }
};

/// The times of spikes in steps, not rounded, and which numbers are below the threshold; (batch, features)
/// both.
template <Real Scalar>
struct LatencyTimes {
  Array<Scalar> spike_time;  ///< In steps, not rounded.
  Array<bool> below;         ///< Whether the number is below the threshold.
};

/// The times of spikes of one step of data (snnTorch: latency_code). Allocates the result. Throws
/// std::invalid_argument for wrong options and numbers, as Latency does, and for `normalize` without
/// num_steps.
template <typename Data>
[[nodiscard]] auto latency_code(const Data& data, const Latency& code = {}) {
  const auto x = view_of(data);
  using Scalar = typename detail::NumbersOf<std::remove_cvref_t<decltype(x)>>::type;
  if (code.normalize && code.num_steps == 0)
    detail::fail_argument(
        "spiketape::spikegen::latency_code: num_steps is 0, expected at least 1 to normalize");
  if (x.stored_steps() > 1)
    detail::fail_argument("spiketape::spikegen::latency_code: data have ", x.steps, " steps, expected one");
  code.check();
  const auto numbers = x.array();
  for (Index b = 0; b < x.batch; ++b)
    for (Index i = 0; i < x.features; ++i)
      if (const Scalar number = x.row(0, b)[i]; !(number >= 0 && number <= 1))
        detail::fail_argument("spiketape::spikegen::latency_code: data have the number ", number,
                              ", expected 0 to 1");
  return LatencyTimes<Scalar>{
      numbers.unaryExpr([&](Scalar number) { return code.time(number, code.num_steps); }),
      numbers < static_cast<Scalar>(code.threshold)};
}

/// The values of neurons that are to spike at given times, one step's shape: each rises from off_target in
/// step 0 to on_target at its time, which is rounded (snnTorch: latency_interpolate). Allocates the result.
/// Throws std::invalid_argument unless on_target is at least off_target, times are finite and num_steps is
/// not negative.
template <typename Times>
[[nodiscard]] auto latency_interpolate(const Times& spike_time, Index num_steps, double on_target = 1,
                                       double off_target = 0) {
  const auto times = view_of(spike_time);
  using Scalar = typename detail::NumbersOf<std::remove_cvref_t<decltype(times)>>::type;
  if (!(on_target >= off_target))
    detail::fail_argument("spiketape::spikegen::latency_interpolate: on_target is ", on_target,
                          ", expected at least ", off_target, ", the off_target");
  for (Index b = 0; b < times.batch; ++b)
    for (Index i = 0; i < times.features; ++i)
      if (const Scalar time = times.row(0, b)[i]; !detail::is_finite(time))
        detail::fail_argument("spiketape::spikegen::latency_interpolate: a time is ", time,
                              ", expected a finite number");
  const Latency code{.on_target = on_target, .off_target = off_target, .interpolate = true};
  Sequence<Scalar> y(detail::repeated(times, num_steps, "spikegen::latency_interpolate").shape());
  for (Index t = 0; t < num_steps; ++t)
    for (Index b = 0; b < times.batch; ++b)
      for (Index i = 0; i < times.features; ++i)
        y(t, b, i) = static_cast<Scalar>(
            code.target(t, static_cast<double>(std::nearbyint(times.row(0, b)[i])), num_steps));
  return y;
}

/// Encodes data by latencies; see Latency and encode(). Takes st::repeat(step, steps), or one step and
/// num_steps; without either, `bypass` lets the last spike end the result (which must be in step 0 or later).
template <typename Data>
[[nodiscard]] auto latency(const Data& data, const Latency& code = {}) {
  auto x = view_of(data);
  if (x.constant || x.steps != 1) return encode(data, code);
  Index steps = code.num_steps;
  if (steps == 0) {
    if (!code.bypass)
      detail::fail_argument(
          "spiketape::spikegen::latency: num_steps is 0, expected at least 1, st::repeat(data, "
          "steps), or bypass = true");
    const auto times = latency_code(x, code).spike_time;
    const double last = times.size() > 0 ? static_cast<double>(times.maxCoeff()) : 0;
    if (!(last > -0.5 && last < 1e9))
      detail::fail_argument("spiketape::spikegen::latency: the last spike falls on step ", last,
                            ", expected 0 to 1e9, or num_steps");
    steps = static_cast<Index>(std::nearbyint(last)) + 1;
  }
  return encode(repeat(x, steps), code);
}

}  // namespace spiketape::inline SPIKETAPE_ABI::spikegen

#include <spiketape/core/pop_macros.hpp>
