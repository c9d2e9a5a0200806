#!/bin/sh
# Installs what is missing, builds the tests and runs them:
#   sh tests/run.sh                       what a change breaks first, in minutes
#   sh tests/run.sh --all                 all that CI runs with this compiler
#   sh tests/run.sh --extended            more: the same with other flags and for other targets, for hours
#   CXX=clang++ sh tests/run.sh --sanitize        with address and undefined sanitizers, what they can find
#   sh tests/run.sh -DSPIKETAPE_TEST_ARCH=x86-64-v3     further options go to CMake
# Builds in build/tests (each compiler and --sanitize in a folder of its own), or in $BUILD_DIR.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"

level=quick
case ${1:-} in
  --all | --extended | --sanitize)
    level=${1#--}
    shift
    ;;
esac
name=tests
if [ -n "${CXX:-}" ]; then name=$name-$(basename "${CXX%% *}"); fi
if [ "$level" = sanitize ]; then
  provide test_libraries sanitizers
  name=$name-sanitize
  set -- -DSPIKETAPE_SANITIZE=address,undefined "$@"
else
  provide test_libraries
fi
all=ON
if [ "$level" = quick ]; then all=OFF; fi

run_tests() {
  echo "ran $(grep -c 'Test *#.* sec' "$log") of $count tests"
}

# build_and_test FOLDER OPTION...
build_and_test() {
  configure "$@" -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF -DSPIKETAPE_TEST_ALL=$all
  build
  run_built
}
# run_built OPTION...: the tests of what was built last. The options go to CTest.
run_built() {
  count=$(ctest --test-dir "$folder" -N "$@" | sed -n 's/^Total Tests: //p')
  say "running $count tests"
  log=$folder/test.log progress=run_tests
  logged "a test" ctest --test-dir "$folder" --output-on-failure --parallel "$jobs" "$@"
  sed -n '/^[0-9]*% tests passed/,$p' "$log"
}

base=${BUILD_DIR:-$root/build/$name}
if [ "$level" != extended ]; then
  build_and_test "$base" "$@"
  exit
fi

# What users compile with, on the program of a user.
for flags in -fno-exceptions -fno-rtti -std=c++23 '-O3 -ffast-math' -funsigned-char -fshort-enums; do
  say "compiling tests/consumer with $flags"
  log=$(mktemp) progress=
  # shellcheck disable=SC2086
  logged "the compiler" $compiler -std=c++20 -I "$root/include" $(pkg-config --cflags eigen3) $flags \
    -fsyntax-only "$root/tests/consumer/main.cpp"
done

# With clang's own standard library, where it is installed.
if have clang++ && printf '#include <vector>\n' | clang++ -stdlib=libc++ -x c++ -fsyntax-only - 2>/dev/null; then
  for source in "$root"/tests/warnings/*.cpp; do
    say "compiling tests/warnings/$(basename "$source") with libc++"
    log=$(mktemp) progress=
    # shellcheck disable=SC2046
    logged "the compiler" clang++ -stdlib=libc++ -std=c++20 -Wall -Wextra -Werror -I "$root/include" \
      $(pkg-config --cflags eigen3) -fsyntax-only "$source"
  done
fi

say "comparing the bits of builds"
log=$(mktemp) progress=
logged "a build with other bits" sh "$root/tests/reproducible/builds.sh"
cat "$log"

# Everything once with g++, and once under sanitizers.
build_and_test "$base-whole" -DSPIKETAPE_TEST_EXTENDED=ON "$@"
if have clang++; then
  (
    export CXX=clang++
    compiler=$CXX
    build_and_test "$base-sanitize" -DSPIKETAPE_TEST_EXTENDED=ON -DSPIKETAPE_SANITIZE=address,undefined "$@"
  )
fi

# Numbers at each optimization level, and for the targets that this machine runs.
test_numbers() { # FOLDER OPTION...
  configure "$@" -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF
  build --target spiketape_number_tests
  run_built -R '^(unit|golden|property|nir|firmware|allocation)/'
}
for optimize in -O0 -O1 -O2 -O3; do
  test_numbers "$base$optimize" -DSPIKETAPE_TEST_OPTIMIZE=$optimize "$@"
done
runs_with() { # FEATURE
  linked=$(mktemp)
  printf 'int main() { return !__builtin_cpu_supports("%s"); }\n' "$1" | $compiler -x c++ - -o "$linked" &&
    "$linked" && found=0 || found=1
  rm -f "$linked"
  return $found
}
for target in x86-64-v2:sse4.2 x86-64-v3:avx2 x86-64-v4:avx512f; do
  if [ "$(uname -m)" != x86_64 ] || ! runs_with "${target#*:}"; then
    say "left out: this machine does not run ${target%:*}"
  else
    test_numbers "$base-${target%:*}" "-DSPIKETAPE_TEST_ARCH=${target%:*}" "$@"
  fi
done
test_numbers "$base-native" -DSPIKETAPE_TEST_OPTIMIZE=-O3 -DSPIKETAPE_TEST_ARCH=native "$@"

# Unit tests on other processors, emulated. The second has no lanes, keeps denormals, and stores the high byte first.
for target in aarch64 s390x; do
  compiler=$target-linux-gnu-g++
  emulator=$(command -v "qemu-$target-static" || command -v "qemu-$target") || emulator=
  if ! have "$compiler" || [ -z "$emulator" ]; then
    say "left out: $target takes $compiler and qemu-user"
    continue
  fi
  configure "$base-$target" -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$target" \
    "-DCMAKE_CXX_COMPILER=$compiler" "-DCMAKE_CROSSCOMPILING_EMULATOR=$emulator;-L;/usr/$target-linux-gnu" \
    -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -DSPIKETAPE_TEST_EXTENDED=ON -DSPIKETAPE_BUILD_EXAMPLES=OFF \
    -DSPIKETAPE_BUILD_BENCHMARKS=OFF "$@"
  build --target spiketape_unit_tests spiketape_denormals_O2 spiketape_denormals_O3 spiketape_denormals_kept
  run_built -R '^(unit|denormals)/'
done
