// What a training has reached, epoch by epoch.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI {

/// An epoch of a training. What is not known is NaN: an accuracy without labels, a test that was not made.
struct EpochLog {
  /// What is not known.
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  double epoch = 0;                ///< Its number, from 1.
  double steps = 0;                ///< The optimizer's steps until its end.
  double lr = unknown;             ///< The learning rate of its last step.
  double loss = unknown;           ///< The mean over its samples, each with the parameters of its time.
  double accuracy = unknown;       ///< The part of the training samples that were right, likewise.
  double test_loss = unknown;      ///< The mean over the test samples at its end.
  double test_accuracy = unknown;  ///< Likewise.
  double seconds = unknown;        ///< How long it took, with its evaluation; NaN if it was interrupted.
};

/// A column of a log: its name in files, and the member.
struct LogColumn {
  const char* name;          ///< In files.
  double EpochLog::*member;  ///< In the log.
};
/// All columns. The last one, the time, is no result.
inline constexpr std::array<LogColumn, 8> log_columns = {{{"epoch", &EpochLog::epoch},
                                                          {"steps", &EpochLog::steps},
                                                          {"lr", &EpochLog::lr},
                                                          {"loss", &EpochLog::loss},
                                                          {"accuracy", &EpochLog::accuracy},
                                                          {"test_loss", &EpochLog::test_loss},
                                                          {"test_accuracy", &EpochLog::test_accuracy},
                                                          {"seconds", &EpochLog::seconds}}};

/// The epochs of a training, in their order. `column` copies one number of each, for curves:
///
///     plot::curves(svg, box, {{"train", log.column(&st::EpochLog::loss)},
///                             {"test", log.column(&st::EpochLog::test_loss)}});
struct TrainingLog {
  std::vector<EpochLog> epochs;  ///< The first epoch first.

  /// A number of each epoch. Allocates.
  [[nodiscard]] std::vector<double> column(double EpochLog::*member) const {
    std::vector<double> numbers;
    numbers.reserve(epochs.size());
    for (const EpochLog& epoch : epochs) numbers.push_back(epoch.*member);
    return numbers;
  }

  /// For Checkpoint: visits all but the times, which differ from run to run.
  template <typename Visitor>
  void checkpoint(Visitor& visitor) {
    const std::span<const LogColumn> saved = std::span(log_columns).first(log_columns.size() - 1);
    visitor.must_be("columns", std::to_string(saved.size()));
    Array<double> numbers(static_cast<Index>(epochs.size()), static_cast<Index>(saved.size()));
    for (Index row = 0; row < numbers.rows(); ++row)
      for (Index col = 0; col < numbers.cols(); ++col)
        numbers(row, col) =
            epochs[static_cast<std::size_t>(row)].*saved[static_cast<std::size_t>(col)].member;
    if (!visitor.array("epochs", numbers)) return;
    epochs.assign(static_cast<std::size_t>(numbers.rows()), {});
    for (Index row = 0; row < numbers.rows(); ++row)
      for (Index col = 0; col < std::min(numbers.cols(), static_cast<Index>(saved.size())); ++col)
        epochs[static_cast<std::size_t>(row)].*saved[static_cast<std::size_t>(col)].member =
            numbers(row, col);
  }
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
