# The build of our own tests, examples and benchmarks. Nothing here reaches a user of the library.

set(SPIKETAPE_SANITIZE "" CACHE STRING "Sanitizers for tests and examples, for example address,undefined")

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
  target_compile_options(spiketape_development INTERFACE /W4 /WX /bigobj)
else()
  target_compile_options(spiketape_development
                         INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
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
  target_compile_options(spiketape_development INTERFACE ${sanitize} -fno-omit-frame-pointer -O1 -g1)
  target_link_options(spiketape_development INTERFACE ${sanitize})
endif()

# Compiles a target for an architecture (-march=), or for the compiler's own choice where it is empty.
function(spiketape_compile_for target scope arch)
  if(NOT arch)
    return()
  endif()
  target_compile_options(${target} ${scope} -march=${arch})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns of its own AVX-512 header, https://gcc.gnu.org/PR105593
    target_compile_options(${target} ${scope} -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
endfunction()

find_package(OpenMP QUIET COMPONENTS CXX)
if(OpenMP_CXX_FOUND)
  target_link_libraries(spiketape_development INTERFACE OpenMP::OpenMP_CXX)
endif()
find_package(ZLIB QUIET)
