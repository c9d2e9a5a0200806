// What load_report.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/load_report.hpp>

namespace spiketape::inline SPIKETAPE_IO_ABI {

SPIKETAPE_IO_FUNCTION std::string LoadReport::text() const {
  std::string text;
  const auto add = [&](const char* title, const char* separator, const std::vector<std::string>& names) {
    if (!names.empty() && !text.empty()) text += '\n';
    for (const std::string& name : names) (text += &name == &names.front() ? title : separator) += name;
  };
  add("missing in the file: ", ", ", missing);
  add("unknown to the network: ", ", ", unknown);
  add("refused: ", "\nrefused: ", refused);
  add("skipped: ", ", ", skipped);
  return text;
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI

#include <spiketape/core/pop_macros.hpp>
