// The options of 02_train_digits, and its progress line.
#pragma once

#include <spiketape/core/array.hpp>

#ifdef SPIKETAPE_EXAMPLE_CLI11
#include <CLI/CLI.hpp>
#endif

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#else
#include <io.h>
#endif

struct Settings {
  int epochs = 20;
  spiketape::Index batch = 16;
  spiketape::Index steps = 20;
  spiketape::Index hidden = 500;
  double lr = 4e-3;
  double beta = 0.5;
  std::uint64_t seed = 1;
  int threads = 1;
  std::string data = SPIKETAPE_EXAMPLE_DATA;
  std::string out = SPIKETAPE_EXAMPLE_OUT;
};

inline Settings read_settings(int argc, char** argv) {
  Settings settings;
#ifdef SPIKETAPE_EXAMPLE_CLI11
  CLI::App app("Trains a spiking network on handwritten digits.");
  const CLI::Range at_least_0(0, 1000000), at_least_1(1, 1000000);
  const auto option = [&app](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->capture_default_str();
  };
  option("--epochs", settings.epochs, "passes over the training images")->check(at_least_0);
  option("--batch", settings.batch, "images in a batch")->check(at_least_1);
  option("--steps", settings.steps, "time steps an image is shown")->check(at_least_1);
  option("--hidden", settings.hidden, "hidden neurons")->check(at_least_1);
  option("--lr", settings.lr, "learning rate of Adam at first, it falls with the epochs");
  option("--beta", settings.beta, "decay of the membranes in a step")->check(CLI::Range(0.0, 1.0));
  option("--seed", settings.seed, "of weights and order");
  option("--threads", settings.threads, "threads to train on, of two at most")->check(at_least_1);
  option("--data", settings.data, "folder of IDX files, such as MNIST's four, plain or .gz");
  option("--out", settings.out, "folder for the picture");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
#else
  if (argc > 1) {
    std::fprintf(stderr, "%s was built without CLI11 and takes no options: install CLI11 and build again\n",
                 argv[0]);
    std::exit(2);
  }
#endif
#ifndef _OPENMP
  settings.threads = 1;  // without OpenMP there is only one
#endif
  return settings;
}

/// Whether a file is a terminal.
inline bool is_terminal(std::FILE* file) {
#if defined(__unix__) || defined(__APPLE__)
  return isatty(fileno(file)) != 0;
#else
  return _isatty(_fileno(file)) != 0;
#endif
}

/// A progress line, updated a few times a second. Only on a terminal: in a file the lines would pile up.
inline void show_progress(int epoch, int epochs, spiketape::Index done, spiketape::Index all) {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point shown = Clock::now();
  static const bool on_terminal = is_terminal(stderr);
  if (!on_terminal) return;
  if (Clock::now() - shown < std::chrono::milliseconds(100)) return;
  shown = Clock::now();
  std::fprintf(stderr, "\repoch %2d/%d  %d of %d images\r", epoch, epochs, int(done), int(all));
}
