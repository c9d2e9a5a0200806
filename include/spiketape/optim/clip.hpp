// Gradients that are too large are made smaller before a step.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parallel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// The sum of squares, in double: an element's square neither overflows nor vanishes in float. The order of
/// summation depends on the count alone: parts, and eight sums in each.
template <Real Scalar>
SPIKETAPE_NOINLINE double sum_of_squares(const Scalar* values, Index count, int threads) {
  constexpr Index most = 64, least = 1 << 14;
  std::array<double, most> sums{};
  const Index parts = std::clamp<Index>(count / least, 1, most);
  parallel_for(threads, parts, [&](Index part) {
    double sum[8] = {};
    const Index end = part_begin(count, part + 1, parts);
    Index i = part_begin(count, part, parts);
    const auto add = [&](double& to, Scalar value) {
      to += static_cast<double>(value) * static_cast<double>(value);
    };
    for (; i + 8 <= end; i += 8)
      for (Index k = 0; k < 8; ++k) add(sum[k], values[i + k]);
    for (; i < end; ++i) add(sum[0], values[i]);
    for (const double each : sum) sums[static_cast<std::size_t>(part)] += each;
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

template <Real Scalar>
SPIKETAPE_NOINLINE double norm_of(GradientSums<Scalar>& gradients, int threads) {
  double squares = 0;
  gradients.for_each_gradient([&](const GradientSum<Scalar>& sum) {
    if (!sum.shared)
      squares += sum_of_squares(sum.values.data(), static_cast<Index>(sum.values.size()), threads);
    for (Index k = 0; sum.shared && k < sum.numbers; ++k) {
      const Scalar shared = GradientSums<Scalar>::reduced(sum, k);
      squares += sum_of_squares(&shared, 1, 1);
    }
  });
  return std::sqrt(squares);
}

inline void check_clip(const char* function, const char* option, const double& value, int threads) {
  if (!(is_finite(value) && value > 0))
    fail_argument("spiketape::", function, ": ", option, " is ", value, ", expected finite and positive");
  if (threads < 1) fail_argument("spiketape::", function, ": threads is ", threads, ", expected at least 1");
}

}  // namespace detail

/// Makes the norm of all gradients together at most `max_norm`: with the norm n = √Σg² over the gradients of
/// all parameters, each gradient is multiplied by min(1, max_norm / (n + 1e-6)). Returns n. Call it between
/// backward and the step:
///
///     tape.backward(loss);
///     st::clip_grad_norm(tape.gradients(), 1.0);
///     adam.step(tape.gradients());
///
/// The norm is summed in double; the bits do not depend on `threads`, the number of threads (OpenMP).
/// Allocates nothing. Throws std::invalid_argument, and changes nothing, if the norm is infinite or NaN, if
/// max_norm is not finite and positive, or threads is below 1. Source: PyTorch 1.13,
/// torch.nn.utils.clip_grad_norm_ with error_if_nonfinite.
template <Real Scalar>
double clip_grad_norm(GradientSums<Scalar>& gradients, double max_norm, int threads = 1) {
  detail::check_clip("clip_grad_norm", "max_norm", max_norm, threads);
  const FlushDenormals flush;
  const double norm = detail::norm_of(gradients, threads);
  if (!detail::is_finite(norm))
    detail::fail_argument("spiketape::clip_grad_norm: the norm of the gradients is ", norm,
                          ", expected a finite one");
  const auto factor = static_cast<Scalar>(max_norm / (norm + 1e-6));
  if (factor < 1)
    gradients.for_each_gradient([&](GradientSum<Scalar>& sum) {
      detail::parallel_pieces(threads, static_cast<Index>(sum.values.size()), [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) sum.values[static_cast<std::size_t>(i)] *= factor;
      });
    });
  return norm;
}

/// Does not compile, and the compiler says why: what has gradients, such as a tape.
template <typename Given>
requires requires(Given& given) { given.gradients(); }
double clip_grad_norm(Given& given, double max_norm, int threads = 1) {
  static_assert(
      !requires { given.gradients(); },
      "spiketape: gradients are clipped: write clip_grad_norm(tape.gradients(), ...)");
  return clip_grad_norm(given.gradients(), max_norm, threads);
}

/// Puts each element of all gradients into [−max_value, max_value]; a NaN stays. Call it between backward and
/// the step, as clip_grad_norm. The bits do not depend on `threads`. Allocates nothing. Throws
/// std::invalid_argument unless max_value is finite and positive and threads is at least 1. Source: PyTorch
/// 1.13, torch.nn.utils.clip_grad_value_.
template <Real Scalar>
void clip_grad_value(GradientSums<Scalar>& gradients, double max_value, int threads = 1) {
  detail::check_clip("clip_grad_value", "max_value", max_value, threads);
  const FlushDenormals flush;
  const auto most = static_cast<Scalar>(max_value);
  gradients.for_each_gradient([&](GradientSum<Scalar>& sum) {
    if (sum.shared) {  // each element is kept as a sum for each neuron
      const Index places = sum.features / sum.numbers;
      for (Index k = 0; k < sum.numbers; ++k) {
        const Scalar whole = GradientSums<Scalar>::reduced(sum, k);
        if (!(whole < -most || whole > most)) continue;
        Scalar* of_neurons = sum.values.data() + k * places;
        std::fill_n(of_neurons, places, Scalar(0));
        *of_neurons = whole < 0 ? -most : most;
      }
      return;
    }
    detail::parallel_pieces(threads, static_cast<Index>(sum.values.size()), [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        Scalar& value = sum.values[static_cast<std::size_t>(i)];
        value = std::clamp(value, -most, most);
      }
    });
  });
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
