// What policy_text.hpp declares.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/type_name.hpp>
#include <spiketape/io/decimal.hpp>
#include <spiketape/io/policy_text.hpp>

#include <cstddef>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

SPIKETAPE_IO_FUNCTION std::string policy_name(std::string_view compilers, std::string_view abi) {
  std::string name = shown_name(compilers, {});
  if (name.find("lambda") != std::string::npos) return "lambda";
  for (const std::string_view prefix : {std::string_view("spiketape::"), abi})
    for (std::size_t at; (at = name.find(prefix)) != std::string::npos;) name.erase(at, prefix.size());
  return name;
}

SPIKETAPE_IO_FUNCTION void append_member(std::string& text, char& before, const std::string& member) {
  text += before;
  if (before == ',') text += ' ';
  before = ',';
  text += member;
}

SPIKETAPE_IO_FUNCTION std::string member_text(bool member) { return member ? "true" : "false"; }
SPIKETAPE_IO_FUNCTION std::string member_text(long long member) { return std::to_string(member); }
SPIKETAPE_IO_FUNCTION std::string member_text(unsigned long long member) { return std::to_string(member); }
SPIKETAPE_IO_FUNCTION std::string member_text(const std::optional<double>& member) {
  return member ? decimal_text(*member) : "default";
}

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

#include <spiketape/core/pop_macros.hpp>
