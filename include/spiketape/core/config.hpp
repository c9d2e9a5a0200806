// What depends on the compiler in many files: the language, inlining, unrolling; exceptions, in abi.hpp.
#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error spiketape needs C++20: compile with -std=c++20 (MSVC: /std:c++20; CMake: link spiketape::spiketape)
// Stops the compiler: the rest would be a thousand errors.
#include <the lines above say what spiketape needs>
#endif

#include <spiketape/core/abi.hpp>

// Lane code consists of small functions and lambdas that must be inlined into one loop. At -O2 g++ leaves
// some of them as calls, which costs a factor of 1.3 to 4, so SPIKETAPE_INLINE forces inlining. But g++ then
// optimizes a body again in each function on its way into the loop. Where there are many of those,
// SPIKETAPE_KERNEL marks the outermost, which holds the objects that the loops use, and SPIKETAPE_INNER those
// within it: g++ inlines all that a kernel calls at once. Other compilers inline level by level.
// What runs once for each operation is SPIKETAPE_NOINLINE: compilers would copy it into every caller, which
// takes them time and gains nothing. What makes the text of an error is SPIKETAPE_COLD: small code compiles
// sooner. Nothing else is: g++ makes the code small that always gets to a cold call, a user's main, too.
#if defined(_MSC_VER) && !defined(__clang__)
#define SPIKETAPE_INLINE __forceinline
#define SPIKETAPE_INLINE_LAMBDA [[msvc::forceinline]]
#define SPIKETAPE_NOINLINE __declspec(noinline)
#define SPIKETAPE_NOINLINE_LAMBDA
#define SPIKETAPE_COLD
#else
#define SPIKETAPE_INLINE inline __attribute__((always_inline))
#define SPIKETAPE_INLINE_LAMBDA __attribute__((always_inline))
#define SPIKETAPE_NOINLINE __attribute__((noinline))
#define SPIKETAPE_NOINLINE_LAMBDA __attribute__((noinline))
#ifdef __clang__  // g++ also takes "cold" for small
#define SPIKETAPE_COLD __attribute__((cold, minsize))
#else
#define SPIKETAPE_COLD __attribute__((cold))
#endif
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define SPIKETAPE_KERNEL __attribute__((flatten))
#define SPIKETAPE_INNER inline
#define SPIKETAPE_INNER_LAMBDA
#else
#define SPIKETAPE_KERNEL
#define SPIKETAPE_INNER SPIKETAPE_INLINE
#define SPIKETAPE_INNER_LAMBDA SPIKETAPE_INLINE_LAMBDA
#endif

// An empty policy takes no memory. MSVC, and clang in its place, ignore the standard's attribute.
#ifdef _MSC_VER
#define SPIKETAPE_NO_UNIQUE_ADDRESS [[msvc::no_unique_address]]
#else
#define SPIKETAPE_NO_UNIQUE_ADDRESS [[no_unique_address]]
#endif

// Marks a parameter, or the object of a function, that the result refers to: clang then warns if a temporary
// ends before the result.
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define SPIKETAPE_LIFETIMEBOUND [[clang::lifetimebound]]
#endif
#endif
#ifndef SPIKETAPE_LIFETIMEBOUND
#define SPIKETAPE_LIFETIMEBOUND
#endif

// Unrolls a loop of at most 16 iterations, a number known at compile time; at -O2 g++ does not.
// (detail::unrolled also makes the index a constant, and takes longer to compile.)
#if defined(__clang__)
#define SPIKETAPE_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SPIKETAPE_UNROLL _Pragma("GCC unroll 16")
#else
#define SPIKETAPE_UNROLL
#endif
