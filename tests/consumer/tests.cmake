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
  set_tests_properties(consumer/${name} PROPERTIES LABELS "consumer;slow" COST 15)
endfunction()

if(NOT SPIKETAPE_SANITIZE)  # which way it comes is the same for all compilers
  set(openmp "")
  if(OpenMP_CXX_FOUND)
    set(openmp openmp)
  endif()
  find_package(BLAS QUIET)
  add_consumer_test(fetch_content -DUSE_SPIKETAPE_BY=FetchContent -DSPIKETAPE_BLAS=${BLAS_FOUND}
                    "-DUSE_SPIKETAPE_WITH=${openmp} io")
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
                    -DFETCHCONTENT_SOURCE_DIR_EIGEN=${eigen_headers} -DCMAKE_CXX_STANDARD=23)

  find_package(Git QUIET)
  if(SPIKETAPE_TEST_EXTENDED AND Git_FOUND AND EXISTS "${PROJECT_SOURCE_DIR}/.git")
    add_consumer_test(git -DUSE_SPIKETAPE_BY=git)  # what has been committed
  endif()

  find_program(meson meson NO_CACHE)
  find_program(ninja ninja NO_CACHE)
  if(SPIKETAPE_TEST_EXTENDED AND meson AND ninja AND UNIX)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/consumer/meson")
    file(COPY consumer/main.cpp consumer/second.cpp consumer/meson.build DESTINATION "${folder}")
    file(REMOVE_RECURSE "${folder}/subprojects")
    file(COPY "${PROJECT_BINARY_DIR}/packaging/meson/" DESTINATION "${folder}/subprojects")
    # The release's archive, in the cache where Meson would download it to.
    set(cache "${folder}/subprojects/packagecache")
    file(COPY "${PROJECT_SOURCE_DIR}/include" DESTINATION "${folder}/archive/spiketape-${PROJECT_VERSION}")
    file(MAKE_DIRECTORY "${cache}")
    execute_process(COMMAND ${CMAKE_COMMAND} -E tar czf "${cache}/spiketape-${PROJECT_VERSION}.tar.gz"
                            spiketape-${PROJECT_VERSION}
                    WORKING_DIRECTORY "${folder}/archive")
    file(SHA256 "${cache}/spiketape-${PROJECT_VERSION}.tar.gz" sum)
    file(READ "${folder}/subprojects/spiketape.wrap" wrap)
    string(REPLACE "source_hash = 0" "source_hash = ${sum}" wrap "${wrap}")
    file(WRITE "${folder}/subprojects/spiketape.wrap" "${wrap}")
    add_test(NAME consumer/meson
             COMMAND sh -c "rm -rf build && ${meson} setup build . && ${meson} compile -C build -j 1 && build/consumer"
             WORKING_DIRECTORY "${folder}")
    set_tests_properties(consumer/meson PROPERTIES LABELS "consumer;slow" ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
  endif()

  # The one header.
  add_test(NAME consumer/write_single_header
           COMMAND ${CMAKE_COMMAND} --build "${PROJECT_BINARY_DIR}" --target single_header)
  set_tests_properties(consumer/write_single_header PROPERTIES LABELS consumer FIXTURES_SETUP single_header)
  set(single_include "${PROJECT_BINARY_DIR}/single_include")
  if(NOT MSVC)
    add_test(NAME consumer/single_header_parsed
             COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Werror "-I${single_include}" -isystem
                     "$<JOIN:$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>,;-isystem;>"
                     "${CMAKE_CURRENT_SOURCE_DIR}/consumer/second.cpp"
             COMMAND_EXPAND_LISTS)
    set_tests_properties(consumer/single_header_parsed PROPERTIES LABELS consumer FIXTURES_REQUIRED single_header)
  endif()
  if(SPIKETAPE_TEST_EXTENDED AND Eigen3_FOUND)
    add_consumer_test(single_header -DUSE_SPIKETAPE_BY=single_header -DSPIKETAPE_SINGLE_INCLUDE=${single_include})
    set_tests_properties(consumer/single_header PROPERTIES FIXTURES_REQUIRED single_header)
  endif()
endif()

if(SPIKETAPE_INSTALL AND Eigen3_FOUND)
  set(prefix "${CMAKE_CURRENT_BINARY_DIR}/consumer/installed")
  add_test(NAME consumer/install
           COMMAND ${CMAKE_COMMAND} --install "${PROJECT_BINARY_DIR}" --prefix "${prefix}")
  set_tests_properties(consumer/install PROPERTIES LABELS consumer FIXTURES_SETUP installed)
  set(with ${openmp})
  if(ZLIB_FOUND)
    list(APPEND with zlib)
  endif()
  if(HDF5_FOUND)
    list(APPEND with hdf5)
  endif()
  list(JOIN with " " with)
  set(installed -DUSE_SPIKETAPE_BY=find_package -DUSE_SPIKETAPE_VERSION=${PROJECT_VERSION} -DCMAKE_PREFIX_PATH=${prefix})
  add_consumer_test(find_package ${installed} "-DUSE_SPIKETAPE_WITH=${with}" -DUSE_SPIKETAPE_IN=SHARED)
  set_tests_properties(consumer/find_package PROPERTIES FIXTURES_REQUIRED installed)
  add_test(NAME consumer/no_such_component
           COMMAND ${CMAKE_COMMAND} -S "${CMAKE_CURRENT_SOURCE_DIR}/consumer"
                   -B "${CMAKE_CURRENT_BINARY_DIR}/consumer/no_such_component" -G ${CMAKE_GENERATOR}
                   ${consumer_options} ${installed} -DUSE_SPIKETAPE_WITH=hdf6)
  set_tests_properties(consumer/no_such_component
                       PROPERTIES LABELS consumer FIXTURES_REQUIRED installed
                                  PASS_REGULAR_EXPRESSION "component hdf6: there are openmp, zlib")

  # With the library of spiketape::io, which is built and installed only if asked for.
  if(SPIKETAPE_TEST_EXTENDED)
    set(with_io "${CMAKE_CURRENT_BINARY_DIR}/consumer/with_io")
    add_test(NAME consumer/install_io
             COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test "${PROJECT_SOURCE_DIR}" "${with_io}"
                     --build-generator ${CMAKE_GENERATOR} --build-target install
                     --build-options ${consumer_options} -DSPIKETAPE_IO=ON -DSPIKETAPE_BUILD_TESTS=OFF
                     -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF
                     "-DCMAKE_INSTALL_PREFIX=${with_io}/installed")
    set_tests_properties(consumer/install_io PROPERTIES LABELS consumer FIXTURES_SETUP installed_io)
    add_consumer_test(find_package_io -DUSE_SPIKETAPE_BY=find_package -DUSE_SPIKETAPE_VERSION=${PROJECT_VERSION}
                      -DCMAKE_PREFIX_PATH=${with_io}/installed -DUSE_SPIKETAPE_WITH=io -DUSE_SPIKETAPE_IN=SHARED)
    set_tests_properties(consumer/find_package_io PROPERTIES FIXTURES_REQUIRED installed_io)
  endif()

  find_program(pkg_config pkg-config NO_CACHE)
  if(pkg_config)
    add_test(NAME consumer/pkg_config COMMAND "${pkg_config}" --cflags spiketape)
    set_tests_properties(consumer/pkg_config
                         PROPERTIES LABELS consumer FIXTURES_REQUIRED installed
                                    ENVIRONMENT "PKG_CONFIG_PATH=${prefix}/share/pkgconfig"
                                    PASS_REGULAR_EXPRESSION "-I[^ ]*include")
    if(SPIKETAPE_TEST_EXTENDED)
      add_consumer_test(pkg_config_program -DUSE_SPIKETAPE_BY=pkg-config)
      set_tests_properties(consumer/pkg_config_program PROPERTIES FIXTURES_REQUIRED installed
                                                                  ENVIRONMENT "PKG_CONFIG_PATH=${prefix}/share/pkgconfig")
    endif()
  endif()

  # The archive, unpacked wherever.
  if(SPIKETAPE_TEST_EXTENDED)
    set(unpacked "${CMAKE_CURRENT_BINARY_DIR}/consumer/unpacked")
    file(MAKE_DIRECTORY "${unpacked}")
    add_test(NAME consumer/pack COMMAND ${CMAKE_CPACK_COMMAND} --config "${PROJECT_BINARY_DIR}/CPackConfig.cmake" -G TGZ
             WORKING_DIRECTORY "${unpacked}")
    add_test(NAME consumer/unpack COMMAND ${CMAKE_COMMAND} -E tar xf spiketape-${PROJECT_VERSION}.tar.gz
             WORKING_DIRECTORY "${unpacked}")
    set_tests_properties(consumer/pack PROPERTIES LABELS consumer FIXTURES_SETUP packed)
    set_tests_properties(consumer/unpack PROPERTIES LABELS consumer FIXTURES_REQUIRED packed FIXTURES_SETUP unpacked)
    add_consumer_test(archive -DUSE_SPIKETAPE_BY=find_package -DUSE_SPIKETAPE_VERSION=${PROJECT_VERSION}
                      -DCMAKE_PREFIX_PATH=${unpacked}/spiketape-${PROJECT_VERSION})
    set_tests_properties(consumer/archive PROPERTIES FIXTURES_REQUIRED unpacked)
  endif()
endif()
