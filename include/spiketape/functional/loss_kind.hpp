// Losses as values: a kind of loss with its options, the same with the targets of a batch, and any of these
// under one type.
//
//     const auto kind = st::ce_rate_loss({.label_smoothing = 0.1});
//     st::Var<float> a = kind(out, batch.labels);           // of a network's result
//     auto bound = kind.with(batch.labels);                 // owns a copy of the labels
//     float b = shards.run(net, batch.input, bound);        // each block takes its part of them
//     st::Loss<float> any = kind;                           // whichever kind it is
//
// How to write one stands at LossKind.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/tape.hpp>
#include <spiketape/core/any_function.hpp>
#include <spiketape/core/step_mask.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// What a loss compares a network's result with: labels or numbers, those of the whole batch or of the part
/// that the tape computes (see Tape::part). A view.
template <Real Scalar>
struct LossTargets {
  /// A class for each sample, or for each step and sample, step by step.
  std::span<const int> labels;
  /// Numbers in the shape of the result; an extent of 1 counts for all steps, samples or outputs.
  SequenceView<const Scalar> values;
  /// Which steps count.
  StepMask mask;
};

/// The result of a network that a loss reads: `spk` and `mem` of its last layer. For a network that returns
/// one value, both are that value.
template <Real Scalar>
struct LossInput {
  Var<Scalar> spk;  ///< (steps, batch, outputs)
  Var<Scalar> mem;  ///< Likewise.
};

/// Which of the two is read.
enum class Readout { spk, mem };

namespace detail {

template <Real Scalar>
LossInput<Scalar> loss_input(const Var<Scalar>& spk, const Var<Scalar>& mem) {
  return {spk, mem};
}
template <Real Scalar>
LossInput<Scalar> loss_input(const Var<Scalar>& out) {
  return {out, out};
}
template <typename Out>
auto loss_input(const Out& out) -> decltype(loss_input(out.spk, out.mem)) {
  return loss_input(out.spk, out.mem);
}
/// What a loss can read: a Var, or several Vars with spk and mem among them.
template <typename Out>
concept LossReadable = requires(const Out& out) {
  loss_input(out);
};
/// What is called with a network's result and targets, and returns a loss.
template <typename Kind, typename Scalar>
concept LossOf =
    std::is_invocable_r_v<Var<Scalar>, const Kind&, const LossInput<Scalar>&, const LossTargets<Scalar>&>;
template <Real Scalar>
Scalar scalar_in(const LossInput<Scalar>&);
template <typename Out>
using LossScalar = decltype(scalar_in(loss_input(std::declval<const Out&>())));

/// Targets with memory of their own, which is reused.
template <Real Scalar>
class OwnTargets {
 public:
  void set(std::span<const int> labels, const StepMask& mask) {
    labels_.assign(labels.begin(), labels.end());
    numbers_.clear();
    values_ = {};
    set(mask);
  }
  void set(const SequenceView<const Scalar>& values, const StepMask& mask) {
    labels_.clear();
    numbers_.resize(static_cast<std::size_t>(values.rows() * values.features));
    values_ = {nullptr, values.shape(), values.features, values.constant};
    SequenceView<Scalar>(numbers_.data(), values.shape(), values.features, values.constant).assign(values);
    set(mask);
  }
  /// A view, valid until the next `set`.
  LossTargets<Scalar> view() const {
    SequenceView<const Scalar> values = values_;
    if (!numbers_.empty()) values.data = numbers_.data();
    return {labels_, values, {mask_.empty() ? nullptr : mask_.data(), mask_steps_, mask_batch_}};
  }

 private:
  void set(const StepMask& mask) {
    mask_.assign(mask.data, mask.data + mask.steps * mask.batch);
    mask_steps_ = mask.steps;
    mask_batch_ = mask.batch;
  }

