# Objects of different flags share no function of the library, other than the error handler: the linker would take
# one for both. Each set of flags has a namespace of its own, and in an object all functions are in that namespace.
#   cmake -DCOMPILER=... -DNM=... "-DINCLUDES=..." "-DTARGETS=..." -DFOLDER=... -P check.cmake

cmake_minimum_required(VERSION 3.21)
list(TRANSFORM INCLUDES PREPEND -I)
file(MAKE_DIRECTORY "${FOLDER}")
file(WRITE "${FOLDER}/name.cpp" "#include <spiketape/core/abi.hpp>\nthe name is SPIKETAPE_ABI\n")
set(names "")
foreach(part IN ITEMS "" ${TARGETS} -fopenmp -fno-exceptions -DEIGEN_USE_BLAS -DSPIKETAPE_KEEP_DENORMALS -ffast-math)
  string(REPLACE " " ";" flags "${part}")
  execute_process(COMMAND ${COMPILER} -std=c++20 ${flags} ${INCLUDES} -E -P "${FOLDER}/name.cpp"
                  OUTPUT_VARIABLE name COMMAND_ERROR_IS_FATAL ANY)
  if(NOT name MATCHES "the name is ([a-z0-9_]+)\n$" OR CMAKE_MATCH_1 IN_LIST names)
    message(FATAL_ERROR "with '${part}' the namespace has no name of its own: ${name}")
  endif()
  list(APPEND names "${CMAKE_MATCH_1}")
endforeach()

list(GET names 0 namespace)
execute_process(COMMAND ${COMPILER} -std=c++20 -O0 ${INCLUDES} -c "${CMAKE_CURRENT_LIST_DIR}/part.cpp"
                        -o "${FOLDER}/part.o" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${NM} -C --defined-only "${FOLDER}/part.o" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " [WVu] [^\n]*spiketape::[^\n]*" symbols "${symbols}")
list(FILTER symbols EXCLUDE REGEX "spiketape::error_handler")
list(LENGTH symbols count)
if(count LESS 50)
  message(FATAL_ERROR "the object has ${count} functions of the library, expected more")
endif()
foreach(symbol IN LISTS symbols)
  string(REPLACE "spiketape::${namespace}::" "" rest "${symbol}")
  if(rest MATCHES "spiketape::")
    message(FATAL_ERROR "the same name with all flags:${symbol}")
  endif()
endforeach()
