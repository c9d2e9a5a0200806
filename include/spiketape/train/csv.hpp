// The log of a training as a file of comma-separated values.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/file.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/train/training_log.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace spiketape::inline SPIKETAPE_ABI {

/// The log as text: a line with the names of log_columns, then a line for each epoch. Numbers have as many
/// digits as a reader needs to get the same number; NaN is an empty field. Allocates.
[[nodiscard]] inline std::string csv(const TrainingLog& log) {
  std::string text;
  for (const LogColumn& column : log_columns) {
    if (&column != log_columns.data()) text += ',';
    text += column.name;
  }
  text += '\n';
  for (const EpochLog& epoch : log.epochs) {
    for (const LogColumn& column : log_columns) {
      if (&column != log_columns.data()) text += ',';
      const double number = epoch.*column.member;
      char digits[32];
      if (!detail::is_nan(number))
        text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);  // in no locale
    }
    text += '\n';
  }
  return text;
}

/// Writes a log to a file, whole or, on an error, not at all; in a callback, after each epoch:
///
///     trainer.on_epoch([&] { st::save_csv(trainer.log(), "run.csv"); });
///
/// Throws std::runtime_error if the file cannot be written.
inline void save_csv(const TrainingLog& log, const std::string& path) { write_file(path, csv(log)); }

/// Reads what save_csv wrote. Throws std::runtime_error, with the line, for anything else, and if the file
/// cannot be read.
[[nodiscard]] inline TrainingLog read_csv_log(const std::string& path) {
  const auto bytes = read_file(path);
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string head = csv({});
  if (!rest.starts_with(head))
    detail::fail_file("spiketape::read_csv_log: '", path, "' is no log: expected the line ",
                      head.substr(0, head.size() - 1));
  rest.remove_prefix(head.size());
  TrainingLog log;
  while (!rest.empty()) {
    EpochLog epoch;
    for (const LogColumn& column : log_columns) {
      const bool last = &column == &log_columns.back();
      const std::size_t end = rest.find_first_of(",\n");
      const std::string_view field = rest.substr(0, end);
      double& number = epoch.*column.member;
      number = EpochLog::unknown;
      const auto read = std::from_chars(field.data(), field.data() + field.size(), number);
      const bool is_number = read.ec == std::errc() && read.ptr == field.data() + field.size();
      if (end == std::string_view::npos || (rest[end] == '\n') != last || !(field.empty() || is_number))
        detail::fail_file("spiketape::read_csv_log: '", path, "', line ", log.epochs.size() + 2, ", ",
                          column.name, " is '", std::string(field), "', expected a number or nothing, and ",
                          log_columns.size(), " fields in a line");
      rest.remove_prefix(end + 1);
    }
    log.epochs.push_back(epoch);
  }
  return log;
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
