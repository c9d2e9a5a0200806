// The base of optimizers: groups of parameters with their options, and the loop over parameters and their
// gradients.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/autograd/gradient_sums.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/moved_from.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/core/parallel.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
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

/// The base of optimizers. A `Rule` is what one of them is:
///
///     using Options                      with lr and threads
///     static constexpr const char* name
///     struct State                       the data for each parameter; visit(f) calls f(name, member)
///     static check(options)              throws what is wrong with the options but lr and threads
///     static visit(options, f)           calls f(name, option) for the same ones
///     static prepare(state, count)       makes room for a parameter's numbers
///     static advance(state, options)     counts an update
///     static update(values, gradient, begin, end, state, options)
///                                        updates the numbers begin, …, end − 1 of a parameter
template <Real Scalar, typename Rule>
class Optimizer {
 public:
  using Options = typename Rule::Options;

  /// The parameters that it updates, in the order in which it got them.
  const ParameterList<Scalar>& parameters() const { return parameters_; }

  /// One update of every parameter that has a gradient in `gradients`; then drops those gradients. Allocates
  /// in a parameter's first update only; if memory runs out, nothing has changed. Throws
  /// std::invalid_argument if none has one, since the step would have no effect (see Parameter on which
  /// network an optimizer trains), if a parameter has been replaced, and if the optimizer was moved from.
  void step(GradientSums<Scalar>& gradients) {
    const FlushDenormals flush;
    check(gradients);
    const auto gradient_of = [&](std::size_t k) -> const GradientSum<Scalar>* {
      const GradientSum<Scalar>* sum = gradients.find(parameters_[k]);
      return sum != nullptr && sum->written ? sum : nullptr;
    };
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      if (const GradientSum<Scalar>* sum = gradient_of(k))
        Rule::prepare(states_[k], static_cast<std::size_t>(count_of(*sum)));
    int threads = 1;
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      if (gradient_of(k) == nullptr) continue;
      Rule::advance(states_[k], options_of(k));
      static_cast<void>(gradients.take(parameters_[k]));
      threads = std::max(threads, options_of(k).threads);
    }
    parallel_arrays(
        threads, static_cast<Index>(parameters_.size()),
        [&](Index i) {
          const GradientSum<Scalar>* sum = gradient_of(static_cast<std::size_t>(i));
          return sum == nullptr ? 0 : count_of(*sum);
        },
        [&](Index i, Index begin, Index end) {
          const auto k = static_cast<std::size_t>(i);
          Rule::update(parameters_[k]->values.data(), gradient_of(k)->values.data(), begin, end, states_[k],
                       options_of(k));
        });
    for (const ParameterPtr<Scalar>& parameter : parameters_) gradients.clear(parameter);
  }

  /// Does not compile, and the compiler says why: what has gradients, such as a tape.
  template <typename Given>
  requires requires(Given& given) { given.gradients(); }
  void step(Given&) {
    static_assert(
        !requires(Given & given) { given.gradients(); },
        "spiketape: a step takes gradients: write adam.step(tape.gradients())");
  }

  /// The learning rate: that of group 0. `set_lr` changes it for the next steps; other groups keep their
  /// ratio to it. So a schedule of one number serves all groups. Throws std::invalid_argument for a rate that
  /// the constructor refuses, and both if the optimizer was moved from.
  double lr() const {
    static_cast<void>(name());  // throws
    return groups_.front().now.options.lr;
  }
  void set_lr(double lr) {
    check_option<Scalar>(name(), "lr", lr, 0);
    for (Group& group : groups_) group.now.options.lr = lr * group.now.ratio;
  }

  /// Gives parameters options of their own, for example biases no weight decay:
  ///
  ///     adam.add_group({net.parameter("fc1.bias").ptr()}, {.lr = adam.lr(), .weight_decay = 0});
  ///
  /// They leave the group that they were in; the optimizer takes those that it does not have. Returns the
  /// number of the group; those of the constructor are group 0. Call it before a checkpoint is loaded.
  /// Allocates. Throws std::invalid_argument for options and parameters that the constructor refuses, and if
  /// lr() is 0 and the group's rate is not, since it keeps its ratio to lr().
  std::size_t add_group(const ParameterList<Scalar>& parameters, const Options& options) {
    check_options(options);
    check_parameter_list(name(), parameters);
    const double ratio = ratio_of(options);
    const std::size_t count =
        parameters_.size() + static_cast<std::size_t>(std::count_if(
                                 parameters.begin(), parameters.end(), [&](const auto& parameter) {
                                   return place(parameter) == parameters_.size();
                                 }));
    groups_.reserve(groups_.size() + 1);  // what throws changes nothing
    parameters_.reserve(count);
    states_.reserve(count);
    group_of_.reserve(count);
    const std::size_t number = groups_.size();
    groups_.push_back({{options, ratio}, {options, ratio}});
    for (const ParameterPtr<Scalar>& parameter : parameters) {
      const std::size_t k = place(parameter);
      if (k == parameters_.size()) {
        parameters_.push_back(parameter);
        states_.emplace_back();
        group_of_.push_back(number);
      } else {
        group_of_[k] = number;
      }
    }
    return number;
  }
  /// The number of groups, at least 1.
  std::size_t groups() const noexcept { return groups_.size(); }

  /// The options of a group, with its present learning rate. `set_options` changes them for the next steps; a
  /// learning rate of group 0 changes the others' as set_lr does. Throws std::invalid_argument for a group
  /// that is not there and for what add_group refuses.
  const Options& options(std::size_t group = 0) const { return groups_[checked(group)].now.options; }
  void set_options(const Options& options, std::size_t group = 0) {
    Settings& now = groups_[checked(group)].now;
    check_options(options);
    const bool same_lr = options.lr == now.options.lr;  // also 0, at which the ratio is not seen
    now = {options, group == 0 ? 1 : same_lr ? now.ratio : ratio_of(options)};
    if (group == 0) set_lr(options.lr);
  }

  /// For Checkpoint: visits the learning rates, the options that set_options has changed, and the data of
  /// each parameter.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    if (groups_.empty())
      fail_argument("spiketape::", name(), ": it has been moved from, expected an assignment first");
    visitor.must_be("optimizer", std::string(name()));
    AlignedVector<double> made = table(&Group::made), now = table(&Group::now);
    AlignedVector<double> changed = now == made ? AlignedVector<double>() : now;  // empty: left out
    const auto columns = static_cast<Index>(now.size() / groups_.size());
    visitor.rows("options", changed, static_cast<Index>(groups_.size()), columns, columns);
    set_table(changed.size() == now.size() ? changed : made);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const std::string prefix = g == 0 ? "" : joined({"group", g, "."});
      Rule::visit(groups_[g].made.options, [&](const char* option, auto& value) SPIKETAPE_NOINLINE_LAMBDA {
        if constexpr (std::same_as<decltype(value), bool&>)
          if (!value) return;  // so that files from before this option fit
        visitor.fact(joined({prefix, option}), value);
      });
      visitor.number(joined({prefix, "lr"}), groups_[g].now.options.lr);
    }
    visitor.must_be("parameters", parameters_.size());
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      const ParameterData<Scalar>& parameter = *parameters_[k];
      const std::string path = joined({k, ".", parameter.name});
      visitor.must_be(path, joined({parameter.rows, " x ", parameter.cols}));
      if (group_of_[k] > 0) visitor.must_be(joined({path, ".group"}), group_of_[k]);
      states_[k].visit([&](const char* what, auto& member) SPIKETAPE_NOINLINE_LAMBDA {
        if constexpr (requires { member.size(); })
          visitor.rows(joined({path, ".", what}), member, parameter.rows, parameter.cols, parameter.stride);
        else
          visitor.number(joined({path, ".", what}), member);
      });
    }
  }

 protected:
  Optimizer(ParameterList<Scalar> parameters, const Options& options)
      : parameters_(std::move(parameters)), group_of_(parameters_.size(), 0), states_(parameters_.size()) {
    check_options(options);
    check_parameter_list(name(), parameters_);
    groups_.push_back({{options, 1}, {options, 1}});
  }

 private:
  /// The numbers that are updated. The whole padded memory, where the padding's gradient is zero.
  static Index count_of(const GradientSum<Scalar>& sum) {
    return sum.shared ? sum.numbers : static_cast<Index>(sum.values.size());
  }

  using State = typename Rule::State;
  struct Settings {
    Options options;
    double ratio;  // of its learning rate to that of group 0
  };
  struct Group {
    Settings made, now;
  };
  /// Of a parameter.
  const Options& options_of(std::size_t k) const { return groups_[group_of_[k]].now.options; }

  void check_options(const Options& options) const {
    check_option<Scalar>(name(), "lr", options.lr, 0);
    Rule::check(options);
    check_option<Scalar>(name(), "threads", options.threads, 1);
  }
  double ratio_of(const Options& options) const {
    if (options.lr == 0) return 0;
    if (!(lr() > 0))
      fail_argument("spiketape::", name(), ": lr is ", options.lr,
                    " in a group while that of group 0 is 0, expected 0: it keeps its ratio to that");
    return options.lr / lr();
  }
  std::size_t checked(std::size_t group) const {
    const char* const optimizer = name();
    if (group >= groups_.size())
      fail_argument("spiketape::", optimizer, ": group is ", group, ", expected at most ",
                    groups_.size() - 1);
    return group;
  }
  /// The place of a parameter in the list, or its end.
  std::size_t place(const ParameterPtr<Scalar>& parameter) const {
    return static_cast<std::size_t>(std::find(parameters_.begin(), parameters_.end(), parameter) -
                                    parameters_.begin());
  }

  /// The settings of all groups as rows of numbers, without learning rates.
  SPIKETAPE_NOINLINE AlignedVector<double> table(Settings Group::*which) {
    std::size_t columns = 1;
    Rule::visit(groups_.front().now.options, [&](const char*, auto&) { ++columns; });
    AlignedVector<double> numbers(groups_.size() * columns);
    double* number = numbers.data();
    for (Group& group : groups_) {
      Rule::visit((group.*which).options,
                  [&](const char*, auto& value) { *number++ = static_cast<double>(value); });
      *number++ = (group.*which).ratio;
    }
    return numbers;
  }
  SPIKETAPE_NOINLINE void set_table(const AlignedVector<double>& numbers) {
    const double* number = numbers.data();
    for (Group& group : groups_) {
      Rule::visit(group.now.options, [&](const char*, auto& value) {
        value = static_cast<std::remove_reference_t<decltype(value)>>(*number++);
      });
      group.now.ratio = *number++;
    }
  }

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
      fail_argument("spiketape::", Rule::name,
                    ": it has been moved from, expected an assignment before its next use");
    return Rule::name;
  }
  static const char* shown(const ParameterData<Scalar>& parameter) {
    return parameter.name.empty() ? "without a name" : parameter.name.c_str();
  }

  MovedFrom moved_from_;
  ParameterList<Scalar> parameters_;
  std::vector<std::size_t> group_of_;  // each parameter
  std::vector<State> states_;          // of each parameter
  std::vector<Group> groups_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
