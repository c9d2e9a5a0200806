// Training on long sequences with bounded memory.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/steps.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/nn/hidden_state.hpp>
#include <spiketape/train/driver.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of Windows.
struct WindowsOptions {
  /// true: cuts the gradient between windows (truncated BPTT); one pass, and earlier windows take no memory.
  /// false: the gradient of the whole sequence (checkpointing); each window but the last runs twice, and the
  /// states between windows are kept.
  bool truncate = false;
};

/// Processes a long sequence in windows of some steps, so that the tape holds one window at a time. Apart
/// from the states between windows, memory does not grow with the number of steps.
///
///     st::Windows<float> windows(100);  // steps; {.truncate = true} cuts the gradient between windows
///
///     st::reset_hidden(net);            // its neurons have init_hidden = true
///     float loss = windows.run(net, input, [&](const auto& out, st::Index first, st::Index steps) {
///       return st::cross_entropy(out.mem, labels);  // the part of the steps first, …, first + steps − 1
///     });                                           // or a loss such as st::ce_rate_loss(labels)
///     optimizer.step(windows.gradients());
///
/// For T steps, a whole gradient takes memory for about T/k states and a window of k steps. With k = √T both
/// stay small: T = 10,000 steps need the memory of 100. (Chen, Xu, Zhang and Guestrin, Training deep nets
/// with sublinear memory cost, 2016.) The result is that of the whole sequence on one tape, up to rounding;
/// losses are added in double. Allocates nothing once everything has warmed up.
template <Real Scalar>
class Windows {
 public:
  /// Throws std::invalid_argument unless a window has at least one step.
  explicit Windows(Index steps, const WindowsOptions& options = {}) : steps_(steps), options_(options) {
    if (steps < 1) detail::fail_argument("spiketape::Windows: steps is ", steps, ", expected at least 1");
  }

  /// Runs a network on a sequence, forward and backward, from its hidden state, and leaves it with that after
  /// the last step. `loss(out, first, steps)` returns the loss of a window, a single number, from the
  /// network's result, or an empty Var if the window has none; it may also be called as loss(out), such as
  /// ce_rate_loss(labels). Means over steps divide by those of the whole sequence (see Tape::part). Returns
  /// the sum of the losses. A batch without samples is 0; nothing is called, and the state stays. Throws
  /// std::invalid_argument for samples without steps, and if there are several windows and a layer whose
  /// state would be lost between them: a neuron without init_hidden, or a layer of your own with states. If
  /// something throws, also `loss` or std::bad_alloc, the hidden state is that before the run, and all
  /// gradients are dropped; the same run may then be made again.
  template <typename Network, typename Loss>
  Scalar run(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    total_ = 0;
    const Index count = windows_of(net, input);
    if (count == 0) return 0;
    Round<Network> round(*this, net);
    tape_.set_training(true);
    if (options_.truncate)
      for (Index w = 0; w < count; ++w) {
        start(w, input);
        backward(loss_of(net, input, w, loss));
      }
    else
      run_twice(net, input, count, loss);
    round.end();
    return static_cast<Scalar>(total_);
  }

  /// The same forward only, as in evaluation: layers such as dropout do not train (see Tape::set_training), and
  /// no gradient comes of it. Returns the sum of the losses. Drops all gradients, and leaves the hidden state and
  /// all else that a later run depends on as it was.
  template <typename Network, typename Loss>
  Scalar evaluate(const Network& net, const SequenceView<const Scalar>& input, Loss&& loss) {
    total_ = 0;
    const Index count = windows_of(net, input);
    if (count == 0) return 0;
    const Round<Network> round(*this, net);
    tape_.set_training(false);
    for (Index w = 0; w < count; ++w) {
      start(w, input);
      add(loss_of(net, input, w, loss));
    }
    return static_cast<Scalar>(total_);
  }

