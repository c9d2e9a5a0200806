// Loops on several threads if the program is compiled with OpenMP, else on one.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/array.hpp>
#include <spiketape/core/config.hpp>
#include <spiketape/core/float_mode.hpp>
#include <spiketape/core/function_ref.hpp>

#include <algorithm>

namespace spiketape::inline SPIKETAPE_ABI::detail {

/// Of the threads that a caller allows, as many as have something to do.
constexpr int busy_threads(int threads, Index tasks) noexcept {
  return static_cast<int>(std::clamp<Index>(tasks, 1, std::max(threads, 1)));
}

#ifdef _OPENMP
/// The size of the last team that this thread started. Teams do not shrink while their callers allow as many
/// threads: libgomp ends the threads that a smaller team does not need, and the next large one starts new
/// ones.
inline constinit thread_local int team_size = 1;
#endif

/// Calls body(i) for i = 0, …, count − 1, on up to `threads` threads, all in the caller's floating-point
/// mode. No more start than have something to do. `body` must not depend on the order and must not throw.
SPIKETAPE_NOINLINE inline void parallel_for(int threads, Index count, FunctionRef<void(Index)> body) {
#ifdef _OPENMP
  if (const int busy = busy_threads(threads, count); busy > 1) {  // OpenMP allocates even for one thread
    team_size = std::clamp(team_size, busy, threads);
    const FloatMode mode = float_mode();
    const FloatModeScope outside(mode, mode_outside.differs ? mode_outside.mode : mode);
#pragma omp parallel num_threads(team_size)
    {
      const FloatModeScope same(mode);
#pragma omp for schedule(static) nowait
      for (Index i = 0; i < count; ++i) body(i);
    }
    return;
  }
#endif
  static_cast<void>(threads);
  for (Index i = 0; i < count; ++i) body(i);
}

/// Calls body(thread, begin, end) for ranges of 0, …, count − 1, one for each of up to `threads` threads,
/// counted from 0. A range has at least `least` numbers, so that it is worth a thread. `body` must not depend
/// on where a range ends and must not throw.
SPIKETAPE_NOINLINE inline void parallel_ranges(int threads, Index count, Index least,
                                               FunctionRef<void(int, Index, Index)> body) {
  if (count == 0) return;
  const int ranges = busy_threads(threads, count / least);
  parallel_for(threads, ranges, [&](Index i) {
    body(static_cast<int>(i), part_begin(count, i, ranges), part_begin(count, i + 1, ranges));
  });
}

/// Calls body(k, begin, end) for ranges of the numbers of several arrays, of which array k = 0, …, arrays − 1
/// has count_of(k), so that each thread gets as many numbers of all together. A range begins on a whole line.
SPIKETAPE_NOINLINE inline void parallel_arrays(int threads, Index arrays,
                                               FunctionRef<Index(Index)> count_of,
                                               FunctionRef<void(Index, Index, Index)> body) {
  constexpr Index unit = 64, least = (1 << 12) / unit;
  Index all = 0;
  for (Index k = 0; k < arrays; ++k) all += parts_of(count_of(k), unit);
  parallel_ranges(threads, all, least, [&](int, Index begin, Index end) {
    Index first = 0;  // of the array's units
    for (Index k = 0; k < arrays; ++k) {
      const Index count = count_of(k), units = parts_of(count, unit);
      const Index from = std::max(begin, first) - first, to = std::min(end, first + units) - first;
      if (from < to) body(k, from * unit, std::min(to * unit, count));
      first += units;
    }
  });
}

/// Calls body(begin, end) for pieces of 0, …, count − 1 that are worth a thread. All but the last consist of
/// whole lanes.
SPIKETAPE_NOINLINE inline void parallel_pieces(int threads, Index count,
                                               FunctionRef<void(Index, Index)> body) {
  constexpr Index piece = 1 << 14;
  parallel_for(threads, parts_of(count, piece),
               [&](Index i) { body(i * piece, std::min(count, (i + 1) * piece)); });
}

}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
