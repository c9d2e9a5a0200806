// Stopping when a metric has ceased to become better.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/optim/metric.hpp>

#include <cstdint>

namespace spiketape::inline SPIKETAPE_ABI {

/// The options of EarlyStopping.
struct EarlyStoppingOptions {
  /// After how many values without improvement it stops, at least 1.
  std::int64_t patience = 10;
  /// A value is an improvement if it is better than the best by more than this; at least 0.
  double min_delta = 0;
  /// Better::lower for a loss, Better::higher for an accuracy.
  Better better = Better::lower;
};

/// Watches a metric, once an epoch:
///
///     st::EarlyStopping stop({.patience = 5});
///     for (int epoch = 0; epoch < 100; ++epoch) {
///       ...
///       if (stop(test_loss)) break;
///     }
///
/// NaN is no improvement. Source: Prechelt, Early stopping - but when?, 1998.
class EarlyStopping {
 public:
  /// Throws std::invalid_argument for an option out of range.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {}) : options_(options) {
    if (options.patience < 1)
      detail::fail_argument("spiketape::EarlyStopping: patience is ", options.patience,
                            ", expected at least 1");
    detail::check_within("EarlyStopping", "min_delta", options.min_delta, 0);
  }

  /// Takes the value of an epoch. True if `patience` epochs have passed since the best one. Allocates
  /// nothing.
  bool operator()(double metric) {
    best_.take(metric, options_.better, options_.min_delta);
    return best_.since >= options_.patience;
  }
  /// The best value; NaN before the first.
  double best() const noexcept { return best_.value; }

  /// For Checkpoint: visits the best value and how long ago it was.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    visitor.fact("patience", options_.patience);
    visitor.fact("min_delta", options_.min_delta);
    visitor.fact("better", std::string(detail::text_of_better(options_.better)));
    best_.checkpoint(visitor);
  }

 private:
  EarlyStoppingOptions options_;
  detail::BestMetric best_;
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
