#!/bin/sh
# Prints the bytes and the time per step of the digits in C, beside the library's, for some flags, and the spikes that
# differ. Every time is that of the machine that runs it.
#   sh tests/firmware/measure.sh           compilers are $CC and $CXX, or cc and c++
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
CC=${CC:-cc} CXX=${CXX:-c++}
printf '#define DIGITS_IMPLEMENTATION\n#include "digits.h"\n' >"$folder/alone.c"

library() { # FLAG...
  printf '\nlibrary, %s %s\n' "$CXX" "$*"
  # shellcheck disable=SC2046
  "$CXX" -std=c++20 "$@" -I "$root/include" $(pkg-config --cflags eigen3) "$here/digits.cpp" -o "$folder/write"
  "$folder/write" "$root/examples/data" "$folder"
  # shellcheck disable=SC2046
  "$CXX" -std=c++20 "$@" -DNDEBUG -I "$root/include" $(pkg-config --cflags eigen3) -c "$here/library_step.cpp" \
    -o "$folder/step.o"
  echo "$(size "$folder/step.o" | awk 'NR == 2 { print $1 + $2 }') bytes of code, and the weights on the heap"
}
in_c() { # FLAG...
  printf '\nC, %s %s\n' "$CC" "$*"
  "$CC" -std=c99 "$@" -I "$folder" "$here/digits_main.c" -o "$folder/compare"
  "$folder/compare" "$folder/digits.images" "$folder/digits.spikes" count
  "$CC" -std=c99 "$@" -I "$folder" -c "$folder/alone.c" -o "$folder/alone.o"
  echo "$(size "$folder/alone.o" | awk 'NR == 2 { print $1 + $2 }') bytes of code and constants"
}

library -O2
sed -n 's/^ \* \(Constants: .*\)/\1/p' "$folder/digits.h"
in_c -O2
in_c -Os
in_c -O2 -march=native
library -O2 -march=native
in_c -O2 -march=native
in_c -O2 -march=native -ffp-contract=off -DDIGITS_FUSED
