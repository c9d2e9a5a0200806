# Wrong code must not compile, and the compiler must say the words that help: NAME.fail.cpp holds them in a
# line "// expect: text". NAME.ok.cpp is the same code put right, and compiles: so nothing else is wrong.

# What is right breaks less often than what is wrong.
set(kinds fail)
if(SPIKETAPE_TEST_ALL)
  list(APPEND kinds ok)
endif()
file(GLOB sources CONFIGURE_DEPENDS compile_fail/*.fail.cpp)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  foreach(kind IN LISTS kinds)
    add_test(NAME compile_fail/${name}.${kind}
             COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DMSVC=${MSVC}
                     -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/${name}.${kind}.cpp
                     "-DINCLUDES=$<TARGET_PROPERTY:spiketape,INTERFACE_INCLUDE_DIRECTORIES>"
                     -P "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/check.cmake")
    set_tests_properties(compile_fail/${name}.${kind} PROPERTIES LABELS compile_fail)
  endforeach()
endforeach()
