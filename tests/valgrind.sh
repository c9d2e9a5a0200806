#!/bin/sh
# Runs what reads files and what keeps memory under valgrind, which also sees numbers that nobody has written:
#   sh tests/valgrind.sh [CMake's options]
# Builds in build/valgrind, or in $BUILD_DIR. Takes a quarter of an hour.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"
need_valgrind() { need valgrind valgrind valgrind have valgrind; }
provide test_libraries valgrind

# Without OpenMP, whose threads valgrind takes for leaks.
configure "${BUILD_DIR:-$root/build/valgrind}" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON \
  -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF -DSPIKETAPE_TEST_ALL=OFF "$@"
build --target spiketape_unit_tests
for file in tape sequential linear layer_states windows moved_from ownership neuron_memory \
  idx npy npz gzip checkpoint; do
  say "valgrind $file"
  log=$folder/valgrind-$file.log progress=
  logged "valgrind" valgrind --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite --quiet \
    "$folder/tests/spiketape_unit_tests" "-#" "[#$file]"
done