  std::vector<int> labels_;
  std::vector<Scalar> numbers_;
  SequenceView<const Scalar> values_;  // of the numbers, without their address: copies have others
  std::vector<unsigned char> mask_;
  Index mask_steps_ = 0, mask_batch_ = 0;
};

}  // namespace detail

/// A loss with the targets of a batch, which it owns; made by LossKind::with. It is called with the result of
/// a network, for the whole batch or for the part that the tape computes: so drivers take it, and the losses
/// of all parts add up to that of the batch.
template <typename Kind, Real Numbers>
class BoundLoss {
 public:
  explicit BoundLoss(Kind kind) : kind_(std::move(kind)) {}

  /// Takes other targets and reuses the memory: allocates nothing for a batch that is not larger than those
  /// before.
  BoundLoss& with(std::span<const int> labels, const StepMask& mask = {}) {
    targets_.set(labels, mask);
    return *this;
  }
  BoundLoss& with(const SequenceView<const Numbers>& values, const StepMask& mask = {}) {
    targets_.set(values, mask);
    return *this;
  }

  /// The loss, (1, 1, 1) unless it is not reduced. Throws what the kind throws.
  template <detail::LossReadable Out>
  [[nodiscard]] auto operator()(const Out& out) const {
    const LossTargets<Numbers> targets = targets_.view();
    if constexpr (std::same_as<detail::LossScalar<Out>, Numbers>) {
      return kind_(out, targets);
    } else {
      if (!targets.values.empty())
        detail::fail_argument(
            "spiketape::BoundLoss: one of targets and network is of float, the other of "
            "double, expected the same");
      return kind_(out, LossTargets<detail::LossScalar<Out>>{targets.labels, {}, targets.mask});
    }
  }

  /// The kind and its options.
  const Kind& kind() const noexcept { return kind_; }
  /// A view, valid until it takes others.
  LossTargets<Numbers> targets() const { return targets_.view(); }

 private:
  Kind kind_;
  detail::OwnTargets<Numbers> targets_;
};

namespace detail {

/// What all kinds have in common, whatever class they give LossKind.
class IsLossKind {};

}  // namespace detail

/// The base of a kind of loss: its options, and how the loss follows from a network's result and from
/// targets. A kind is a struct with
///
///     template <st::Real Scalar>
///     st::Var<Scalar> of(const st::LossInput<Scalar>& out, const st::LossTargets<Scalar>& targets) const;
///
/// where `of` reads out.spk or out.mem and returns a single number, (1, 1, 1). If it divides by the number of
/// samples, it takes that of the whole batch, tape.part().samples.of(out.spk.batch()).whole, so that the
/// parts add up. Drivers call it on several threads, so it must not write shared data.
template <typename Kind>
class LossKind : detail::IsLossKind {
 public:
  /// The loss of a network's result, a Var or (out.spk, out.mem), and of targets. Allocates on the tape only.
  /// Throws std::invalid_argument for targets that the kind does not take or that do not fit.
  template <detail::LossReadable Out>
  [[nodiscard]] auto operator()(const Out& out, const LossTargets<detail::LossScalar<Out>>& targets) const {
    return static_cast<const Kind*>(this)->of(detail::loss_input(out), targets);
  }
  template <detail::LossReadable Out>
  [[nodiscard]] auto operator()(const Out& out, std::span<const int> labels,
                                const StepMask& mask = {}) const {
    return (*this)(out, LossTargets<detail::LossScalar<Out>>{labels, {}, mask});
  }
  template <detail::LossReadable Out>
  [[nodiscard]] auto operator()(const Out& out, const SequenceView<const detail::LossScalar<Out>>& values,
                                const StepMask& mask = {}) const {
    return (*this)(out, LossTargets<detail::LossScalar<Out>>{{}, values, mask});
  }
  /// The same for a kind without targets.
  template <detail::LossReadable Out>
  [[nodiscard]] auto operator()(const Out& out) const {
    return (*this)(out, LossTargets<detail::LossScalar<Out>>());
  }

