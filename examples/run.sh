#!/bin/sh
# Installs what is missing, builds the examples and trains a network on the digits:
#   sh examples/run.sh [option of 02_train_digits ...]
# Builds in build/examples, or in $BUILD_DIR; the picture lands there too, unless --out says otherwise.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"

provide example_libraries
name=examples
if [ -n "${CXX:-}" ]; then name=$name-$(basename "${CXX%% *}"); fi
build=${BUILD_DIR:-$root/build/$name}

configure_and_build "$build" -DSPIKETAPE_BUILD_TESTS=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF
say "running 02_train_digits"
"$build/examples/02_train_digits" "$@"
