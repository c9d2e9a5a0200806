// What tests of readers of files share.
#pragma once

#include "../catch.hpp"
#include "damage.hpp"

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string_view>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#include <sys/resource.h>
#include <fstream>
#endif

/// While it exists, the program gets 32 MiB more memory and then std::bad_alloc: no reader of these small
/// files needs more. Only on Linux, and not with sanitizers, which take memory of their own.
class LittleMemory {
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
 public:
  LittleMemory() {
    getrlimit(RLIMIT_AS, &before_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    constexpr rlim_t page = 4096, more = rlim_t{32} << 20;
    if (pages > rlim_t{1} << 30) return;  // a sanitizer's
    rlimit limit = before_;
    limit.rlim_cur = pages * page + more;
    setrlimit(RLIMIT_AS, &limit);
  }
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;
  ~LittleMemory() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
#endif
};

/// As for_each_seed, where one(damage) reads a file, or throws an error that names it.
template <typename One>
void for_each_file(std::uint64_t by_default, std::string_view name, One&& one) {
  [[maybe_unused]] const LittleMemory little;
  std::uint64_t read = 0, refused = 0;
  const std::uint64_t cases = for_each_seed(by_default, [&](Damage& damage) {
    try {
      one(damage);
      ++read;
    } catch (const std::runtime_error& error) {
      const std::string_view text = error.what();
      if (text.substr(0, 11) != "spiketape::" || text.find(name) == std::string_view::npos)
        FAIL("the error does not name the file: " << text);
      ++refused;
    } catch (const std::exception& error) {
      FAIL("an exception of another kind: " << error.what());
    }
  });
  INFO(read << " read, " << refused << " refused");
  if (cases >= 1000) CHECK((read > cases / 20 && refused > cases / 20));
}
inline void require(bool holds, const char* what) {
  if (!holds) FAIL(what);
}
