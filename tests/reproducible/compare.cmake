# Runs programs, each a list of a file and its arguments. All must print the same.
#   cmake "-DPROGRAM_NAME=FILE;ARGUMENT..." ... -P compare.cmake

get_cmake_property(names VARIABLES)
list(FILTER names INCLUDE REGEX "^PROGRAM_")
foreach(name IN LISTS names)
  execute_process(COMMAND ${${name}} OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
  message("${name}:\n${printed}")
  if(NOT DEFINED expected)
    set(expected "${printed}")
  elseif(NOT printed STREQUAL expected)
    set(differs "${differs} ${name}")
  endif()
endforeach()
if(differs OR NOT expected MATCHES "[0-9a-f]")
  message(FATAL_ERROR "other bits:${differs}")
endif()
