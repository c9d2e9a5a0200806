# Every header with content of its own includes core/push_macros.hpp before all else and core/pop_macros.hpp
# behind all else, and these two have the same list.
#   cmake -DFOLDER=... "-DHEADERS=..." -P check_header_macros.cmake

foreach(header IN LISTS HEADERS)
  if(header MATCHES "/(abi|config|version|push_macros|pop_macros)\\.hpp$")
    continue()
  endif()
  file(READ "${FOLDER}/${header}" text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "#pragma once|#include[^\n]*|\n" "" content "${text}")
  string(REPLACE ";" "" content "${content}")
  if(content MATCHES "[^ ]" AND
     NOT text MATCHES "^[\n ]*#pragma once[\n]+#include <spiketape/core/push_macros.hpp>\n.*\n#include <spiketape/core/pop_macros.hpp>\n$")
    message(SEND_ERROR "${header}: its first #include must be <spiketape/core/push_macros.hpp>, its last line "
                       "#include <spiketape/core/pop_macros.hpp>")
  endif()
endforeach()

foreach(name IN ITEMS push pop)
  file(STRINGS "${FOLDER}/spiketape/core/${name}_macros.hpp" ${name} REGEX "_macro\\(")
  string(REPLACE "${name}_macro" "" ${name} "${${name}}")
endforeach()
if(NOT push STREQUAL pop)
  message(SEND_ERROR "core/push_macros.hpp and core/pop_macros.hpp differ in their lists")
endif()
