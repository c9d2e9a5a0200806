// Whole files in and out of memory, with every step checked. Reading has a header of its own, since compilers
// take long over <filesystem>.
#pragma once

#include <spiketape/core/read_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace spiketape {

/// Makes `bytes` the contents of the file `path`: all of them or, on an error, none. They go to
/// `path` + ".tmp", which then takes the name `path`; a file that had either name is replaced. Where
/// that fails, the temporary file is removed, an old file `path` is untouched, and std::runtime_error
/// names the path and the system's reason. Devices and pipes are refused: renaming would replace them.
inline void write_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  if (std::filesystem::is_other(path, error))
    detail::fail_file("spiketape::write_file: cannot write '", path, "': it is a device, a pipe or a socket");

  const std::string temporary = path + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (!file)
    detail::fail_file("spiketape::write_file: cannot write '", path, "': opening '", temporary,
                      "': ", detail::system_reason(errno));

  const char* step = nullptr;
  std::string reason;
  // fwrite takes no null pointer, which is what an empty text may hold.
  const std::size_t written = bytes.empty() ? 0 : std::fwrite(bytes.data(), 1, bytes.size(), file);
  if (written != bytes.size() || std::fflush(file) != 0) {
    step = "writing";
    reason = detail::system_reason(errno);
  }
  if (std::fclose(file) != 0 && !step) {
    step = "closing";
    reason = detail::system_reason(errno);
  }
  if (!step) {
    // Unlike std::rename, this replaces an old file on every system.
    std::filesystem::rename(temporary, path, error);
    if (error) {
      step = "renaming";
      reason = error.message();
    }
  }
  if (step) {
    std::remove(temporary.c_str());
    detail::fail_file("spiketape::write_file: cannot write '", path, "': ", step, " '", temporary,
                      "': ", reason);
  }
}

}  // namespace spiketape
