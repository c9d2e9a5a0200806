// How far a training is, in a terminal or a file.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/error.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/train/training_log.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// A time in words: 0.04 s, 12 s, 3 min 20 s, 2 h 5 min.
inline std::string duration_text(const double& seconds) {
  if (!is_finite(seconds) || seconds < 0) return "?";
  char text[48];
  const long long whole = std::llround(std::fmin(seconds, 1e15));
  if (seconds < 9.995)
    std::snprintf(text, sizeof text, "%.2g s", seconds);
  else if (whole < 60)
    std::snprintf(text, sizeof text, "%lld s", whole);
  else if (whole < 3600)
    std::snprintf(text, sizeof text, "%lld min %lld s", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%lld h %lld min", whole / 3600, whole / 60 % 60);
  return text;
}

/// A loss and its name, or nothing if it is NaN.
inline std::string loss_text(const char* name, const double& loss) {
  if (is_nan(loss)) return {};
  char text[48];
  std::snprintf(text, sizeof text, "  %s %.4g", name, loss);
  return text;
}
/// The same for an accuracy.
inline std::string accuracy_text(const char* name, const double& accuracy) {
  if (is_nan(accuracy)) return {};
  char text[48];
  std::snprintf(text, sizeof text, "  %s %.1f %%", name, 100 * accuracy);
  return text;
}

/// An epoch as a line, such as
///   epoch  1/20  loss 1.968  accuracy 95.4 %  test loss 1.21  accuracy 92.2 %  0.4 s, 8 s left
inline std::string epoch_text(const EpochLog& epoch, Index epochs, const double& seconds_left) {
  const std::string last = std::to_string(epochs);
  std::string number = std::to_string(static_cast<long long>(epoch.epoch));
  if (number.size() < last.size()) number.insert(0, last.size() - number.size(), ' ');
  std::string text = "epoch " + number + '/' + last;
  text += loss_text("loss", epoch.loss) + accuracy_text("accuracy", epoch.accuracy) +
          loss_text("test loss", epoch.test_loss) + accuracy_text("test accuracy", epoch.test_accuracy);
  const bool timed = !is_nan(epoch.seconds);
  if (timed) text += "  " + duration_text(epoch.seconds);
  if (seconds_left > 0) text += (timed ? ", " : "  ") + duration_text(seconds_left) + " left";
  return text;
}

/// Writes a line for each epoch, and while one is under way a line that replaces itself a few times a second.
/// That one only on a terminal: in a file the lines would pile up.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressLine(std::FILE* file) : file_(file) {
#if defined(__unix__) || defined(__APPLE__)
    terminal_ = file != nullptr && isatty(fileno(file)) != 0;
#endif
  }

  /// Shows the epoch under way, if it is time.
  void show(const EpochLog& now, Index epochs, double part, double seconds_left) {
    if (!terminal_ || Clock::now() - shown_ < std::chrono::milliseconds(200)) return;
    shown_ = Clock::now();
    std::fprintf(file_, "\r\x1b[K%s (%.0f %%)", epoch_text(now, epochs, seconds_left).c_str(), 100 * part);
    std::fflush(file_);
  }
  /// Writes an epoch that has ended.
  void write(const EpochLog& epoch, Index epochs, double seconds_left) const {
    if (file_ == nullptr) return;
    std::fprintf(file_, "%s%s\n", terminal_ ? "\r\x1b[K" : "",
                 epoch_text(epoch, epochs, seconds_left).c_str());
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
  bool terminal_ = false;
  Clock::time_point shown_ = Clock::now();
};

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
