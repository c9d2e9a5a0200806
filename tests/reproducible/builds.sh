#!/bin/sh
# Trains with many builds and prints the hashes of the weights. Fails where builds of a group, which are promised the
# same bits, differ: see docs/reproducibility.md. Takes some minutes.
#   sh tests/reproducible/builds.sh [IMAGES]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
images=${1:-200}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# build COMPILER FLAG...: with $emulator, if it is set, to run the program.
build() {
  if ! command -v "$1" >/dev/null || { [ -n "$emulator" ] && ! command -v "$emulator" >/dev/null; }; then
    echo "left out: $1 $emulator"
    return
  fi
  # Unquoted: several words, or none.
  # shellcheck disable=SC2046,SC2086
  "$@" -std=c++20 -I "$root/include" $(pkg-config --cflags eigen3) "$here/train.cpp" -o "$folder/train"
  # shellcheck disable=SC2086
  printed=$($emulator "$folder/train" "$root/examples/data" "$images" | tr '\n' ' ')
  : "${expected:=$printed}"
  if [ "$printed" = "$expected" ]; then note=; else note='OTHER BITS: ' failed=1; fi
  echo "$printed $note$*"
}
group() { # NAME [EMULATOR]
  expected='' emulator=${2:-}
  printf '\n%s\n' "$1"
}
emulator_of() { # TARGET: as systems call it
  command -v "qemu-$1-static" || command -v "qemu-$1" || echo "qemu-$1"
}

if [ "$(uname -m)" = x86_64 ]; then
  group 'SSE2 and SSE4.2'
  for optimize in -O0 -O1 -O2 -O3 -Os; do build g++ $optimize; done
  for optimize in -O0 -O1 -O2 -O3; do build clang++ $optimize; done
  build g++ -O2 -flto
  build g++ -O2 -fno-exceptions -fno-rtti
  build g++ -O2 -fopenmp
  build g++ -O2 -D_GLIBCXX_DEBUG
  build g++ -O3 -march=x86-64-v2
  build clang++ -O3 -march=x86-64-v2
  emulator=$(emulator_of x86_64)  # another processor, with other caches
  build g++ -O2
fi
if grep -qs '^flags.* avx2 .*' /proc/cpuinfo; then
  group 'AVX and AVX2, without FMA'
  build g++ -O2 -mavx
  build g++ -O3 -mavx2
  build clang++ -O3 -mavx2
  group 'AVX2 with FMA'
  for optimize in -O1 -O2 -O3; do build g++ $optimize -march=x86-64-v3 -ffp-contract=off; done
  for optimize in -O1 -O3; do build clang++ $optimize -march=x86-64-v3 -ffp-contract=off; done
fi
if grep -qs '^flags.* avx512vl .*' /proc/cpuinfo; then
  group 'AVX-512'
  for optimize in -O1 -O3; do build g++ $optimize -march=x86-64-v4 -ffp-contract=off; done
  build clang++ -O3 -march=x86-64-v4 -ffp-contract=off
fi
for target in aarch64 s390x; do
  group "$target" "$(emulator_of "$target")"
  for optimize in -O1 -O3; do build "$target-linux-gnu-g++" $optimize -static -ffp-contract=off; done
done
exit $failed
