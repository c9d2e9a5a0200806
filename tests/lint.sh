#!/bin/sh
# Runs clang-tidy by the rules of .clang-tidy, and cppcheck without what cppcheck.txt lists, on the headers. Neither may
# find anything. Takes three minutes.
#   sh tests/lint.sh
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"

missing=
need clang-tidy clang-tools-extra llvm have clang-tidy
need cppcheck cppcheck cppcheck have cppcheck
have_eigen() { pkg-config --exists eigen3; }
need libeigen3-dev eigen3-devel eigen have_eigen
install_missing

say "cppcheck"
# shellcheck disable=SC2046
cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability --quiet --error-exitcode=1 \
  --suppressions-list="$root/tests/cppcheck.txt" -D__GNUC__=12 -D__x86_64__ -D__SSE2__ -D__linux__ -D__cplusplus=202002L \
  $(find "$root/include" -name '*.hpp')

# Every header, for functions, and the programs of tests/warnings, for templates.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
packages=eigen3
if pkg-config --exists hdf5; then packages="$packages hdf5"; fi
left_out=_macros
if pkg-config --exists mpi-cxx; then packages="$packages mpi-cxx"; else left_out='_macros\|/mpi/'; fi
(cd "$root/include" && find spiketape -name '*.hpp' | grep -v "$left_out" | sort | sed 's/.*/#include <&>/') >"$folder/headers.cpp"
failed=0
for source in "$folder/headers.cpp" "$root"/tests/warnings/*.cpp; do
  say "clang-tidy $(basename "$source")"
  # shellcheck disable=SC2046
  clang-tidy --quiet --config-file="$root/.clang-tidy" --warnings-as-errors='*' "$source" -- -std=c++20 -I "$root/include" \
    $(pkg-config --cflags $packages | sed 's/-I/-isystem /g') 2>/dev/null || failed=1
done
exit $failed
