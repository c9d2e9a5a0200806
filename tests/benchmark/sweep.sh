#!/bin/sh
# What compiler, optimization and target do to the scan of Leaky: builds scan.cpp with each of them and prints
# nanoseconds for each neuron and step. Takes some minutes.
#   sh tests/benchmark/sweep.sh
#   COMPILERS="g++-12 g++-13" sh tests/benchmark/sweep.sh
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if ! libraries=$(pkg-config --cflags --libs eigen3 benchmark); then
  echo "sweep.sh: needs pkg-config, Eigen and Google Benchmark (Debian: pkg-config libeigen3-dev libbenchmark-dev)" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# time_of NAME: the second column of the table.
time_of() { sed -n "s|^$1  *\([0-9.]*\).*|\1|p" "$folder/table"; }

echo 'ns per neuron-step                  in blocks of 4 samples       whole batch of 128'
printf '%-10s %-20s %10s %10s %12s %10s\n' '' '' forward adjoint forward adjoint
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null 2>&1 || continue
  for optimization in -O2 -O3; do
    for target in '' -march=x86-64-v3 -march=native; do
      # Unquoted: nothing where there is no target, and several words in the libraries.
      # shellcheck disable=SC2086
      if $compiler -std=c++20 -DNDEBUG $optimization $target -I "$here/../../include" "$here/scan.cpp" \
        $libraries -pthread -o "$folder/scan" 2>"$folder/errors"; then
        "$folder/scan" --benchmark_filter='^Leaky/(forward|adjoint)/' >"$folder/table" 2>/dev/null
        printf '%-10s %-20s %10s %10s %12s %10s\n' "$compiler" "$optimization ${target#-march=}" \
          "$(time_of Leaky/forward/blocks)" "$(time_of Leaky/adjoint/blocks)" \
          "$(time_of Leaky/forward/batch)" "$(time_of Leaky/adjoint/batch)"
      else
        printf '%-10s %-20s does not build: %s\n' "$compiler" "$optimization ${target#-march=}" \
          "$(grep -m 1 error "$folder/errors")"
      fi
    done
  done
done
