// Writes the C program that compares networks in C with what the library computes.
//   write FILE...      the same program to each file
#include <spiketape/core/file.hpp>

#include "cases.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) try {
  Cases cases;
  add_leaky(cases);
  add_coupled(cases);
  add_shapes(cases);
  add_images(cases);
  add_recurrent(cases);
  add_quantized(cases);
  for (int i = 1; i < argc; ++i) st::write_file(argv[i], cases.program());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
