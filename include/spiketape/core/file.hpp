// Reading and writing whole files, with every step checked.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/read_file.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/stat.h>
#include <unistd.h>
#else
#include <filesystem>
#include <system_error>
#endif

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

#if defined(__unix__) || defined(__APPLE__)
// The system's own calls: compilers take long over <filesystem>.

/// Whether a path exists, and is neither a file nor a folder nor a link to one.
inline bool is_device(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}
/// Sets `path` to what it leads to if it is a link. False if it is none.
inline bool follow(std::string& path) {
  char target[4096];  // no system has longer ones
  const ssize_t size = readlink(path.c_str(), target, sizeof target);
  if (size < 0) return false;
  path.resize(target[0] == '/' ? 0 : path.rfind('/') + 1);  // rfind + 1 is 0 if there is none
  path.append(target, static_cast<std::size_t>(size));
  return true;
}
/// Renames a file to a name that may exist. 0 or the system's number of the error.
inline int replace_file(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}
/// Has the system write a file's bytes to the disk. False on an error.
inline bool sync_file(std::FILE* file) { return fsync(fileno(file)) == 0; }

#else

inline bool is_device(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_other(path, error);
}
inline bool follow(std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error) return false;
  path = (std::filesystem::path(path).parent_path() / target).string();  // `target`, if it is absolute
  return true;
}
inline int replace_file(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);  // unlike std::rename, replaces a file on every system
  return error.default_error_condition().value();
}
inline bool sync_file(std::FILE* /*file*/) { return true; }

#endif

/// What a link leads to, at last, whether it exists or not; any other path as it is.
inline std::string followed(const std::string& path) {
  constexpr int most = 40;  // as many as Linux follows
  std::string at = path;
  for (int links = 0; follow(at); ++links)
    if (links == most)
      raise_file({"spiketape::write_file: cannot write '", path, "': ", system_reason(ELOOP)});
  return at;
}

/// A new file beside `path`, for writing, and its name. Names that exist are left to whoever made them.
inline std::FILE* open_beside(const std::string& path, std::string& name) {
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
SPIKETAPE_NOINLINE inline void write_file(const std::string& path, std::string_view bytes) {
  if (detail::is_device(path))
    detail::raise_file(
        {"spiketape::write_file: cannot write '", path, "': it is a device, a pipe or a socket"});
  const std::string target = detail::followed(path);
  std::string temporary;
  std::FILE* file = detail::open_beside(target, temporary);
  if (!file)
    detail::raise_file({"spiketape::write_file: cannot write '", path, "': opening '", temporary,
                        "': ", detail::system_reason(errno)});

  const char* step = nullptr;  // the first that failed
  int reason = 0;
  const auto failed = [&](const char* name) {
    if (step != nullptr) return;
    step = name;
    reason = errno;
  };
  // fwrite does not accept the null pointer of an empty string_view.
  const std::size_t written = bytes.empty() ? 0 : std::fwrite(bytes.data(), 1, bytes.size(), file);
  if (written != bytes.size() || std::fflush(file) != 0) failed("writing");
  // Else a system that stops may have done the renaming, but not yet the writing.
  if (step == nullptr && !detail::sync_file(file)) failed("syncing");
  if (std::fclose(file) != 0) failed("closing");
  if (step == nullptr && (reason = detail::replace_file(temporary, target)) != 0) step = "renaming";
  if (step != nullptr) {
    std::remove(temporary.c_str());
    detail::raise_file({"spiketape::write_file: cannot write '", path, "': ", step, " '", temporary,
                        "': ", detail::system_reason(reason)});
  }
}

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
