#include <spiketape/core/file.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "temporary_folder.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#ifdef __linux__
#include <sys/resource.h>
#include <csignal>
#endif

namespace file_test {

namespace st = spiketape;
namespace fs = std::filesystem;

namespace {

std::string text_in(const std::string& path) {
  const std::vector<std::uint8_t> bytes = st::read_file(path);
  return {bytes.begin(), bytes.end()};
}

/// The error of writing to a path.
std::string write_error(const std::string& path) {
  return error_text<std::runtime_error>([&] { st::write_file(path, "new"); });
}

#ifdef __linux__
/// While it exists, files cannot become longer than one byte.
class SmallFiles {
 public:
  SmallFiles() : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit one_byte{1, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &one_byte);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  void (*signal_)(int);
  rlimit limit_{};
};
#endif

}  // namespace

TEST_CASE("a file comes back as it was written") {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  std::string large;  // longer than the chunk it is read in, and no multiple of it
  while (large.size() < 300001) large += every_byte;

  for (const std::string& text : {std::string(), std::string("a"), every_byte, large}) {
    st::write_file(path, text);
    CHECK(text_in(path) == text);
  }
  st::write_file(path, std::string_view());
  CHECK(st::read_file(path).empty());
  CHECK_FALSE(fs::exists(path + ".tmp"));
}

TEST_CASE("a file that cannot be read says which and why") {
  const TemporaryFolder folder;
  const std::string path = folder / "nothing";
  CHECK(error_text<std::runtime_error>([&] { static_cast<void>(st::read_file(path)); }) ==
        "spiketape::read_file: cannot open '" + path + "': " + st::detail::system_reason(ENOENT));
  const std::string text =
      error_text<std::runtime_error>([&] { static_cast<void>(st::read_file(folder.path())); });
  CHECK(text.find("spiketape::read_file: cannot ") == 0);
  CHECK(text.find("'" + folder.path() + "': ") != std::string::npos);
#ifdef __linux__
  CHECK(text.find("cannot read") != std::string::npos);
  CHECK(text.find(st::detail::system_reason(EISDIR)) != std::string::npos);
#endif
}

TEST_CASE("a file that cannot be written says which and why") {
  const TemporaryFolder folder;
  st::write_file(folder / "file", "old");

  SECTION("the folder does not exist") {
    const std::string path = folder / "nowhere/file";
    CHECK(write_error(path) == "spiketape::write_file: cannot write '" + path + "': opening '" + path +
                                   ".tmp': " + st::detail::system_reason(ENOENT));
  }
#ifdef __unix__
  SECTION("the folder is a file") {
    const std::string path = folder / "file/file";
    CHECK(write_error(path) == "spiketape::write_file: cannot write '" + path + "': opening '" + path +
                                   ".tmp': " + st::detail::system_reason(ENOTDIR));
  }
#endif
  SECTION("the target is a folder") {
    const std::string path = folder / "inner";
    fs::create_directory(path);
    const std::string text = write_error(path);
    CHECK(text.find("spiketape::write_file: cannot write '" + path + "': renaming '" + path + ".tmp': ") ==
          0);
#ifdef __linux__
    CHECK(text.find(st::detail::system_reason(EISDIR)) != std::string::npos);
#endif
    CHECK(fs::is_directory(path));
    CHECK_FALSE(fs::exists(path + ".tmp"));
  }
  SECTION("the target is a device") {
    if (fs::is_character_file("/dev/null")) {
      const std::string path = folder / "device";
      fs::create_symlink("/dev/null", path);
      CHECK(write_error(path) ==
            "spiketape::write_file: cannot write '" + path + "': it is a device, a pipe or a socket");
    }
  }
#ifdef __linux__
  SECTION("the file may not grow that large") {
    const std::string path = folder / "file";
    const SmallFiles few_bytes;
    CHECK(write_error(path) == "spiketape::write_file: cannot write '" + path + "': writing '" + path +
                                   ".tmp': " + st::detail::system_reason(EFBIG));
    CHECK_FALSE(fs::exists(path + ".tmp"));
  }
#endif
  CHECK(text_in(folder / "file") == "old");
}

TEST_CASE("names of temporary files that are taken are left alone") {
  const TemporaryFolder folder;
  st::write_file(folder / "file.tmp", "of another process");
  fs::create_directory(folder / "file.1.tmp");
  st::write_file(folder / "file", "new");
  CHECK(text_in(folder / "file") == "new");
  CHECK(text_in(folder / "file.tmp") == "of another process");
  CHECK(fs::is_directory(folder / "file.1.tmp"));
  CHECK_FALSE(fs::exists(folder / "file.2.tmp"));
}

#ifdef __unix__
TEST_CASE("a link stays, and what it leads to is written") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "inner");
  st::write_file(folder / "inner/file", "old");
  fs::create_symlink("inner/file", folder / "link");
  fs::create_symlink("link", folder / "link of a link");
  st::write_file(folder / "link of a link", "new");
  CHECK(fs::is_symlink(folder / "link of a link"));
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(text_in(folder / "inner/file") == "new");

  fs::create_symlink("inner/none yet", folder / "early link");
  st::write_file(folder / "early link", "first");
  CHECK(text_in(folder / "inner/none yet") == "first");

  fs::create_symlink("circle", folder / "circle");
  const std::string circle = folder / "circle";
  CHECK(write_error(circle) ==
        "spiketape::write_file: cannot write '" + circle + "': " + st::detail::system_reason(ELOOP));
}
#endif

}  // namespace file_test
