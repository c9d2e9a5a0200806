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
