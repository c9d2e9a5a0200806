#!/bin/sh
# Installs what is missing, builds the tests and runs them:
#   sh tests/run.sh                               with the default compiler
#   CXX=clang++ sh tests/run.sh --sanitize        with another one, and with address and undefined sanitizers
#   sh tests/run.sh -DSPIKETAPE_TEST_ARCH=x86-64-v3     further options go to CMake
# Builds in build/tests (each compiler and --sanitize in a folder of its own), or in $BUILD_DIR.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"

name=tests
if [ -n "${CXX:-}" ]; then name=$name-$(basename "${CXX%% *}"); fi
if [ "${1:-}" = --sanitize ]; then
  shift
  provide test_libraries sanitizers
  name=$name-sanitize
  set -- -DSPIKETAPE_SANITIZE=address,undefined "$@"
else
  provide test_libraries
fi
build=${BUILD_DIR:-$root/build/$name}

configure_and_build "$build" -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF "$@"
say "running the tests"
ctest --test-dir "$build" --output-on-failure --parallel "$jobs"
