// The base of optimizers: the loop over parameters and their gradients.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parallel.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Checks that an option is a number of at least `least` that is finite in Scalar and, if given, less than
/// `below`.
template <Real Scalar>
void check_option(const char* optimizer, const char* option, const double& value, double least,
                  double below = HUGE_VAL) {
  constexpr auto most = static_cast<double>(std::numeric_limits<Scalar>::max());
  if (!(is_finite(value) && value <= most && value >= least && value < below)) {
    if (is_finite(value) && value > most && below == HUGE_VAL)
      fail_argument("spiketape::", optimizer, ": ", option, " is ", value, ", expected at most ", most);
    if (below < HUGE_VAL)
      fail_argument("spiketape::", optimizer, ": ", option, " is ", value, ", expected at least ", least,
                    " and less than ", below);
    fail_argument("spiketape::", optimizer, ": ", option, " is ", value,
                  ", expected a finite number of at least ", least);
  }
}

/// Whether the object that it is a member of has been moved from.
struct MovedFrom {
  bool yes = false;

  MovedFrom() = default;
  MovedFrom(const MovedFrom&) = default;
  MovedFrom(MovedFrom&& other) noexcept : yes(std::exchange(other.yes, true)) {}
  MovedFrom& operator=(const MovedFrom&) = default;
  MovedFrom& operator=(MovedFrom&& other) noexcept {
    const bool other_was = std::exchange(other.yes, true);
    yes = other_was;
    return *this;
  }
  ~MovedFrom() = default;
};

/// The base of optimizers. `State` is the data of an optimizer for each parameter.
template <Real Scalar, typename State>
class Optimizer {
 public:
  /// The parameters that it updates, in the order in which it got them.
  const ParameterList<Scalar>& parameters() const { return parameters_; }

  /// The learning rate. `set_lr` changes it for the next steps; it throws std::invalid_argument for a rate
  /// that the constructor refuses.
  double lr() const noexcept { return lr_; }
  void set_lr(double lr) {
    check_option<Scalar>(name(), "lr", lr, 0);
    lr_ = lr;
  }

  /// For Checkpoint: visits the learning rate and the data of each parameter.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.must_be("optimizer", std::string(name()));
    visitor.number("lr", lr_);
    visitor.must_be("parameters", std::to_string(parameters_.size()));
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const ParameterData<Scalar>& parameter = *parameters_[k];
      const std::string path = text_of(k, '.', parameter.name);
      visitor.must_be(path, text_of(parameter.rows, " x ", parameter.cols));
      states_[k].visit([&](const char* what, auto& member) {
        if constexpr (requires { member.size(); })
          visitor.rows(text_of(path, '.', what), member, parameter.rows, parameter.cols, parameter.stride);
        else
          visitor.number(text_of(path, '.', what), member);
      });
    }
  }

 protected:
  Optimizer(const char* name, ParameterList<Scalar> parameters, double lr)
      : name_(name), parameters_(std::move(parameters)), states_(parameters_.size()) {
    set_lr(lr);
  }

  /// For each parameter that a gradient has reached: calls prepare(state, count), which may allocate, for all
  /// of them first, so that a step without memory changes none; then advance(state), and
  /// update(values, gradient, begin, end, state) on pieces of the whole padded memory (the padding's gradient
  /// is zero) and on several threads; then clears that gradient. Throws std::invalid_argument, in the name of
  /// the optimizer, if a gradient has reached none of the parameters, if one of them has been replaced, or if
  /// it was moved from.
  template <typename Prepare, typename Advance, typename Update>
  void update_all(GradientSums<Scalar>& gradients, int threads, Prepare&& prepare, Advance&& advance,
                  Update&& update) {
    const FlushDenormals flush;
    check(gradients);
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      if (const GradientSum<Scalar>* sum = gradients.find(parameters_[k]); sum != nullptr && sum->written)
        prepare(states_[k], sum->shared ? 1 : parameters_[k]->values.size());
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const ParameterPtr<Scalar>& parameter = parameters_[k];
      const GradientSum<Scalar>* sum = gradients.find(parameter);
      if (sum == nullptr || !sum->written) continue;
      State& state = states_[k];
      const Scalar shared = sum->shared ? GradientSums<Scalar>::reduced(*sum) : Scalar(0);
      const Scalar* gradient = sum->shared ? &shared : sum->values.data();
      const Index count = sum->shared ? 1 : static_cast<Index>(parameter->values.size());
      advance(state);
      parallel_pieces(threads, count, [&](Index begin, Index end) {
        update(parameter->values.data(), gradient, begin, end, state);
      });
      gradients.clear(parameter);
    }
  }

 private:
  /// What a step refuses.
  SPIKETAPE_NOINLINE void check(const GradientSums<Scalar>& gradients) const {
    const char* const optimizer = name();
    bool reached = parameters_.empty();
    for (const auto& parameter : parameters_) {
      if (parameter->replaced)
        fail_argument("spiketape::", optimizer, "::step: ", shown(*parameter),
                      " has been given another shape, which made it a new parameter: expected an optimizer "
                      "made after that");
      reached = reached || gradients.has(parameter);
    }
    if (!reached)
      fail_argument("spiketape::", optimizer, "::step: no gradient has reached any of the ",
                    parameters_.size(), " parameters, the first is ", shown(*parameters_.front()),
                    ": expected a backward pass before, the gradients of what ran it (a tape, Shards or "
                    "Windows), and the parameters of the network that it trains (not of a copy)");
  }
  const char* name() const {
    if (moved_from_.yes)
      fail_argument("spiketape::", name_,
                    ": it has been moved from, expected an assignment before its next use");
    return name_;
  }
  static const char* shown(const ParameterData<Scalar>& parameter) {
    return parameter.name.empty() ? "without a name" : parameter.name.c_str();
  }

  const char* name_;
  MovedFrom moved_from_;
  double lr_ = 0;
  ParameterList<Scalar> parameters_;
  std::vector<State> states_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
