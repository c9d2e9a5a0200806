# Wrong code must not compile, and the compiler's first error must say the words that help.
#
# NAME.fail.cpp holds them in a line "// expect: text" ("// expect in a note: text" where our words can come later
# only). NAME.ok.cpp is the same code put right, and compiles: so nothing else is wrong.
# NAME.cases.cpp holds several mistakes, each behind a macro, in lines "// CASE_MACRO: text". Without a macro it
# compiles.

# Most of the time would go to headers, so these are precompiled first.
set(includes "$<TARGET_PROPERTY:spiketape,INTERFACE_INCLUDE_DIRECTORIES>")
set(precompiled "${CMAKE_CURRENT_BINARY_DIR}/compile_fail/precompiled.hpp")
set(headers "#include <Eigen/Core>\n")
foreach(header IN ITEMS spiketape data/samples functional/losses io/checkpoint io/state_dict train/trainer)
  string(APPEND headers "#include <spiketape/${header}.hpp>\n")
endforeach()
file(CONFIGURE OUTPUT "${precompiled}" CONTENT "${headers}" @ONLY)
if(MSVC)
  add_test(NAME compile_fail/precompiled COMMAND ${CMAKE_COMMAND} -E true)
else()
  add_test(NAME compile_fail/precompiled
           COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 "-I$<JOIN:${includes},;-I>" -x c++-header "${precompiled}"
                   -o "${precompiled}.gch" COMMAND_EXPAND_LISTS)
endif()
set_tests_properties(compile_fail/precompiled PROPERTIES LABELS compile_fail FIXTURES_SETUP precompiled)
set(first_error "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(first_error -fmax-errors=1)  # that is all that is looked at
endif()

function(spiketape_compile_fail name source case)
  add_test(NAME compile_fail/${name}
           COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DMSVC=${MSVC} -DCASE=${case}
                   -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/${source}
                   "-DINCLUDES=${includes}" "-DPRECOMPILED=${precompiled}" "-DFIRST_ERROR=${first_error}"
                   -P "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/check.cmake")
  set_tests_properties(compile_fail/${name} PROPERTIES LABELS compile_fail FIXTURES_REQUIRED precompiled)
endfunction()

# Right code stops compiling less often than wrong code starts to, and with all compilers alike.
set(kinds fail)
if(NOT SPIKETAPE_SANITIZE)
  list(APPEND kinds ok)
endif()
file(GLOB sources CONFIGURE_DEPENDS compile_fail/*.fail.cpp)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  foreach(kind IN LISTS kinds)
    spiketape_compile_fail(${name}.${kind} ${name}.${kind}.cpp "")
  endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS compile_fail/*.cases.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  if(ok IN_LIST kinds)
    spiketape_compile_fail(${name}.ok ${name}.cases.cpp "")
  endif()
  file(STRINGS "${source}" lines REGEX "^// CASE_[A-Z_]+: ")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "CASE_[A-Z_]+" case "${line}")
    string(REGEX REPLACE "^CASE_" "" mistake "${case}")
    string(TOLOWER "${mistake}" mistake)
    spiketape_compile_fail(${name}.${mistake} ${name}.cases.cpp ${case})
  endforeach()
endforeach()
