// Checks that an error says what it must: the type of the exception and the words of its text.
#pragma once

#include "catch.hpp"

#include <string>

/// The text of the exception of that type which `run` throws; fails the test if it throws none.
template <typename Exception, typename Run>
std::string error_text(Run&& run) {
  try {
    run();
  } catch (const Exception& error) {
    return error.what();
  }
  FAIL("expected an exception");
  return {};
}
