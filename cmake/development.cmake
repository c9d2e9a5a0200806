# The build of our own tests, examples and benchmarks. Nothing here reaches a user of the library.

set(SPIKETAPE_SANITIZE "" CACHE STRING "Sanitizers for tests and examples, for example address,undefined")
option(SPIKETAPE_WERROR "Warnings are errors: where we develop, as later compilers know more of them" OFF)

if(PROJECT_IS_TOP_LEVEL)
  get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(NOT multi_config AND NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
  endif()
  if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(ccache ccache NO_CACHE)
    if(ccache)
      set(CMAKE_CXX_COMPILER_LAUNCHER "${ccache}")
    endif()
  endif()
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

# Warnings and sanitizers sit on a target that is never exported.
add_library(spiketape_development INTERFACE)
target_link_libraries(spiketape_development INTERFACE spiketape)
if(MSVC)
  target_compile_options(spiketape_development INTERFACE /W4 $<$<BOOL:${SPIKETAPE_WERROR}>:/WX> /bigobj)
else()
  target_compile_options(spiketape_development INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                                         $<$<BOOL:${SPIKETAPE_WERROR}>:-Werror>)
endif()
if(SPIKETAPE_SANITIZE)
  set(sanitize -fsanitize=${SPIKETAPE_SANITIZE} -fno-sanitize-recover=all)
  if(SPIKETAPE_SANITIZE MATCHES "address")
    # These cost much compile time, for accesses that the address sanitizer finds where they happen.
    list(APPEND sanitize -fno-sanitize=object-size,pointer-overflow)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      # Checks by calls instead of inline code compile in two thirds of the time.
      target_compile_options(spiketape_development
                             INTERFACE "SHELL:-mllvm -asan-instrumentation-with-call-threshold=0")
    endif()
  endif()
  # A small function compiles faster without optimization, the lanes of a scan do not: a target can say so.
  target_compile_options(spiketape_development INTERFACE ${sanitize} -fno-omit-frame-pointer -g1
                                                         -O$<NOT:$<BOOL:$<TARGET_PROPERTY:SPIKETAPE_UNOPTIMIZED>>>)
  target_link_options(spiketape_development INTERFACE ${sanitize})
endif()

include(CheckCXXCompilerFlag)
set(spiketape_arch_options "")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang 19 and later warn of -march=native on machines with AVX10.
  check_cxx_compiler_flag(-Wno-invalid-feature-combination SPIKETAPE_HAS_FEATURE_WARNING)
  if(SPIKETAPE_HAS_FEATURE_WARNING)
    set(spiketape_arch_options -Wno-invalid-feature-combination)
  endif()
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns of its own AVX-512 header, https://gcc.gnu.org/PR105593
  set(spiketape_arch_options -Wno-maybe-uninitialized -Wno-uninitialized)
endif()

# The machine's own instructions, if the compiler takes them without a warning.
set(spiketape_native_arch "")
if(NOT CMAKE_CROSSCOMPILING)
  list(JOIN spiketape_arch_options " " CMAKE_REQUIRED_FLAGS)
  string(APPEND CMAKE_REQUIRED_FLAGS " -Werror")
  check_cxx_compiler_flag(-march=native SPIKETAPE_HAS_MARCH_NATIVE)
  unset(CMAKE_REQUIRED_FLAGS)
  if(SPIKETAPE_HAS_MARCH_NATIVE)
    set(spiketape_native_arch native)
  endif()
endif()

# Compiles a target for an architecture (-march=), or for the compiler's own choice where it is empty.
function(spiketape_compile_for target scope arch)
  if(arch)
    target_compile_options(${target} ${scope} -march=${arch} ${spiketape_arch_options})
  endif()
endfunction()

if(OpenMP_CXX_FOUND)
  target_link_libraries(spiketape_development INTERFACE spiketape_openmp)
endif()
find_package(ZLIB QUIET)
# For mpi/, which uses the C interface.
if(NOT CMAKE_CROSSCOMPILING)
  set(MPI_CXX_SKIP_MPICXX ON)
  find_package(MPI QUIET COMPONENTS CXX)
endif()
# For io/nir.hpp and io/shd.hpp. CMake finds it with a compiler of C only, which nothing else here needs.
if(NOT CMAKE_CROSSCOMPILING)
  include(CheckLanguage)
  check_language(C)
  if(CMAKE_C_COMPILER)
    enable_language(C)
    find_package(HDF5 QUIET COMPONENTS C)
  endif()
endif()
if(NOT TARGET HDF5::HDF5)
  set(HDF5_FOUND FALSE)
  message(STATUS "spiketape: HDF5 is not installed, leaving out io/nir.hpp, io/shd.hpp and their tests")
endif()
