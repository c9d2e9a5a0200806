# Reads a page for tests.cmake. What is compiled, in the order of the page:
#
#   ```cpp ... ```     what the reader sees
#   <!-- cpp ... -->   what he does not: what stands around a fragment, such as the function that it is part of
#
# and together that is the content of one namespace. Its main() prints the ```text blocks of the page, all of them and
# nothing else. A page without such blocks is compiled and not run.

# Sets <prefix>_code, the namespace; <prefix>_includes, the #include lines that belong before it; and <prefix>_text, what
# its main() prints. Lines of errors are those of the page.
function(spiketape_extract page prefix)
  file(READ "${page}" rest)
  cmake_path(GET page STEM name)
  string(MAKE_C_IDENTIFIER "page_${name}" name)
  set(code "")
  set(text "")
  set(line 1)
  while(TRUE)
    # The next of the three.
    set(place -1)
    foreach(opening IN ITEMS "\n```cpp\n" "\n<!-- cpp\n" "\n```text\n")
      string(FIND "${rest}" "${opening}" found)
      if(found GREATER_EQUAL 0 AND (place LESS 0 OR found LESS place))
        set(place ${found})
        set(kind "${opening}")
      endif()
    endforeach()
    if(place LESS 0)
      break()
    endif()
    string(LENGTH "${kind}" length)
    math(EXPR place "${place} + ${length}")
    string(SUBSTRING "${rest}" 0 ${place} before)
    string(SUBSTRING "${rest}" ${place} -1 rest)
    if(kind MATCHES "<!--")
      string(FIND "${rest}" "-->" end)
    else()
      string(FIND "${rest}" "```" end)
    endif()
    string(SUBSTRING "${rest}" 0 ${end} block)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    spiketape_count_lines("${before}" lines)
    math(EXPR line "${line} + ${lines}")
    if(kind MATCHES "text")
      string(APPEND text "${block}")
    else()
      string(APPEND code "#line ${line} \"${page}\"\n${block}")
    endif()
    spiketape_count_lines("${block}" lines)
    math(EXPR line "${line} + ${lines}")
  endwhile()

  string(REGEX MATCHALL "#include [^\n]*" includes "${code}")
  list(JOIN includes "\n" includes)
  string(REGEX REPLACE "#include [^\n]*" "" code "${code}")
  string(REPLACE "int main(" "auto main(" code "${code}")  # in a namespace it must return what it says
  set(${prefix}_code "namespace ${name} {\n${code}}  // namespace\n" PARENT_SCOPE)
  set(${prefix}_includes "${includes}\n" PARENT_SCOPE)
  set(${prefix}_text "${text}" PARENT_SCOPE)
endfunction()

function(spiketape_count_lines text result)
  string(REGEX REPLACE "[^\n]" "" newlines "${text}")
  string(LENGTH "${newlines}" count)
  set(${result} ${count} PARENT_SCOPE)
endfunction()
