// What depends on the compiler, and nothing else.
#pragma once

// The lane code is written in small functions and lambdas that must all melt into one loop. g++ at
// -O2 leaves some of them as calls, which costs a factor of 1.3 to 4, so inlining is asked for.
#if defined(_MSC_VER) && !defined(__clang__)
#define SPIKETAPE_INLINE __forceinline
#define SPIKETAPE_INLINE_LAMBDA [[msvc::forceinline]]
#define SPIKETAPE_NOINLINE __declspec(noinline)
#define SPIKETAPE_NOINLINE_LAMBDA
#else
#define SPIKETAPE_INLINE inline __attribute__((always_inline))
#define SPIKETAPE_INLINE_LAMBDA __attribute__((always_inline))
#define SPIKETAPE_NOINLINE __attribute__((noinline))
#define SPIKETAPE_NOINLINE_LAMBDA __attribute__((noinline))
#endif

// Before a loop of at most 16 turns, a number known at compile time: writes it out. At -O2 g++ would not.
// (detail::unrolled also makes each turn's number a constant, and takes compilers longer.)
#if defined(__clang__)
#define SPIKETAPE_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SPIKETAPE_UNROLL _Pragma("GCC unroll 16")
#else
#define SPIKETAPE_UNROLL
#endif

// Asks for the cache line at an address, which need not be that of an object. (With g++, Eigen's does
// nothing.)
#if defined(__GNUC__)
#define SPIKETAPE_PREFETCH(address) __builtin_prefetch(address)
#else
#define SPIKETAPE_PREFETCH(address) Eigen::internal::prefetch(address)
#endif

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define SPIKETAPE_EXCEPTIONS 1
#else
#define SPIKETAPE_EXCEPTIONS 0
#endif
