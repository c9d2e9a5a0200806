// Names of types, for messages.
#pragma once

#include <string>
#include <string_view>

namespace spiketape::detail {

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

/// The `name` of a layer, behind spiketape:: if it is one of this library. Without a `name`, that of its type.
template <typename T>
std::string type_name() {
  std::string_view text = compilers_name<T>();
  if constexpr (requires { std::string_view(T::name); }) {
    const bool ours = text.find("spiketape::") < text.find('<');
    return std::string(ours ? "spiketape::" : "").append(std::string_view(T::name));
  } else {
    for (const std::string_view prefix : {"{anonymous}::", "(anonymous namespace)::", "struct ", "class "})
      if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
    return std::string(text);
  }
}

}  // namespace spiketape::detail
