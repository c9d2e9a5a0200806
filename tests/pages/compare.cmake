# The program of a page prints what the page says.
#   cmake -DPROGRAM=... -DPAGE=... -DFOLDER=... -P compare.cmake

execute_process(COMMAND "${PROGRAM}" ${PAGE} WORKING_DIRECTORY "${FOLDER}" OUTPUT_VARIABLE printed
                RESULT_VARIABLE failed)
file(READ "${FOLDER}/${PAGE}.txt" expected)
if(failed OR NOT printed STREQUAL expected)
  message(FATAL_ERROR "the page ${PAGE} says that its program prints\n${expected}\nit prints (and returns ${failed})\n"
                      "${printed}")
endif()
