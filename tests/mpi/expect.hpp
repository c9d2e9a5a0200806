// What the programs of this folder check with: they run as several processes, whose tests end together.
#pragma once

#include <spiketape/mpi/processes.hpp>

#include <stdexcept>
#include <string>

/// Ends the job unless this holds.
inline void expect(bool holds, const st::mpi::Processes& processes, const std::string& what,
                   int line = __builtin_LINE()) {
  if (!holds) processes.end_job("line " + std::to_string(line) + ": " + what);
}

/// The text of the exception that `run` throws; ends the job if there is none.
template <typename Exception = std::runtime_error, typename Run>
std::string error_of(const st::mpi::Processes& processes, Run&& run, int line = __builtin_LINE()) {
  try {
    run();
  } catch (const Exception& error) {
    return error.what();
  }
  expect(false, processes, "expected an exception", line);
  return {};
}
