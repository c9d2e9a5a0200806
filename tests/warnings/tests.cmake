# The program in this folder compiles without a warning, at all those of flags.cmake. The headers are those of
# the program's own to the compiler, only Eigen's are a system's. (With SPIKETAPE_WERROR: a new compiler may
# have new ones.)

include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
if(SPIKETAPE_WERROR AND NOT MSVC)
  list(APPEND warning_flags -Werror)
endif()
if(MSVC)
  list(APPEND warning_flags /std:c++20 /EHsc /Zs)
else()
  list(APPEND warning_flags -std=c++20 -fsyntax-only)
endif()
if(OpenMP_CXX_FOUND)
  list(APPEND warning_flags ${OpenMP_CXX_FLAGS})
endif()
if(ZLIB_FOUND)
  list(APPEND warning_flags -DSPIKETAPE_TEST_ZLIB)
endif()
file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  add_test(NAME warnings/${name}
           COMMAND ${CMAKE_CXX_COMPILER} ${warning_flags} -I "${PROJECT_SOURCE_DIR}/include" -isystem
                   "$<JOIN:$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>,;-isystem;>" "${source}"
           COMMAND_EXPAND_LISTS)
  set_tests_properties(warnings/${name} PROPERTIES LABELS consumer)
endforeach()

# What clang takes in place of MSVC: no alternative tokens, templates parsed where they are used. (libstdc++ misses
# macros that clang then leaves out. This is not MSVC, which has not seen the library.)
find_program(clang clang++ NO_CACHE)
if(SPIKETAPE_TEST_EXTENDED AND clang AND NOT SPIKETAPE_SANITIZE)
  set(macros __STRICT_ANSI__ __GCC_ATOMIC_TEST_AND_SET_TRUEVAL=1)
  foreach(type IN ITEMS BOOL CHAR CHAR8_T CHAR16_T CHAR32_T WCHAR_T SHORT INT LONG LLONG POINTER)
    list(APPEND macros __GCC_ATOMIC_${type}_LOCK_FREE=2)
  endforeach()
  list(TRANSFORM macros PREPEND -D)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    add_test(NAME warnings/${name}_as_msvc
             COMMAND "${clang}" -std=c++20 -fsyntax-only -w -fms-compatibility -fms-compatibility-version=19.40
                     -fdelayed-template-parsing -fno-operator-names ${macros} -I "${PROJECT_SOURCE_DIR}/include" -isystem
                     "$<JOIN:$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>,;-isystem;>" "${source}"
             COMMAND_EXPAND_LISTS)
    set_tests_properties(warnings/${name}_as_msvc PROPERTIES LABELS consumer)
  endforeach()
endif()