  /// These do not compile, and the compiler says why: numbers of another type.
  template <typename Network, detail::OfAnotherScalar<Scalar> Input, typename Loss>
  void run(const Network&, const Input&, Loss&&) {
    static_assert(detail::check_scalar_of_network<Network, Scalar>());
    detail::refuse_scalar<Input, Scalar>();
  }
  template <typename Network, detail::OfAnotherScalar<Scalar> Input, typename Loss>
  void evaluate(const Network& net, const Input& input, Loss&& loss) {
    run(net, input, loss);
  }

  /// The batches of later runs are these samples of larger ones; see Shards::set_samples.
  void set_samples(const PartRange& samples) {
    detail::check_range(samples, "samples");
    samples_ = samples;
  }
  /// The sum of the losses of the last run, in double.
  double loss() const { return total_; }

  /// The seed of layers' random numbers: 0 unless set.
  void set_seed(std::uint64_t seed) { tape_.set_seed(seed); }

  /// For Checkpoint: visits what goes on later, and what the bits of a run depend on. Gradients that no
  /// optimizer has taken are lost.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("steps", steps_);
    visitor.fact("truncate", options_.truncate);
    std::uint64_t seed = tape_.seed();
    visitor.number("seed", seed);
    visitor.number("round", round_);
    set_seed(seed);
  }

  /// The gradients of all runs since they were last cleared.
  GradientSums<Scalar>& gradients() { return tape_.gradients(); }

  /// Bytes held for values, adjoints and records.
  std::size_t capacity() const { return tape_.capacity(); }

 private:
  /// A run. If it throws, it was none: it has no number and leaves no gradients, and the hidden state is that
  /// before.
  template <typename Network>
  class Round {
   public:
    Round(Windows& windows, const Network& net) : windows_(windows), net_(net) {
      save_hidden_state(net, windows.before_);
      std::size_t k = 0;
      net.for_each_hidden([&](const Array<Scalar>&, const Var<Scalar>& var) { before(k++).var = var; });
      ++windows.round_;
    }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    ~Round() {
      if (ended_) return;
      std::size_t k = 0;
      net_.for_each_hidden([&](Array<Scalar>& values, Var<Scalar>& var) {
        values.swap(before(k).values);
        var = before(k++).var;
      });
      windows_.gradients().clear();
      --windows_.round_;
    }
    void end() noexcept { ended_ = true; }

   private:
    detail::StatePart<Scalar>& before(std::size_t k) { return windows_.before_.parts()[k]; }

    Windows& windows_;
    const Network& net_;
    bool ended_ = false;
  };

  /// The number of windows of a sequence, 0 without samples; checks it and the network.
  template <typename Network>
  Index windows_of(const Network& net, const SequenceView<const Scalar>& input) {
    static_assert(
        requires {
          { net.forgets_state() } -> std::convertible_to<bool>;
          net.for_each_hidden([](Array<Scalar>&, Var<Scalar>&) {});
        },
        "spiketape::Windows::run: a network of your own needs bool forgets_state() const, whether a neuron in "
        "it has init_hidden = false, and for_each_hidden(f) const, which calls for_each_hidden(f) of each "
        "neuron: see Sequential");
    static_assert(detail::check_scalar_of_network<Network, Scalar>());
    const bool some = detail::has_samples("Windows", input.shape());
    const Index count = detail::parts_of(input.steps, steps_);
    if (count > 1 && net.forgets_state())
      detail::fail_argument(
          "spiketape::Windows::run: a layer of the network keeps no state between calls, expected "
          "init_hidden = true, or data that are encoded before: its state would be lost between windows");
    if constexpr (requires { net.couples_samples(); })
      if (const char* reason = net.couples_samples(); reason != nullptr && count > 1)
        detail::fail_argument("spiketape::Windows::run: a layer of the network couples samples (", reason,
                              "), expected one window: it would take the figures of each window, and twice");
    return some ? count : 0;
  }

  template <typename Network, typename Loss>
  void run_twice(const Network& net, const SequenceView<const Scalar>& input, Index count, Loss& loss) {
    // Forward: keeps only the states at the beginnings of windows.
    states_.resize(static_cast<std::size_t>(count));
    for (Index w = 0; w < count; ++w) {
      save_hidden_state(net, state(w));
      if (w + 1 < count) {
        start(w, input);
        net(tape_.constant(window(input, w)));
      }
    }
    // Backward: each window again, from last to first, with the adjoints of the states after it.
    adjoints_.clear();
    for (Index w = count - 1; w >= 0; --w) {
      set_hidden_state(net, state(w));
      start(w, input);
      const std::vector<Var<Scalar>>& begin = variables(net, input.batch);
      const Var<Scalar> part = loss_of(net, input, w, loss);
      if (w == count - 1) save_hidden_state(net, last_);
      hand_over(net);
      backward(part);
      keep_adjoints(begin);
    }
    set_hidden_state(net, last_);
  }

  void start(Index w, const SequenceView<const Scalar>& input) {
    tape_.reset();
    const Index first = w * steps_;
    tape_.set_part({.samples = samples_.of(input.batch),
                    .steps = {first, std::min(steps_, input.steps - first), input.steps}});
    tape_.set_round(round_);
  }

  State<Scalar>& state(Index w) { return states_[static_cast<std::size_t>(w)]; }

  SequenceView<const Scalar> window(SequenceView<const Scalar> input, Index w) const {
    const Index first = w * steps_;
    if (!input.constant) input.data += first * input.batch * input.stride;
    input.steps = std::min(steps_, input.steps - first);
    return input;
  }

  template <typename Network, typename Loss>
  Var<Scalar> loss_of(const Network& net, const SequenceView<const Scalar>& input, Index w, Loss& loss) {
    const SequenceView<const Scalar> part = window(input, w);
    return detail::part_of_loss(tape_, loss, net(tape_.constant(part)), w * steps_, part.steps);
  }

  /// The hidden state as variables, so that an adjoint reaches it. A state may have several steps.
  template <typename Network>
  const std::vector<Var<Scalar>>& variables(const Network& net, Index batch) {
    begin_.clear();
    net.for_each_hidden([&](const Array<Scalar>& values, Var<Scalar>& var) {
      var = {};
      if (values.size() > 0 && batch > 0)
        var = tape_.variable(SequenceView<const Scalar>(
            values.data(), {values.rows() / batch, batch, values.cols()}, values.cols()));
      begin_.push_back(var);
    });
    return begin_;
  }

  /// Adds the adjoints, from the later window, of the states at the end of this one.
  template <typename Network>
  void hand_over(const Network& net) {
    const FlushDenormals flush;
    std::size_t k = 0;
    net.for_each_hidden([&](const Array<Scalar>&, const Var<Scalar>& var) {
      if (k < adjoints_.size() && adjoints_[k].size() > 0 && var.differentiable())
        tape_.open_adjoint(var).array().bottomRows(adjoints_[k].rows()) += adjoints_[k];
      ++k;
    });
  }
  void keep_adjoints(const std::vector<Var<Scalar>>& begin) {
    adjoints_.resize(begin.size());
    for (std::size_t k = 0; k < begin.size(); ++k) {
      if (!begin[k].empty() && begin[k].has_adjoint())
        adjoints_[k] = begin[k].adjoint().array();
      else
        adjoints_[k].resize(0, 0);
    }
  }

  void backward(const Var<Scalar>& loss) {
    if (loss.empty()) return tape_.backward();
    tape_.backward(loss);
    add(loss);
  }
  void add(const Var<Scalar>& loss) {
    const FlushDenormals flush;
    if (!loss.empty()) total_ += static_cast<double>(loss.item());
  }

  Index steps_;
  WindowsOptions options_;
  std::uint64_t round_ = 0;  // counts the runs; layers' random numbers depend on it
  double total_ = 0;         // of the losses of the windows so far
  PartRange samples_;        // of a larger batch
  Tape<Scalar> tape_;
  std::vector<State<Scalar>> states_;  // at the beginning of each window
  State<Scalar> last_, before_;        // after the run, and before it
  std::vector<Array<Scalar>> adjoints_;
  std::vector<Var<Scalar>> begin_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
