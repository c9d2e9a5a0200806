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
  SECTION("the temporary file's name is taken by a folder: it is left alone") {
    fs::create_directory(folder / "file.tmp");
    CHECK(write_error(folder / "file").find("opening '") != std::string::npos);
    CHECK(fs::is_directory(folder / "file.tmp"));
  }
  SECTION("the target is a device") {
    if (fs::is_character_file("/dev/null")) {
      const std::string path = folder / "device";
      fs::create_symlink("/dev/null", path);
      CHECK(write_error(path) ==
            "spiketape::write_file: cannot write '" + path + "': it is a device, a pipe or a socket");
    }
  }
  SECTION("the disk is full") {
    if (fs::is_character_file("/dev/full")) {
      const std::string path = folder / "file";
      fs::create_symlink("/dev/full", path + ".tmp");
      CHECK(write_error(path) == "spiketape::write_file: cannot write '" + path + "': writing '" + path +
                                     ".tmp': " + st::detail::system_reason(ENOSPC));
      CHECK_FALSE(fs::is_symlink(path + ".tmp"));
    }
  }
  CHECK(text_in(folder / "file") == "old");
}
