# Installs headers, package config, pkg-config file and license.

include(GNUInstallDirs)

set(spiketape_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/spiketape)
target_include_directories(spiketape INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS spiketape spiketape_openmp spiketape_zlib spiketape_hdf5 spiketape_mpi EXPORT spiketapeTargets)
if(SPIKETAPE_IO)
  install(TARGETS spiketape_io EXPORT spiketapeTargets)
endif()

export(EXPORT spiketapeTargets NAMESPACE spiketape:: FILE "${PROJECT_BINARY_DIR}/spiketapeTargets.cmake")

# A project that exports a target of its own that links spiketape needs ours in an export set, too. Its
# package then names spiketape::spiketape, which its users find by themselves unless the project sets
# SPIKETAPE_INSTALL.
if(NOT SPIKETAPE_INSTALL)
  if(NOT SPIKETAPE_IO)
    install(TARGETS spiketape_io EXPORT spiketapeTargets COMPONENT spiketape EXCLUDE_FROM_ALL)
  endif()
  install(EXPORT spiketapeTargets NAMESPACE spiketape:: DESTINATION ${spiketape_config_dir}
          COMPONENT spiketape EXCLUDE_FROM_ALL)
  return()
endif()

install(EXPORT spiketapeTargets NAMESPACE spiketape:: DESTINATION ${spiketape_config_dir})
install(DIRECTORY include/spiketape DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp"
        PATTERN "io.cpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/spiketape)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/spiketapeConfig.cmake.in spiketapeConfig.cmake
                              INSTALL_DESTINATION ${spiketape_config_dir})
# Before 1.0 a new minor version may change names.
set(arch_independent ARCH_INDEPENDENT)
if(SPIKETAPE_IO)
  set(arch_independent "")
endif()
write_basic_package_version_file(spiketapeConfigVersion.cmake COMPATIBILITY SameMinorVersion ${arch_independent})
install(FILES "${PROJECT_BINARY_DIR}/spiketapeConfig.cmake"
              "${PROJECT_BINARY_DIR}/spiketapeConfigVersion.cmake"
              cmake/spiketapeBuildType.cmake
        DESTINATION ${spiketape_config_dir})

# Paths are relative to the file, so that the installation can be moved.
set(pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH to_prefix "/prefix/${pkgconfig_dir}" /prefix)
set(pkgconfig_cflags "")
set(pkgconfig_libs "")
if(SPIKETAPE_BLAS)
  set(pkgconfig_cflags " -DEIGEN_USE_BLAS")
  list(JOIN BLAS_LIBRARIES " " pkgconfig_libs)
endif()
configure_file(cmake/spiketape.pc.in spiketape.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/spiketape.pc" DESTINATION ${pkgconfig_dir})

# The library has a file of its own: pkg-config --cflags --libs spiketape-io.
if(SPIKETAPE_IO)
  set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  file(RELATIVE_PATH to_prefix "/prefix/${pkgconfig_dir}" /prefix)
  configure_file(cmake/spiketape-io.pc.in spiketape-io.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/spiketape-io.pc" DESTINATION ${pkgconfig_dir})
endif()
