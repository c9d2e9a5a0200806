// A part of sanitized programs of tests: starts as many threads as tests ask for, since LLVM's OpenMP leaks a
// little where a team grows.
#include <omp.h>

namespace {

int started() {
  int threads = 0;
#pragma omp parallel num_threads(16) reduction(+ : threads)
  threads += 1;
  return threads;
}

[[maybe_unused]] const int largest_team = started();

}  // namespace
