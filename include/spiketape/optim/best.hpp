// The parameters of the best epoch so far.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/moved_from.hpp>
#include <spiketape/core/parameters.hpp>
#include <spiketape/optim/metric.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of Best.
struct BestOptions {
  /// Better::lower for a loss, Better::higher for an accuracy.
  Better better = Better::lower;
};

/// Keeps a copy of all parameters of a network, learned or not, of the epoch with the best metric:
///
///     st::Best best(net, {.better = st::Better::higher});
///     for (int epoch = 0; epoch < 20; ++epoch) {
///       ...
///       best(test_accuracy);
///     }
///     best.restore();  // net is that of the best epoch again
///
/// It shares the memory of the parameters, as an optimizer does, and copies values only, in memory: no file.
/// Of equal values the first is the best; a NaN never is.
template <Real Scalar>
class Best {
 public:
  /// Allocates the copy.
  template <typename Network>
  explicit Best(const Network& net, const BestOptions& options = {}) : options_(options) {
    for (const auto& each : net.named_parameters()) {
      parameters_.push_back(each.parameter.ptr());
      copies_.push_back(each.parameter.ptr()->values);
    }
  }

  /// Takes the metric of the next epoch, and if it is the best so far the present values of the parameters.
  /// Returns whether it is. Allocates nothing. Throws std::invalid_argument if a parameter has been given
  /// another shape since, and if it was moved from.
  bool operator()(double metric) {
    check("operator()");
    if (best_.take(metric, options_.better, 0)) {
      for (std::size_t k = 0; k < copies_.size(); ++k)
        std::copy(parameters_[k]->values.begin(), parameters_[k]->values.end(), copies_[k].begin());
      epoch_ = taken_;
    }
    return taken_++ == epoch_;
  }
  /// Gives the parameters the values of the best epoch. Allocates nothing. Throws std::invalid_argument if
  /// there is none, and as above.
  void restore() const {
    check("restore");
    if (epoch_ < 0)
      detail::fail_argument("spiketape::Best::restore: no metric has been the best yet, expected one");
    for (std::size_t k = 0; k < copies_.size(); ++k)
      std::copy(copies_[k].begin(), copies_[k].end(), parameters_[k]->values.begin());
  }
  /// The best metric, NaN before the first, and the number of its epoch, from 0; −1 before the first.
  double metric() const noexcept { return best_.value; }
  std::int64_t epoch() const noexcept { return epoch_; }

  /// For Checkpoint: visits the copy, its metric and its epoch.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    check("checkpoint");
    visitor.fact("better", std::string(detail::text_of_better(options_.better)));
    best_.checkpoint(visitor);
    visitor.number("epoch", epoch_, -1);
    visitor.number("taken", taken_, 0);
    for (std::size_t k = 0; k < copies_.size(); ++k) {
      const detail::ParameterData<Scalar>& parameter = *parameters_[k];
      visitor.rows(detail::text_of(k, '.', parameter.name), copies_[k], parameter.rows, parameter.cols,
                   parameter.stride);
    }
  }

 private:
  void check(const char* function) const {
    if (moved_from_.yes)
      detail::fail_argument("spiketape::Best::", function,
                            ": it has been moved from, expected an assignment before its next use");
    for (const auto& parameter : parameters_)
      if (parameter->replaced)
        detail::fail_argument(
            "spiketape::Best::", function, ": ", parameter->name,
            " has been given another shape, which made it a new parameter: expected a Best made "
            "after that");
  }

  detail::MovedFrom moved_from_;
  BestOptions options_;
  detail::BestMetric best_;
  std::int64_t epoch_ = -1, taken_ = 0;
  ParameterList<Scalar> parameters_;
  std::vector<detail::AlignedVector<Scalar>> copies_;
};

template <typename Network>
explicit Best(const Network&, const BestOptions& = {}) -> Best<typename Network::Scalar>;

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
