// What Shards and Windows, the drivers of training, have in common.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>

#include <concepts>
#include <type_traits>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Does not compile for a network of another Scalar than the driver's, and the compiler says why.
template <typename Network, Real Scalar>
consteval bool check_scalar_of_network() {
  if constexpr (requires { typename Network::Scalar; })
    static_assert(std::same_as<typename Network::Scalar, Scalar>,
                  "spiketape: the network has another Scalar than what runs it: write st::Shards<float> or "
                  "st::Windows<float> for a network of float");
  return true;
}

/// What drivers take as a loss.
template <typename Loss, typename Out, typename Scalar>
concept LossOfPart = std::is_invocable_r_v<Var<Scalar>, Loss&, const Out&> ||
                     std::is_invocable_r_v<Var<Scalar>, Loss&, const Out&, Index, Index>;

/// loss(out) for a loss that takes its targets from the tape's part by itself, such as ce_rate_loss(labels);
/// else loss(out, first, count).
template <Real Scalar, typename Loss, typename Out>
Var<Scalar> part_of_loss(Tape<Scalar>& tape, Loss& loss, const Out& out, Index first, Index count) {
  static_assert(
      LossOfPart<Loss, Out, Scalar>,
      "spiketape: a driver's loss is one with targets, such as st::ce_rate_loss(labels), or a function (out) "
      "or (out, first, count) of a part's result that returns a Var");
  if constexpr (std::is_invocable_v<Loss&, const Out&>) {
    tape.set_whole_targets(true);
    return loss(out);
  } else {
    return loss(out, first, count);
  }
}

/// Whether a driver has something to run: a batch without samples is none. Throws std::invalid_argument for
/// an input that cannot be, and for samples without steps.
SPIKETAPE_NOINLINE inline bool has_samples(const char* driver, const Shape& shape) {
  const char* expected = shape_fault(shape);
  if (expected == nullptr && shape.batch > 0 && shape.steps == 0) expected = "at least one step";
  if (expected != nullptr)
    fail_argument("spiketape::", driver, "::run: input has shape ", shape, ", expected ", expected);
  return shape.batch > 0;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
