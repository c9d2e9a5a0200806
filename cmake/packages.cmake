# What is made for others: one header, archives, and recipes of package managers.

# cmake --build build --target single_header
set(single_header "${PROJECT_BINARY_DIR}/single_include/spiketape/spiketape.hpp")
add_custom_target(single_header
                  COMMAND ${CMAKE_COMMAND} "-DINCLUDE=${PROJECT_SOURCE_DIR}/include" "-DOUTPUT=${single_header}"
                          -P "${PROJECT_SOURCE_DIR}/cmake/single_header.cmake"
                  COMMENT "Writing ${single_header}" VERBATIM)

# cpack --config build/CPackConfig.cmake
if(NOT SPIKETAPE_IO)
  set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # headers: nothing needs to be built
endif()
set(CPACK_GENERATOR TGZ ZIP)
set(CPACK_PACKAGE_VENDOR "the spiketape authors")
set(CPACK_PACKAGE_FILE_NAME spiketape-${PROJECT_VERSION})
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME spiketape-${PROJECT_VERSION}-source)
set(CPACK_SOURCE_IGNORE_FILES "/[.]git/;/[.]git$;/build")
# -G DEB. Debian names the maintainer with an address.
set(CPACK_DEBIAN_PACKAGE_NAME libspiketape-dev)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "the spiketape authors <nobody@localhost>")
if(NOT SPIKETAPE_IO)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4)")
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
include(CPack)

# The recipes with the version, in build/packaging. OWNER, HOME and the sums are those of the release's archive.
file(GLOB_RECURSE recipes RELATIVE "${PROJECT_SOURCE_DIR}/cmake/packaging" CONFIGURE_DEPENDS cmake/packaging/*)
foreach(recipe IN LISTS recipes)
  configure_file("cmake/packaging/${recipe}" "packaging/${recipe}" @ONLY)
endforeach()
