// In which form the parts of this room that know no network are used.
//
// By default they are inline functions, as all else. With SPIKETAPE_IO_COMPILED, which the CMake target
// spiketape::io sets, headers only declare them, and a library defines them: programs that save and load then
// compile faster. The library is the one source io/io.cpp.
//
// What is compiled once must be the same for objects of all flags, so it has a namespace of its own in place
// of that of core/abi.hpp, named by the version: headers do not link with the library of another version. Its
// types consist of types of the standard library; whatever the flags decide, such as templates and types of
// arrays, stays in the other one. Objects that are compiled without exceptions use the inline form in any
// case, since the library throws. Copies of these types are in the objects that make them, and so, as with
// those of the standard library and of Eigen, the linker takes any one of objects with different -m flags.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/config.hpp>
#include <spiketape/version.hpp>

#if defined(SPIKETAPE_IO_COMPILED) && SPIKETAPE_EXCEPTIONS
#define SPIKETAPE_IO_INLINE 0
#define SPIKETAPE_IO_FUNCTION
#define SPIKETAPE_IO_JOINED(a, b, c) io_##a##_##b##_##c
#define SPIKETAPE_IO_JOIN(a, b, c) SPIKETAPE_IO_JOINED(a, b, c)
#define SPIKETAPE_IO_ABI \
  SPIKETAPE_IO_JOIN(SPIKETAPE_VERSION_MAJOR, SPIKETAPE_VERSION_MINOR, SPIKETAPE_VERSION_PATCH)
#else
#define SPIKETAPE_IO_INLINE 1
#define SPIKETAPE_IO_FUNCTION SPIKETAPE_NOINLINE inline
#define SPIKETAPE_IO_ABI SPIKETAPE_ABI
#endif

// `detail` would be ambiguous if both namespaces had one. Each sees the other's names.
namespace spiketape::inline SPIKETAPE_ABI::detail {}
namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail {
using namespace detail;
}  // namespace spiketape::inline SPIKETAPE_IO_ABI::io_detail
namespace spiketape::inline SPIKETAPE_ABI::detail {
using namespace io_detail;
}  // namespace spiketape::inline SPIKETAPE_ABI::detail

#include <spiketape/core/pop_macros.hpp>
