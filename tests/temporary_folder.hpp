// A folder for the files of one test, removed at its end.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // Tests run side by side: each takes a folder that was not there.
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() / ("spiketape_test_" + std::to_string(random()));
    } while (!std::filesystem::create_directory(path_));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }
  /// The path of a file in it.
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};
