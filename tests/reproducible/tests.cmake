# Builds of one program for one target compute the same bits, at every level of the optimizer, with and without OpenMP,
# exceptions, RTTI and the checks of the standard library, on any number of threads. docs/reproducibility.md says what
# is promised. Here are two builds that differ in all of that; `sh tests/run.sh --extended` compares more.

foreach(variant IN ITEMS checked threads)
  set(program spiketape_reproducible_${variant})
  add_executable(${program} "${CMAKE_CURRENT_LIST_DIR}/train.cpp")
  spiketape_compile_for(${program} PRIVATE "${SPIKETAPE_TEST_ARCH}")
  # Compilers contract a·b + c to one rounding where they can, in other places at other levels.
  target_compile_options(${program} PRIVATE -ffp-contract=off)
endforeach()
target_link_libraries(spiketape_reproducible_checked PRIVATE spiketape)
target_compile_options(spiketape_reproducible_checked PRIVATE -O1 -D_GLIBCXX_DEBUG -fno-exceptions -fno-rtti)
target_link_libraries(spiketape_reproducible_threads PRIVATE spiketape_development)  # has OpenMP where there is one
target_compile_options(spiketape_reproducible_threads PRIVATE -O3)

set(arguments "${PROJECT_SOURCE_DIR}/examples/data" 500)
add_test(NAME reproducible
         COMMAND ${CMAKE_COMMAND} "-DPROGRAM_checked=$<TARGET_FILE:spiketape_reproducible_checked>;${arguments}"
                 "-DPROGRAM_1_thread=$<TARGET_FILE:spiketape_reproducible_threads>;${arguments}"
                 "-DPROGRAM_2_threads=$<TARGET_FILE:spiketape_reproducible_threads>;${arguments};2"
                 -P "${CMAKE_CURRENT_LIST_DIR}/compare.cmake")
set_tests_properties(reproducible PROPERTIES LABELS slow)
