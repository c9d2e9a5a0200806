# Programs that a launcher of MPI starts as several processes.

foreach(name IN ITEMS bits job)
  add_executable(spiketape_mpi_${name} mpi/${name}.cpp)
  target_link_libraries(spiketape_mpi_${name} PRIVATE spiketape_mpi spiketape_compiled_once spiketape_test_options)
endforeach()

# Another version of the library, as a folder that is searched first.
file(READ "${PROJECT_SOURCE_DIR}/include/spiketape/version.hpp" version_header)
string(REGEX REPLACE "(_MINOR) [0-9]+" "\\1 99" version_header "${version_header}")
file(CONFIGURE OUTPUT mpi/spiketape/version.hpp CONTENT "${version_header}" @ONLY)
add_executable(spiketape_mpi_version mpi/version.cpp)
target_include_directories(spiketape_mpi_version BEFORE PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/mpi")
target_link_libraries(spiketape_mpi_version PRIVATE spiketape_mpi spiketape_test_options)

# Open MPI takes root and more processes than cores if it is told so, others ignore what is meant for it.
set(environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
                OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none OMP_WAIT_POLICY=passive
                PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
                PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMP_NUM_THREADS=1)
set(launcher "${MPIEXEC_EXECUTABLE}" ${MPIEXEC_PREFLAGS} ${MPIEXEC_NUMPROC_FLAG})
foreach(processes IN ITEMS 1 3 4)
  add_test(NAME mpi/bits_${processes} COMMAND ${launcher} ${processes} $<TARGET_FILE:spiketape_mpi_bits>)
  set_tests_properties(mpi/bits_${processes} PROPERTIES PASS_REGULAR_EXPRESSION "${processes} processes compute")
endforeach()
add_test(NAME mpi/differ COMMAND ${launcher} 3 $<TARGET_FILE:spiketape_mpi_job> differ)
add_test(NAME mpi/version COMMAND ${launcher} 1 $<TARGET_FILE:spiketape_mpi_job> none : ${MPIEXEC_NUMPROC_FLAG} 1
                                  $<TARGET_FILE:spiketape_mpi_version>)
set_tests_properties(mpi/version PROPERTIES PASS_REGULAR_EXPRESSION
                     "process 1 has version [0-9]+.99.*, process 0 has .*expected the same program in all")
add_test(NAME mpi/killed COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/mpi/killed.sh" "${CMAKE_CURRENT_BINARY_DIR}/mpi/killed"
                                 $<TARGET_FILE:spiketape_mpi_job> ${launcher})
set_tests_properties(mpi/bits_1 mpi/bits_3 mpi/bits_4 mpi/differ mpi/version mpi/killed
                     PROPERTIES LABELS processes PROCESSORS 2 TIMEOUT 300 ENVIRONMENT "${environment}")
