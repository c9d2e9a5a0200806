# Compiles one file and checks what came of it. Takes COMPILER, MSVC, INCLUDES, SOURCE, CASE where the file holds
# several, PRECOMPILED, a header beside which its precompiled form lies, and FIRST_ERROR, an option to stop there.

list(TRANSFORM INCLUDES PREPEND -I)
if(MSVC)
  set(flags /std:c++20 /EHsc /Zs)
else()
  set(flags -std=c++20 -fsyntax-only -include "${PRECOMPILED}" ${FIRST_ERROR})
endif()
if(CASE)
  list(APPEND flags -D${CASE})
endif()
execute_process(COMMAND ${COMPILER} ${flags} ${INCLUDES} "${SOURCE}"
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(SOURCE MATCHES "\\.ok\\.cpp$" OR (SOURCE MATCHES "\\.cases\\.cpp$" AND NOT CASE))
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "must compile, and does not:\n${output}")
  endif()
  return()
endif()

if(CASE)
  set(label "${CASE}")
else()
  set(label "expect")
endif()
file(STRINGS "${SOURCE}" expected REGEX "^// ${label}( in a note)?: ")
if(expected STREQUAL "")
  message(FATAL_ERROR "has no line '// ${label}: text'")
elseif(result EQUAL 0)
  message(FATAL_ERROR "must not compile, but does")
endif()

# The text stands in the first error. Lines before it say where it happened, lines behind it are consequences.
string(REGEX REPLACE "^// ${label}( in a note)?: " "" text "${expected}")
set(place "${output}")
if(NOT expected MATCHES "^// ${label} in a note: ")
  string(REGEX MATCH "error[ :][^\n]*" place "${output}")
endif()
string(FIND "${place}" "${text}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "the compiler's first error does not say: ${text}\n${output}")
endif()
