#!/bin/sh
# Measures which lines and branches of the headers the tests of unit/, golden/, property/ and nir/ run, and shows the holes:
#   sh tests/coverage.sh [CMake's options]
# Builds in build/coverage, or in $BUILD_DIR; the report is report/index.html there. Takes half an hour.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/cmake/setup.sh"
need_gcovr() { need gcovr gcovr gcovr have gcovr; }
provide test_libraries gcovr

configure "${BUILD_DIR:-$root/build/coverage}" -DCMAKE_BUILD_TYPE=Debug -DSPIKETAPE_TEST_OPTIMIZE=-O0 \
  "-DCMAKE_CXX_FLAGS=--coverage -fprofile-update=atomic" -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF \
  -DSPIKETAPE_TEST_ALL=OFF "$@"
build --target spiketape_unit_tests spiketape_golden_tests spiketape_property_tests spiketape_nir_tests
find "$folder" -name '*.gcda' -delete
say "running the tests"
log=$folder/test.log progress=
logged "a test" ctest --test-dir "$folder" --parallel "$jobs" -R '^(unit|golden|property|nir)/'
mkdir -p "$folder/report"
gcovr --root "$root" --filter "$root/include/" --exclude-throw-branches --exclude-unreachable-branches --print-summary \
  --sort-uncovered --txt "$folder/report/report.txt" --html-details "$folder/report/index.html" "$folder" | grep -v '^(INFO'
say "the least covered, and where:"
sed -n 1,30p "$folder/report/report.txt"
