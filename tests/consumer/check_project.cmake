# Configures the project in this folder, and installs it, to see what CMake says and what is installed.
#   cmake -DSOURCE=... -DBINARY=... "-DOPTIONS=..." -P check_project.cmake

function(configure warnings)
  file(REMOVE_RECURSE "${BINARY}")
  execute_process(COMMAND ${CMAKE_COMMAND} -S "${SOURCE}" -B "${BINARY}" ${OPTIONS} ${ARGN}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "cmake fails:\n${output}")
  endif()
  string(REGEX MATCHALL "CMake Warning" found "${output}")
  list(LENGTH found count)
  if(NOT count EQUAL warnings OR (count AND NOT output MATCHES "-DCMAKE_BUILD_TYPE=Release"))
    message(FATAL_ERROR "${warnings} warnings expected with '${ARGN}', found ${count}:\n${output}")
  endif()
endfunction()

configure(0 -DCMAKE_BUILD_TYPE=Release)
configure(0 -DCMAKE_CXX_FLAGS=-O2)
configure(1)

# The package of the user's library, and nothing of ours.
file(WRITE "${BINARY}/libsecond.a" "")  # as if it were built
execute_process(COMMAND ${CMAKE_COMMAND} --install "${BINARY}" --prefix "${BINARY}/installed"
                RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
file(GLOB_RECURSE files RELATIVE "${BINARY}/installed" "${BINARY}/installed/*")
list(FILTER files EXCLUDE REGEX "^lib/(libsecond\\.a|cmake/consumer/consumerTargets.*\\.cmake)$")
if(failed OR files)
  message(FATAL_ERROR "the project installs also ${files}\n${output}")
endif()
