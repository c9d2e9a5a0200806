// The main function of Catch2 2, compiled once for all test executables. Catch2 3 brings its own.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
