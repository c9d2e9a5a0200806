// The floating-point mode of a thread: numbers below the smallest normal one are zero where the library works.
//
// Processors take up to a hundred times as long for such numbers (denormals: below 1.2e-38 in float, 2.2e-308
// in double), and whatever decays ends there: membranes of silent neurons, moments of optimizers, adjoints.
// So calls of neurons, layers, networks, ops, losses, Tape::backward and optimizers set the thread's mode so
// that denormals count as zero, as operands and as results, and restore it when they return or throw. This is
// the whole change: results below the smallest normal number become zero. What is only moved (copied, or
// selected as by max) stays as it is.
//
// The same holds for code that they run in the middle of their work: the forward and backward of layers and
// of recorded ops of your own, Dynamics, surrogates and other policies. What drives calls runs in the mode of
// its own caller, on every thread: the loss of Shards and Windows, the network they run if it is of your own,
// functions given to check_gradients, lambdas as layers, observers of Sequential::trace. Threads that your
// code starts within a layer or an op inherit the mode that it runs in.
//
// It is the mode of SSE and AVX on x86 (FTZ and DAZ) and of ARM (FZ). Elsewhere, and for the x87 instructions
// of 32-bit x86 without SSE2, there is none, and denormals are kept.
//
// With SPIKETAPE_KEEP_DENORMALS defined in all of a program's sources, denormals are kept everywhere.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>

#include <cstdint>

#if defined(_MSC_VER) && !defined(__clang__) && (defined(_M_X64) || defined(_M_IX86))
#include <xmmintrin.h>
#endif

namespace spiketape::inline SPIKETAPE_ABI {

namespace detail {

// Inline assembly, since compilers move arithmetic across the intrinsics. `memory` keeps loads and stores,
// and with them the arithmetic between, on their side. So what is computed in a scope must come from memory
// and go to memory, or be a call that is not inlined.
#if defined(__SSE2__) && (defined(__x86_64__) || defined(__i386__))
using FloatMode = std::uint32_t;
inline constexpr FloatMode flush_bits = 0x8040, exception_flags = 0x3f;
SPIKETAPE_INLINE FloatMode float_mode() noexcept {
  FloatMode mode;
  asm volatile("stmxcsr %0" : "=m"(mode));
  return mode;
}
SPIKETAPE_INLINE void set_float_mode(FloatMode mode) noexcept {
  asm volatile("ldmxcsr %0" : : "m"(mode) : "memory");
}
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
using FloatMode = std::uint32_t;
inline constexpr FloatMode flush_bits = 0x8040, exception_flags = 0x3f;
SPIKETAPE_INLINE FloatMode float_mode() noexcept { return _mm_getcsr(); }
SPIKETAPE_INLINE void set_float_mode(FloatMode mode) noexcept { _mm_setcsr(mode); }
#elif defined(__aarch64__) && defined(__GNUC__)
using FloatMode = std::uint64_t;
inline constexpr FloatMode flush_bits = 1u << 24, exception_flags = 0;
SPIKETAPE_INLINE FloatMode float_mode() noexcept {
  FloatMode mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
SPIKETAPE_INLINE void set_float_mode(FloatMode mode) noexcept {
  asm volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}
#elif defined(__arm__) && defined(__ARM_FP) && defined(__GNUC__)
using FloatMode = std::uint32_t;
inline constexpr FloatMode flush_bits = 1u << 24, exception_flags = 0xf800009f;  // and those of comparisons
SPIKETAPE_INLINE FloatMode float_mode() noexcept {
  FloatMode mode;
  asm volatile("vmrs %0, fpscr" : "=r"(mode));
  return mode;
}
SPIKETAPE_INLINE void set_float_mode(FloatMode mode) noexcept {
  asm volatile("vmsr fpscr, %0" : : "r"(mode) : "memory");
}
#else
using FloatMode = std::uint32_t;
inline constexpr FloatMode flush_bits = 0, exception_flags = 0;
SPIKETAPE_INLINE FloatMode float_mode() noexcept { return 0; }
SPIKETAPE_INLINE void set_float_mode(FloatMode) noexcept {}
#endif

/// Whether calls of the library count denormals as zero.
#if defined(SPIKETAPE_KEEP_DENORMALS)
inline constexpr bool flushes_denormals = false;
#else
inline constexpr bool flushes_denormals = flush_bits != 0;
#endif

/// Sets the thread's mode until the end of its scope; then restores it, but keeps the exception flags that
/// were raised. Writes only what differs, since a write takes longer than a read.
class FloatModeScope {
 public:
  /// `now` is the mode of the thread.
  FloatModeScope(FloatMode now, FloatMode wanted) noexcept
      : before_(now & ~exception_flags), changed_(((now ^ wanted) & ~exception_flags) != 0) {
    if (changed_) set_float_mode((wanted & ~exception_flags) | (now & exception_flags));
  }
  explicit FloatModeScope(FloatMode wanted) noexcept : FloatModeScope(float_mode(), wanted) {}
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;
  ~FloatModeScope() {
    if (changed_) set_float_mode(before_ | (float_mode() & exception_flags));
  }

  bool changed() const noexcept { return changed_; }
  FloatMode before() const noexcept { return before_; }

 private:
  FloatMode before_;
  bool changed_;
};

#ifdef _OPENMP
/// The mode of this thread outside of the outermost FlushDenormals that changed it. Threads inherit the mode
/// of the thread that starts them, for good; so they must be started in that one, see parallel_for.
struct ModeOutside {
  FloatMode mode = 0;
  bool differs = false;
};
inline constinit thread_local ModeOutside mode_outside;
#endif

}  // namespace detail

/// Makes denormals count as zero on this thread, until the end of its scope; see the head of this file. Calls
/// of the library do so themselves. Around a loop of many small calls it saves each of them about 15 ns:
///
///     const st::FlushDenormals flush;
///     for (...) lif.forward_into(...);
///
/// Compilers may move arithmetic of yours across the ends of the scope, but no call into the library. With
/// SPIKETAPE_KEEP_DENORMALS it does nothing.
class [[nodiscard]] FlushDenormals {
 public:
  /// Sets the mode of this thread; the end of the scope restores it.
  FlushDenormals() noexcept : FlushDenormals(detail::flushes_denormals ? detail::float_mode() : 0) {}
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
#ifdef _OPENMP
  ~FlushDenormals() {
    if (outermost_) detail::mode_outside.differs = false;
  }
#else
  ~FlushDenormals() = default;
#endif

 private:
  explicit FlushDenormals(detail::FloatMode now) noexcept
      : scope_(now, detail::flushes_denormals ? now | detail::flush_bits : now) {
#ifdef _OPENMP
    outermost_ = scope_.changed() && !detail::mode_outside.differs;
    if (outermost_) detail::mode_outside = {scope_.before(), true};
#endif
  }

  detail::FloatModeScope scope_;
#ifdef _OPENMP
  bool outermost_;
#endif
};

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
