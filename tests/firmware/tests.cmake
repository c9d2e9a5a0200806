# Networks as C, compiled by a C compiler and as C++, compute the bits of the library: networks of all kinds, and the
# trained network of the digits. measure.sh prints its sizes and times.

include(CheckLanguage)
check_language(C)
if(NOT CMAKE_C_COMPILER)
  message(STATUS "spiketape: found no C compiler, the tests of firmware are left out")
  return()
endif()
enable_language(C)

# Compilers contract a·b + c where they can, in other places in C.
foreach(writer IN ITEMS networks digits)
  set(sources "${CMAKE_CURRENT_LIST_DIR}/digits.cpp")
  set(optimize -O1)
  if(writer STREQUAL networks)
    set(sources "")
    foreach(file IN ITEMS coupled images leaky quantized recurrent shapes write)
      list(APPEND sources "${CMAKE_CURRENT_LIST_DIR}/${file}.cpp")
    endforeach()
    set(optimize ${SPIKETAPE_TEST_OPTIMIZE})
  endif()
  set(program spiketape_firmware_writes_${writer})
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE spiketape_development)
  target_compile_options(${program} PRIVATE ${optimize} -UNDEBUG -ffp-contract=off)
  spiketape_compile_for(${program} PRIVATE "${SPIKETAPE_TEST_ARCH}")
endforeach()
set_target_properties(spiketape_firmware_writes_networks PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 3)
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  target_precompile_headers(spiketape_firmware_writes_networks PRIVATE <Eigen/Core>)
endif()

set(folder "${CMAKE_CURRENT_BINARY_DIR}/firmware")
file(MAKE_DIRECTORY "${folder}")
add_custom_command(OUTPUT "${folder}/networks.c" "${folder}/networks.cpp"
                   COMMAND spiketape_firmware_writes_networks "${folder}/networks.c" "${folder}/networks.cpp"
                   DEPENDS spiketape_firmware_writes_networks VERBATIM)
add_custom_command(OUTPUT "${folder}/digits.h" "${folder}/digits.images" "${folder}/digits.spikes"
                   COMMAND spiketape_firmware_writes_digits "${PROJECT_SOURCE_DIR}/examples/data" "${folder}"
                   DEPENDS spiketape_firmware_writes_digits VERBATIM)

function(spiketape_firmware_test name)
  set(program spiketape_firmware_${name})
  add_executable(${program} ${ARGN})
  set_target_properties(${program} PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
  target_include_directories(${program} PRIVATE "${folder}")
  target_compile_options(${program} PRIVATE -O1 -Wall -Wextra -Wconversion -pedantic -Werror -ffp-contract=off)
  spiketape_compile_for(${program} PRIVATE "${SPIKETAPE_TEST_ARCH}")
  if(SPIKETAPE_SANITIZE)
    target_compile_options(${program} PRIVATE -fsanitize=${SPIKETAPE_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(${program} PRIVATE -fsanitize=${SPIKETAPE_SANITIZE})
  endif()
endfunction()

spiketape_firmware_test(c "${folder}/networks.c")
spiketape_firmware_test(cpp "${folder}/networks.cpp")
foreach(language IN ITEMS c cpp)
  add_test(NAME firmware/${language} COMMAND spiketape_firmware_${language})
endforeach()
spiketape_firmware_test(digits "${CMAKE_CURRENT_LIST_DIR}/digits_main.c" "${folder}/digits.h")
target_compile_definitions(spiketape_firmware_digits PRIVATE FUSED_AS_THE_LIBRARY)
add_test(NAME firmware/digits
         COMMAND spiketape_firmware_digits "${folder}/digits.images" "${folder}/digits.spikes")
set_tests_properties(firmware/c firmware/cpp firmware/digits PROPERTIES LABELS firmware)

# On a Cortex-M4 and M7 in an emulator.
find_program(arm_compiler arm-none-eabi-gcc NO_CACHE)
find_program(arm_emulator qemu-system-arm NO_CACHE)
if(SPIKETAPE_TEST_EXTENDED AND arm_compiler AND arm_emulator AND NOT SPIKETAPE_SANITIZE)
  add_test(NAME firmware/cortex_m COMMAND sh "${CMAKE_CURRENT_LIST_DIR}/cortex_m.sh" "${folder}")
  set_tests_properties(firmware/cortex_m PROPERTIES LABELS firmware TIMEOUT 300)
endif()
