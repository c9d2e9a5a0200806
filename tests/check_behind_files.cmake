# g++ vectorizes every loop of behind_files.cpp.
#   cmake -DCOMPILER=... "-DINCLUDES=..." -P check_behind_files.cmake

cmake_minimum_required(VERSION 3.21)
list(TRANSFORM INCLUDES PREPEND -I)
set(source "${CMAKE_CURRENT_LIST_DIR}/behind_files.cpp")
execute_process(COMMAND ${COMPILER} -std=c++20 -O3 ${INCLUDES} -S "${source}" -o - -fopt-info-vec-optimized
                OUTPUT_QUIET ERROR_VARIABLE vectorized COMMAND_ERROR_IS_FATAL ANY)
file(READ "${source}" text)
string(REGEX MATCHALL "LOOP" loops "${text}")
list(LENGTH loops loops)
math(EXPR loops "${loops} - 1")  # the macro
string(REGEX MATCHALL "behind_files.cpp:[0-9]+:[0-9]+: optimized: loop vectorized" vectorized "${vectorized}")
list(REMOVE_DUPLICATES vectorized)
list(LENGTH vectorized count)
if(loops EQUAL 0 OR NOT count EQUAL loops)
  message(FATAL_ERROR "${count} of ${loops} loops are vectorized:\n${vectorized}")
endif()
