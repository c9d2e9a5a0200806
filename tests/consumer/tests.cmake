# The project in this folder uses the library in each way a user may.

set(consumer_options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DSPIKETAPE_SOURCE_DIR=${PROJECT_SOURCE_DIR}
                     -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})
if(eigen_SOURCE_DIR)  # our Eigen was fetched: the consumers share it
  list(APPEND consumer_options -DFETCHCONTENT_SOURCE_DIR_EIGEN=${eigen_SOURCE_DIR})
else()
  list(APPEND consumer_options -DEigen3_DIR=${Eigen3_DIR})
endif()

function(add_consumer_test name)
  add_test(NAME consumer/${name}
           COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test "${CMAKE_CURRENT_SOURCE_DIR}/consumer"
                   "${CMAKE_CURRENT_BINARY_DIR}/consumer/${name}" --build-generator ${CMAKE_GENERATOR}
                   --build-options ${consumer_options} ${ARGN} --test-command consumer)
  set_tests_properties(consumer/${name} PROPERTIES LABELS "consumer;slow")
endfunction()

if(NOT SPIKETAPE_SANITIZE)  # which way it comes is the same for all compilers
  set(with "")
  if(OpenMP_CXX_FOUND)
    set(with -DUSE_SPIKETAPE_WITH=openmp)
  endif()
  find_package(BLAS QUIET)
  add_consumer_test(fetch_content -DUSE_SPIKETAPE_BY=FetchContent -DSPIKETAPE_BLAS=${BLAS_FOUND} ${with})
  add_consumer_test(add_subdirectory -DUSE_SPIKETAPE_BY=add_subdirectory)
  add_test(NAME consumer/project
           COMMAND ${CMAKE_COMMAND} "-DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/consumer"
                   "-DBINARY=${CMAKE_CURRENT_BINARY_DIR}/consumer/project"
                   "-DOPTIONS=-G;${CMAKE_GENERATOR};${consumer_options};-DUSE_SPIKETAPE_BY=FetchContent"
                   -P "${CMAKE_CURRENT_SOURCE_DIR}/consumer/check_project.cmake")
  set_tests_properties(consumer/project PROPERTIES LABELS consumer)

  # The way of a machine without Eigen, with the folder of headers in place of the download.
  get_target_property(eigen_headers Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  add_consumer_test(fetched_eigen -DUSE_SPIKETAPE_BY=FetchContent -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON
                    -DFETCHCONTENT_SOURCE_DIR_EIGEN=${eigen_headers})
endif()

if(SPIKETAPE_INSTALL AND Eigen3_FOUND)
  set(prefix "${CMAKE_CURRENT_BINARY_DIR}/consumer/installed")
  add_test(NAME consumer/install
           COMMAND ${CMAKE_COMMAND} --install "${PROJECT_BINARY_DIR}" --prefix "${prefix}")
  set_tests_properties(consumer/install PROPERTIES LABELS consumer FIXTURES_SETUP installed)
  add_consumer_test(find_package -DUSE_SPIKETAPE_BY=find_package -DCMAKE_PREFIX_PATH=${prefix} ${with})
  set_tests_properties(consumer/find_package PROPERTIES FIXTURES_REQUIRED installed)

  find_program(pkg_config pkg-config NO_CACHE)
  if(pkg_config)
    add_test(NAME consumer/pkg_config COMMAND "${pkg_config}" --cflags spiketape)
    set_tests_properties(consumer/pkg_config
                         PROPERTIES LABELS consumer FIXTURES_REQUIRED installed
                                    ENVIRONMENT "PKG_CONFIG_PATH=${prefix}/share/pkgconfig"
                                    PASS_REGULAR_EXPRESSION "-I[^ ]*include")
  endif()
endif()
