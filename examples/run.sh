#!/bin/sh
# Installs what is missing, builds an example and runs it: it trains a network on the digits.
#   sh examples/run.sh [option of 02_train_digits ...]
#   sh examples/run.sh --all [...]      builds the other examples, too
#   sh examples/run.sh -DSPIKETAPE_BLAS=ON [...]      options with -D, in front of the others, go to CMake
# Builds in build/examples, or in $BUILD_DIR; the picture lands there too, unless --out says otherwise.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"

all=
if [ "${1:-}" = --all ]; then
  all=1
  shift
fi
provide example_libraries
name=examples
if [ -n "${CXX:-}" ]; then name=$name-$(basename "${CXX%% *}"); fi
folder=${BUILD_DIR:-$root/build/$name}

# One a line, since they may have spaces.
cmake_options=
while case ${1:-} in -D?*) true ;; *) false ;; esac do
  cmake_options="$cmake_options$1
"
  shift
done
(
  set -f
  IFS='
'
  # shellcheck disable=SC2086
  configure "$folder" -DSPIKETAPE_BUILD_TESTS=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF $cmake_options
)
if [ -n "$all" ]; then
  build
else
  build --target 02_train_digits
fi
say "running 02_train_digits"
"$folder/examples/02_train_digits" "$@"
if [ -z "$all" ]; then
  say "more: $(cd "$root/examples" && echo *.cpp | sed 's/02_train_digits.cpp //; s/\.cpp//g'), built by: cmake --build $folder (18 where MPI is found)"
fi
