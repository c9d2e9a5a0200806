// Policies as text: reset::Subtract, surrogate::FastSigmoid{10}. Files say with it what a network was made
// with.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/abi.hpp>
#include <spiketape/core/type_name.hpp>
#include <spiketape/io/decimal.hpp>
#include <spiketape/io/form.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {

/// A type's name without this library's namespaces: reset::Zero. Names of lambdas differ from compiler to
/// compiler, so all are "lambda". `abi` is the one of core/abi.hpp.
std::string policy_name(std::string_view compilers,
                        std::string_view abi = SPIKETAPE_ABI_TEXT(SPIKETAPE_ABI) "::");

/// Appends a member and what is before it: '{' before the first, which is then a comma.
void append_member(std::string& text, char& before, const std::string& member);

/// A member of a policy as text.
std::string member_text(bool member);
std::string member_text(long long member);
std::string member_text(unsigned long long member);
std::string member_text(const std::optional<double>& member);

}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Converts to whatever a member of an aggregate is.
struct AnyMember {
  template <typename T>
  operator T() const;  // NOLINT: declared only
};

template <typename T, std::size_t... i>
constexpr bool takes_members(std::index_sequence<i...>) {
  return requires { T{(static_cast<void>(i), AnyMember())...}; };
}
inline constexpr std::size_t most_members = 8;
/// The number of members of an aggregate that has at most 8, all of them numbers or the like.
template <typename T, std::size_t count = most_members>
constexpr std::size_t member_count() {
  if constexpr (count == 0 || takes_members<T>(std::make_index_sequence<count>()))
    return count;
  else
    return member_count<T, count - 1>();
}

/// Calls f(member) for the members of an aggregate, in order.
template <typename T, typename F>
void for_each_member(const T& object, F&& f) {
  constexpr std::size_t count = member_count<T>();
  const auto all = [&](const auto&... members) { (f(members), ...); };
  if constexpr (count == 1) {
    const auto& [a] = object;
    all(a);
  } else if constexpr (count == 2) {
    const auto& [a, b] = object;
    all(a, b);
  } else if constexpr (count == 3) {
    const auto& [a, b, c] = object;
    all(a, b, c);
  } else if constexpr (count == 4) {
    const auto& [a, b, c, d] = object;
    all(a, b, c, d);
  } else if constexpr (count == 5) {
    const auto& [a, b, c, d, e] = object;
    all(a, b, c, d, e);
  } else if constexpr (count == 6) {
    const auto& [a, b, c, d, e, g] = object;
    all(a, b, c, d, e, g);
  } else if constexpr (count == 7) {
    const auto& [a, b, c, d, e, g, h] = object;
    all(a, b, c, d, e, g, h);
  } else if constexpr (count == 8) {
    const auto& [a, b, c, d, e, g, h, i] = object;
    all(a, b, c, d, e, g, h, i);
  }
}

template <typename T>
std::string any_member_text(const T& member) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::optional<double>>)
    return member_text(member);
  else if constexpr (std::is_unsigned_v<T>)
    return member_text(static_cast<unsigned long long>(member));
  else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
    return member_text(static_cast<long long>(member));
  else if constexpr (std::is_floating_point_v<T>)
    return decimal_text(member);
  else
    return "?";
}

/// Whether a policy is one of this library. Its members can then be taken apart; C++ cannot tell of others
/// whether they can.
template <typename Policy>
constexpr bool is_own_policy() {
  std::string_view name = compilers_name<Policy>();
  if (name.starts_with("struct ")) name.remove_prefix(7);
  return name.starts_with("spiketape::");
}

/// The name of a policy and, if it is one of this library, its members: surrogate::FastSigmoid{10}.
template <typename Policy>
SPIKETAPE_NOINLINE std::string policy_text(const Policy& policy) {
  std::string text = policy_name(compilers_name<Policy>());
  if constexpr (is_own_policy<Policy>() && std::is_aggregate_v<Policy> && !std::is_empty_v<Policy>) {
    char before = '{';
    for_each_member(policy,
                    [&](const auto& member) { append_member(text, before, any_member_text(member)); });
    text += '}';
  }
  return text;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#if SPIKETAPE_IO_INLINE
#include <spiketape/io/impl/policy_text.hpp>
#endif

#include <spiketape/core/pop_macros.hpp>