  /// The loss with a copy of the targets of a batch. Allocates; BoundLoss::with reuses the memory.
  [[nodiscard]] auto with(std::span<const int> labels, const StepMask& mask = {}) const {
    return bound<float>(labels, mask);
  }
  [[nodiscard]] auto with(const SequenceView<const float>& values, const StepMask& mask = {}) const {
    return bound<float>(values, mask);
  }
  [[nodiscard]] auto with(const SequenceView<const double>& values, const StepMask& mask = {}) const {
    return bound<double>(values, mask);
  }

 private:
  template <Real Numbers, typename Targets>
  BoundLoss<Kind, Numbers> bound(const Targets& targets, const StepMask& mask) const {
    BoundLoss<Kind, Numbers> loss(static_cast<const Kind&>(*this));
    loss.with(targets, mask);
    return loss;
  }
};

/// Any loss for networks of Scalar, under one type: who holds it is compiled once. It is made of a kind, or
/// of a function (out, targets) of a LossInput and LossTargets, and gets the targets of a batch by `with`.
/// Copies share the kind, which does not change, and own their targets.
///
///     st::Loss<float> loss = st::ce_rate_loss();
///     for (const auto& batch : batches.shuffled()) shards.run(net, batch.input, loss.with(batch.labels));
template <Real Scalar>
class Loss {
 public:
  /// No loss.
  Loss() = default;
  template <typename Kind>
  requires(!std::same_as<Kind, Loss>) Loss(Kind kind)  // NOLINT: a kind is a loss
  {
    constexpr bool bound = requires {
      kind.kind();
      kind.targets();
    };
    constexpr bool own =
        !std::is_base_of_v<detail::IsLossKind, Kind> || std::is_base_of_v<LossKind<Kind>, Kind>;
    static_assert(own,
                  "spiketape::Loss: a kind of loss gives its base another class than itself, whose `of` "
                  "would be called: "
                  "write struct MyLoss : st::LossKind<MyLoss>");
    constexpr bool fits = !bound && own && detail::LossOf<Kind, Scalar>;
    static_assert(
        !bound,
        "spiketape::Loss: the loss has targets of its own, expected none, since each batch brings its own: "
        "write st::ce_rate_loss() without labels");
    static_assert(
        bound || fits || !own,
        "spiketape::Loss: a loss is a kind such as st::ce_rate_loss(), or a function (out, targets) of "
        "const st::LossInput<float>& and const st::LossTargets<float>& that returns a st::Var<float>");
    if constexpr (fits) call_ = std::move(kind);
  }

  /// Whether it is no loss.
  [[nodiscard]] bool empty() const noexcept { return call_.empty(); }

  /// Takes a copy of the targets of a batch, and reuses the memory of earlier ones.
  Loss& with(std::span<const int> labels, const StepMask& mask = {}) {
    targets_.set(labels, mask);
    return *this;
  }
  Loss& with(const SequenceView<const Scalar>& values, const StepMask& mask = {}) {
    targets_.set(values, mask);
    return *this;
  }

  /// The loss of a network's result and of the targets that it has. Throws what the kind throws, and
  /// std::invalid_argument if it is empty.
  template <detail::LossReadable Out>
  [[nodiscard]] Var<Scalar> operator()(const Out& out) const {
    return (*this)(out, targets_.view());
  }
  /// The same with other targets; allocates on the tape only.
  template <detail::LossReadable Out>
  [[nodiscard]] Var<Scalar> operator()(const Out& out, const LossTargets<Scalar>& targets) const {
    if (empty())
      detail::fail_argument("spiketape::Loss: it is empty, expected a loss such as ce_rate_loss()");
    return call_(detail::loss_input(out), targets);
  }

 private:
  detail::AnyFunction<Var<Scalar>(const LossInput<Scalar>&, const LossTargets<Scalar>&)> call_;
  detail::OwnTargets<Scalar> targets_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
