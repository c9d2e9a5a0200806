// Counts what is allocated between start() and stop(), and lets one of these allocations fail. Include in one
// file of a program: it replaces operator new, and with glibc malloc and its like, unless a sanitizer has
// replaced them already.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#if __has_include(<mm_malloc.h>)
#include <mm_malloc.h>  // clang's declares posix_memalign once more, and must come before ours
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOCATION_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ALLOCATION_SANITIZED
#endif
#endif

namespace allocation {

inline std::atomic<bool> counting{false};
inline std::atomic<long> count{0};

inline std::atomic<long> failing{0};  // the one that fails, counted from 1

/// Returns whether an allocation may succeed.
inline bool saw_one() noexcept { return !counting || ++count != failing; }
/// `fails` is the allocation that fails, counted from 1; 0: none.
inline void start(long fails = 0) {
  count = 0;
  failing = fails;
  counting = true;
}
inline long stop() {
  counting = false;
  return count;
}

/// Eigen's assertions come here: while we count, that against allocation counts; any other stops the program.
inline void assertion_failed(const char* condition) {
  if (counting) return static_cast<void>(saw_one());
  std::fprintf(stderr, "Eigen asserts: %s\n", condition);
  std::abort();
}

/// Hides memory from the optimizer, which may leave out an allocation that nobody looks at.
inline void keep(const volatile void* memory) {
  static const volatile void* volatile kept;
  kept = memory;
  static_cast<void>(kept);
}

}  // namespace allocation

#if defined(__GLIBC__) && !defined(ALLOCATION_SANITIZED)

namespace allocation {
inline constexpr bool sees_malloc = true;
}

// The program's own malloc is taken by all libraries, libstdc++ and OpenMP's included. glibc keeps its own
// under a second name; memory from there is given back to glibc's free as ever.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  return allocation::saw_one() ? __libc_malloc(size) : nullptr;
}
void* calloc(std::size_t number, std::size_t size) noexcept {
  return allocation::saw_one() ? __libc_calloc(number, size) : nullptr;
}
void* realloc(void* memory, std::size_t size) noexcept {
  return allocation::saw_one() ? __libc_realloc(memory, size) : nullptr;
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return allocation::saw_one() ? __libc_memalign(alignment, size) : nullptr;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return allocation::saw_one() ? __libc_memalign(alignment, size) : nullptr;
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = allocation::saw_one() ? __libc_memalign(alignment, size) : nullptr;
  return *memory == nullptr ? ENOMEM : 0;
}
}

#else

namespace allocation {
inline constexpr bool sees_malloc = false;
}

namespace allocation {

inline void* take(std::size_t size) noexcept {
  return saw_one() ? std::malloc(size > 0 ? size : 1) : nullptr;
}
inline void* take(std::size_t size, std::align_val_t alignment) noexcept {
  if (!saw_one()) return nullptr;
  const auto step = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(step, (size + step - 1) / step * step);
}
inline void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace allocation

// All forms: a sanitizer brings its own of each, and does not let them be mixed with ours.
using allocation::or_throw, allocation::take;
using std::align_val_t, std::nothrow_t, std::size_t;
void* operator new(size_t size) { return or_throw(take(size)); }
void* operator new[](size_t size) { return or_throw(take(size)); }
void* operator new(size_t size, align_val_t alignment) { return or_throw(take(size, alignment)); }
void* operator new[](size_t size, align_val_t alignment) { return or_throw(take(size, alignment)); }
void* operator new(size_t size, const nothrow_t&) noexcept { return take(size); }
void* operator new[](size_t size, const nothrow_t&) noexcept { return take(size); }
void* operator new(size_t size, align_val_t alignment, const nothrow_t&) noexcept {
  return take(size, alignment);
}
void* operator new[](size_t size, align_val_t alignment, const nothrow_t&) noexcept {
  return take(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }

#endif
