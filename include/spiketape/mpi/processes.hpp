// The processes of one MPI job that train a network together, on one machine or on many.
//
//     int main(int argc, char** argv) {
//       return st::mpi::run(argc, argv, [](const st::mpi::Processes& processes) {
//         st::mpi::Shards<float> shards(processes, net.parameters(), {.shards = 8, .block = 4});
//         ...
//       });
//     }
//
// All that is in mpi/ needs an MPI library (spiketape::mpi in CMake); of MPI it uses the C interface.
#pragma once

#include <spiketape/core/push_macros.hpp>

// Without the C++ bindings, which MPI has dropped.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <spiketape/core/array.hpp>
#include <spiketape/core/numbers.hpp>
#include <spiketape/mpi/termination.hpp>
#include <spiketape/train/any_driver.hpp>
#include <spiketape/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

namespace detail {

using spiketape::detail::raise_file;
using spiketape::detail::text_of;

/// What must be the same in all processes for them to understand each other and compute the same bits.
// clang-format off
inline constexpr std::string_view build =
    SPIKETAPE_ABI_TEXT(SPIKETAPE_VERSION_MAJOR) "." SPIKETAPE_ABI_TEXT(SPIKETAPE_VERSION_MINOR) "."
    SPIKETAPE_ABI_TEXT(SPIKETAPE_VERSION_PATCH) ", built for " SPIKETAPE_ABI_TEXT(SPIKETAPE_ABI);
// clang-format on

/// Throws what MPI says if one of its functions has failed.
inline void check(int result, const char* function) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(result, text, &length);
  raise_file({"spiketape::mpi: ", function, " failed: ", text});
}

/// A number of elements as MPI counts them.
inline int count_of(Index count) {
  if (count > std::numeric_limits<int>::max())
    spiketape::detail::fail_argument("spiketape::mpi: a message has ", count, " numbers, expected at most ",
                                     std::numeric_limits<int>::max(),
                                     ": train fewer parameters or in fewer shards");
  return static_cast<int>(count);
}

}  // namespace detail

/// All processes of a job and this one's number among them. Every process makes one, before it trains. What
/// follows is for all processes at once: where one calls a function that waits for the others, all must call
/// it, in the same order. If one calls another, all throw std::runtime_error with what each called.
///
/// If this object ends while an exception leaves its scope, it ends the whole job, since the other processes
/// would wait forever. `run` does so with the text of the exception.
class Processes {
 public:
  /// The processes that mpirun or srun has started. Initializes MPI, and finalizes it at the end, unless the
  /// program does. MPI is called from the thread that made this. Ends the job with a text if the processes
  /// have other versions of the library or were built for other instruction sets. SIGTERM, which a process
  /// gets when another one has died, then also prints a text.
  explicit Processes(int* argc = nullptr, char*** argv = nullptr) {
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (initialized == 0) {
      int provided = 0;
      detail::check(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
      finalizes_ = true;
    }
    join(MPI_COMM_WORLD);
    detail::say_when_terminated(name());
  }
  /// Those of a communicator of the program's own, which is duplicated. MPI must be initialized.
  explicit Processes(MPI_Comm communicator) { join(communicator); }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes() {
    if (count_ > 1 && std::uncaught_exceptions() > exceptions_) end_job("an exception leaves its program");
#if SPIKETAPE_EXCEPTIONS
    try {
      meet("its end", {});
    } catch (const std::exception& error) {
      end_job(error.what());
    }
#else
    meet("its end", {});
#endif
    MPI_Comm_free(&communicator_);
    if (!finalizes_) return;
    detail::say_when_terminated({});
    MPI_Finalize();
  }

  /// How many there are, and which this is, from 0.
  int count() const noexcept { return count_; }
  int number() const noexcept { return number_; }
  /// Whether this is the one that writes files and lines.
  bool first() const noexcept { return number_ == 0; }
  /// Such as "process 2 of 4 on node7".
  std::string name() const {
    char host[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    MPI_Get_processor_name(host, &length);
    return detail::text_of("process ", number_, " of ", count_, " on ", host);
  }
  /// The library's own duplicate of the communicator.
  MPI_Comm communicator() const noexcept { return communicator_; }

  /// Prints why, with the name of this process, and ends all processes.
  [[noreturn]] void end_job(std::string_view why) const noexcept { end_job(communicator_, name(), why); }

  /// Waits for all processes. `call` is what this one does, with up to six numbers that must be the same for
  /// all, to the bit. Throws std::runtime_error, in all processes, if something differs, with what.
  void meet(const char* call, std::initializer_list<NamedNumber> numbers) const {
    if (const std::string difference = difference_at(call, numbers); !difference.empty())
      detail::raise_file({difference});
  }

  /// Collects as many objects from each process, in the order of the processes, everywhere; `all` has room
  /// for them.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void gather(std::span<const T> mine, std::span<T> all) const {
    const int bytes = detail::count_of(static_cast<Index>(mine.size_bytes()));
    detail::check(MPI_Allgather(mine.data(), bytes, MPI_BYTE, all.data(), bytes, MPI_BYTE, communicator_),
                  "MPI_Allgather");
  }
  /// Collects a text from each. Allocates.
  std::vector<std::string> gather(const std::string& mine) const {
    const auto all_count = static_cast<std::size_t>(count_);
    const int size = detail::count_of(static_cast<Index>(mine.size()));
    std::vector<int> sizes(all_count), begins(all_count);
    gather(std::span<const int>(&size, 1), std::span(sizes));
    Index total = 0;
    for (std::size_t p = 0; p < all_count; ++p) {
      begins[p] = detail::count_of(total);
      total += sizes[p];
    }
    std::string all(static_cast<std::size_t>(detail::count_of(total)), '\0');
    detail::check(MPI_Allgatherv(mine.data(), size, MPI_CHAR, all.data(), sizes.data(), begins.data(),
                                 MPI_CHAR, communicator_),
                  "MPI_Allgatherv");
    std::vector<std::string> texts(all_count);
    for (std::size_t p = 0; p < all_count; ++p)
      texts[p] = all.substr(static_cast<std::size_t>(begins[p]), static_cast<std::size_t>(sizes[p]));
    return texts;
  }
  /// The text of process 0, everywhere. Allocates.
  std::string broadcast(std::string text) const {
    auto size = static_cast<std::uint64_t>(text.size());
    detail::check(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, communicator_), "MPI_Bcast");
    text.resize(static_cast<std::size_t>(size));
    constexpr std::uint64_t piece = 1 << 30;  // MPI counts in int
    for (std::uint64_t begin = 0; begin < size; begin += piece)
      detail::check(MPI_Bcast(text.data() + begin, static_cast<int>(std::min(piece, size - begin)), MPI_CHAR,
                              0, communicator_),
                    "MPI_Bcast");
    return text;
  }

