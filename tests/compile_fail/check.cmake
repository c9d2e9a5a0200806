# Compiles one file and checks what came of it. Takes COMPILER, MSVC, INCLUDES, SOURCE.

list(TRANSFORM INCLUDES PREPEND -I)
if(MSVC)
  set(flags /std:c++20 /EHsc /Zs)
else()
  set(flags -std=c++20 -fsyntax-only)
endif()
execute_process(COMMAND ${COMPILER} ${flags} ${INCLUDES} "${SOURCE}"
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(SOURCE MATCHES "\\.ok\\.cpp$")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "must compile, and does not:\n${output}")
  endif()
  return()
endif()

file(STRINGS "${SOURCE}" expected REGEX "^// expect: ")
string(REPLACE "// expect: " "" expected "${expected}")
if(expected STREQUAL "")
  message(FATAL_ERROR "has no line '// expect: text'")
elseif(result EQUAL 0)
  message(FATAL_ERROR "must not compile, but does")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "does not compile, but the compiler does not say: ${expected}\n${output}")
endif()
