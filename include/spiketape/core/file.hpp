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

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

/// What a link leads to, at last, whether it exists or not; any other path as it is.
SPIKETAPE_COLD inline std::string followed(const std::string& path) {
  std::error_code error;
  std::filesystem::path at = path;
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(at, error)); ++links) {
    constexpr int most = 40;  // as many as Linux follows
    const std::filesystem::path next = std::filesystem::read_symlink(at, error);
    if (error || links == most)
      raise_file({"spiketape::write_file: cannot write '", path,
                  "': ", error ? error.message() : system_reason(ELOOP)});
    at = at.parent_path() / next;  // `next`, if it is absolute
  }
  return at.string();
}

/// A new file beside `path`, for writing, and its name. Names that exist are left to whoever made them.
SPIKETAPE_COLD inline std::FILE* open_beside(const std::string& path, std::string& name) {
  constexpr int most = 1000;
  for (int i = 0; i < most; ++i) {
    name = text_of(path, i == 0 ? "" : ".", i == 0 ? "" : std::to_string(i), ".tmp");
    std::FILE* file = std::fopen(name.c_str(), "wbx");
    if (file != nullptr || errno != EEXIST) return file;
  }
  return nullptr;
}

}  // namespace detail

/// Replaces the contents of the file `path` by `bytes`, completely or, on an error, not at all. The bytes go
/// to a new file beside it (`path` + ".tmp", or ".1.tmp" if that exists), which is synced and renamed to
/// `path`; where `path` is a link, to what it leads to. Several processes may write at once: the file is that
/// of one of them. On an error it removes the temporary file, leaves an old file `path` untouched, and throws
/// std::runtime_error with the path and the system's reason. Devices and pipes are refused, because renaming
/// would replace them.
SPIKETAPE_COLD inline void write_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  if (std::filesystem::is_other(path, error))
    detail::raise_file(
        {"spiketape::write_file: cannot write '", path, "': it is a device, a pipe or a socket"});
  const std::string target = detail::followed(path);
  std::string temporary;
  std::FILE* file = detail::open_beside(target, temporary);
  if (!file)
    detail::raise_file({"spiketape::write_file: cannot write '", path, "': opening '", temporary,
                        "': ", detail::system_reason(errno)});

  const char* step = nullptr;
  std::string reason;
  // fwrite does not accept the null pointer of an empty string_view.
  const std::size_t written = bytes.empty() ? 0 : std::fwrite(bytes.data(), 1, bytes.size(), file);
  if (written != bytes.size() || std::fflush(file) != 0) {
    step = "writing";
    reason = detail::system_reason(errno);
  }
#if defined(__unix__) || defined(__APPLE__)
  // Else a system that stops may have done the renaming, but not yet the writing.
  if (!step && fsync(fileno(file)) != 0) {
    step = "syncing";
    reason = detail::system_reason(errno);
  }
#endif
  if (std::fclose(file) != 0 && !step) {
    step = "closing";
    reason = detail::system_reason(errno);
  }
  if (!step) {
    // Unlike std::rename, this replaces an existing file on every system.
    std::filesystem::rename(temporary, target, error);
    if (error) {
      step = "renaming";
      reason = error.message();
    }
  }
  if (step) {
    std::remove(temporary.c_str());
    detail::raise_file(
        {"spiketape::write_file: cannot write '", path, "': ", step, " '", temporary, "': ", reason});
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
