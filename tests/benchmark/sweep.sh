#!/bin/sh
# The effect of compiler, optimization and target on the scan of Leaky: builds scan.cpp with each of them and
# compares it with the same loop written by hand (scan_by_hand.hpp). Takes some minutes.
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

# row NAME: nanoseconds of the library's row, and their ratio to those of the hand-written loop.
row() {
  awk -v name="$1" '$1 == "Leaky/" name { ours = $2 } $1 " " $2 == "by hand/" name { hand = $3 }
    END { printf "%12s %6.2f", ours, ours / hand }' "$folder/table"
}

echo 'ns for each neuron and step, and how many times the loop by hand takes'
printf '%-10s %-14s %27s %27s\n' '' '' 'in blocks of 4 samples  ' 'whole batch of 128    '
printf '%-10s %-14s%19s%19s%19s%19s\n' '' '' forward adjoint forward adjoint
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null 2>&1 || continue
  for optimization in -O2 -O3; do
    for target in '' -march=x86-64-v3 -march=native; do
      printf '%-10s %-14s' "$compiler" "$optimization ${target#-march=}"
      # Unquoted: empty without a target, and several words for the libraries.
      # shellcheck disable=SC2086
      if $compiler -std=c++20 -DNDEBUG $optimization $target -I "$here/../../include" "$here/scan.cpp" \
        $libraries -pthread -o "$folder/scan" 2>"$folder/errors"; then
        "$folder/scan" --benchmark_filter='^(Leaky|by hand)/(forward|adjoint)/(blocks|batch)' \
          >"$folder/table" 2>/dev/null
        for name in forward/blocks adjoint/blocks forward/batch adjoint/batch; do row $name; done
        echo
      else
        echo " does not build: $(grep -m 1 error "$folder/errors")"
      fi
    done
  done
done
