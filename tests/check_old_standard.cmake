# With a language standard that is too old the compiler's first error is ours.
#   cmake -DCOMPILER=... -DMSVC=... -DINCLUDES=... "-DHEADERS=..." -P check_old_standard.cmake

set(flags -std=c++17 -fsyntax-only -x c++)
if(MSVC)
  set(flags /std:c++17 /Zs /TP)
endif()
list(GET INCLUDES 0 folder)
list(TRANSFORM INCLUDES PREPEND -I)
foreach(header IN LISTS HEADERS)
  execute_process(COMMAND ${COMPILER} ${flags} ${INCLUDES} "${folder}/${header}"
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX MATCH "error[ :][^\n]*" first "${output}")
  string(REGEX MATCHALL "[^#]error[ :]" errors "${output}")
  list(LENGTH errors count)
  if(NOT first MATCHES "spiketape needs C\\+\\+20" OR count GREATER 2)  # the second stops the compiler
    message(SEND_ERROR "${header}: ${count} errors, the first: ${first}")
  endif()
endforeach()