 private:
  template <typename Program>
  friend int run(int argc, char** argv, Program&& program);

  /// What a process does when it meets the others.
  struct Meeting {
    char call[48];
    std::array<double, 6> numbers;
  };

  /// What differs, or nothing.
  std::string difference_at(const char* call, std::initializer_list<NamedNumber> numbers) const {
    constexpr const char* begin = "spiketape::mpi: the processes do not do the same: ";
    Meeting mine{};
    if (numbers.size() > mine.numbers.size())
      spiketape::detail::fail_argument("spiketape::mpi::Processes::meet: there are ", numbers.size(),
                                       " numbers, expected at most ", mine.numbers.size());
    std::string_view(call).copy(mine.call, sizeof mine.call - 1);
    std::size_t k = 0;
    for (const NamedNumber& each : numbers) mine.numbers[k++] = each.number;
    gather(std::span<const Meeting>(&mine, 1), meetings_);
    const Meeting& first = meetings_[0];
    for (int p = 1; p < count_; ++p) {
      const Meeting& other = meetings_[static_cast<std::size_t>(p)];
      if (std::string_view(first.call) != other.call)
        return detail::text_of(begin, "process ", p, " has come to ", std::string_view(other.call),
                               ", process 0 to ", std::string_view(first.call));
      k = 0;
      for (const NamedNumber& each : numbers) {
        const auto bits = [](double number) { return spiketape::detail::bits_as<std::uint64_t>(number); };
        if (bits(first.numbers[k]) != bits(other.numbers[k]))  // NaN is NaN
          return detail::text_of(begin, "in ", call, " process ", p, " has ", each.name, " ",
                                 other.numbers[k], ", process 0 has ", first.numbers[k]);
        ++k;
      }
    }
    return {};
  }

  void join(MPI_Comm communicator) {
    detail::check(MPI_Comm_dup(communicator, &communicator_), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(communicator_, &number_);
    MPI_Comm_size(communicator_, &count_);
    meetings_memory_.resize(static_cast<std::size_t>(count_));
    meetings_ = meetings_memory_;
    check_build();
  }

  /// Of a fixed size, since other versions may exchange other things.
  void check_build() const {
    std::array<char, 128> mine{};
    detail::build.copy(mine.data(), mine.size() - 1);
    std::vector<std::array<char, 128>> all(static_cast<std::size_t>(count_));
    gather(std::span<const std::array<char, 128>>(&mine, 1), std::span(all));
    for (std::size_t p = 1; p < all.size(); ++p)
      if (all[p] != all[0])
        end_job(detail::text_of("spiketape::mpi::Processes: process ", p, " has version ", all[p].data(),
                                ", process 0 has ", all[0].data(), ", expected the same program in all"));
  }

  [[noreturn]] static void end_job(MPI_Comm communicator, const std::string& name,
                                   std::string_view why) noexcept {
    std::fprintf(stderr, "spiketape::mpi: %s ends the job: %.*s\n", name.c_str(),
                 static_cast<int>(why.size()), why.data());
    std::fflush(nullptr);
    MPI_Abort(communicator, EXIT_FAILURE);
    std::abort();  // MPI_Abort does not return
  }

  MPI_Comm communicator_ = MPI_COMM_NULL;
  int count_ = 1, number_ = 0;
  int exceptions_ = std::uncaught_exceptions();
  bool finalizes_ = false;
  std::vector<Meeting> meetings_memory_;
  std::span<Meeting> meetings_;
};

/// The main function of a program for many processes: makes Processes and calls program(processes). An
/// exception ends the whole job, with its text and the name of the process. Returns what `program` returns,
/// or 0.
template <typename Program>
int run(int argc, char** argv, Program&& program) {
  const Processes processes(&argc, &argv);
#if SPIKETAPE_EXCEPTIONS
  try {
#endif
    if constexpr (std::is_void_v<decltype(program(processes))>) {
      program(processes);
      return 0;
    } else {
      return program(processes);
    }
#if SPIKETAPE_EXCEPTIONS
  } catch (const std::exception& error) {
    processes.end_job(error.what());
  } catch (...) {
    processes.end_job("an exception of unknown type");
  }
#endif
}

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
