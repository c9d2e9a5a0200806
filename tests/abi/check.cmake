# Compiles part.cpp with several sets of flags. No two of the objects may define the same function of the
# library, other than the error handler: the linker would take one for both.
#   cmake -DCOMPILER=... -DNM=... "-DINCLUDES=..." "-DTARGETS=..." -DFOLDER=... -P check.cmake

list(TRANSFORM INCLUDES PREPEND -I)
file(MAKE_DIRECTORY "${FOLDER}")
set(parts plain ${TARGETS} -fopenmp -fno-exceptions -DSPIKETAPE_KEEP_DENORMALS -ffast-math)
foreach(part IN LISTS parts)
  string(REPLACE " " ";" flags "${part}")
  list(REMOVE_ITEM flags plain)
  execute_process(COMMAND ${COMPILER} -std=c++20 -O0 ${flags} ${INCLUDES}
                          -c "${CMAKE_CURRENT_LIST_DIR}/part.cpp" -o "${FOLDER}/part.o"
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${NM} -C --defined-only "${FOLDER}/part.o" OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL " [WVu] [^\n]*spiketape::[^\n]*" symbols "${symbols}")
  list(FILTER symbols EXCLUDE REGEX "spiketape::error_handler")
  list(LENGTH symbols count)
  if(count LESS 50)
    message(FATAL_ERROR "with ${part} the object has ${count} functions of the library, expected more")
  endif()
  foreach(symbol IN LISTS symbols)
    if(DEFINED "owner_${symbol}" AND NOT "${owner_${symbol}}" STREQUAL part)
      message(FATAL_ERROR "with ${owner_${symbol}} and with ${part} the same name:${symbol}")
    endif()
    set("owner_${symbol}" ${part})
  endforeach()
endforeach()
