// Reading and writing whole files, with every step checked. Reading has a header of its own, since compilers
// take long over <filesystem>.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/read_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace spiketape {

/// Replaces the contents of the file `path` by `bytes`, completely or, on an error, not at all. The bytes go
/// to `path` + ".tmp", which is then renamed to `path`; files with either name are replaced. On an error it
/// removes the temporary file, leaves an old file `path` untouched, and throws std::runtime_error with the
/// path and the system's reason. Devices and pipes are refused, because renaming would replace them.
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
  // fwrite does not accept the null pointer of an empty string_view.
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
    // Unlike std::rename, this replaces an existing file on every system.
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

#include <spiketape/core/pop_macros.hpp>
