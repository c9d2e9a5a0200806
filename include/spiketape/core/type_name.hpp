// Names of types, for messages.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// The name of a type as the compiler writes it.
template <typename T>
constexpr std::string_view compilers_name() {
#if defined(_MSC_VER) && !defined(__clang__)
  const std::string_view text = __FUNCSIG__;
  const std::size_t begin = text.find("compilers_name<") + 15, end = text.rfind(">(");
#else
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("T = ") + 4, end = text.find_first_of(";]", begin);
#endif
  return text.substr(begin, end - begin);
}

/// The name of a type from that of the compiler.
SPIKETAPE_NOINLINE inline std::string shown_name(std::string_view compilers, std::string_view own) {
  if (!own.empty()) {
    const bool ours = compilers.find("spiketape::") < compilers.find('<');
    return std::string(ours ? "spiketape::" : "").append(own);
  }
  for (const std::string_view prefix : {"struct ", "class "})
    if (compilers.substr(0, prefix.size()) == prefix) compilers.remove_prefix(prefix.size());
  std::string name(compilers);
  for (const std::string_view unnamed : {"{anonymous}::", "(anonymous namespace)::", "`anonymous-namespace'::"})
    for (std::size_t at; (at = name.find(unnamed)) != std::string::npos;) name.erase(at, unnamed.size());
  return name;
}

/// The `name` of a layer, behind spiketape:: if it is one of this library. Without a `name`, that of its type.
template <typename T>
std::string type_name() {
  constexpr std::string_view compilers = compilers_name<T>();
  if constexpr (requires { std::string_view(T::name); })
    return shown_name(compilers, T::name);
  else
    return shown_name(compilers, {});
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
