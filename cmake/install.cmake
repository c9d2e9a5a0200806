# Installs headers, package config and license.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(spiketape_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/spiketape)

target_include_directories(spiketape INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(DIRECTORY include/spiketape DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/spiketape)

install(TARGETS spiketape EXPORT spiketapeTargets)
install(EXPORT spiketapeTargets NAMESPACE spiketape:: DESTINATION ${spiketape_config_dir})
configure_package_config_file(cmake/spiketapeConfig.cmake.in spiketapeConfig.cmake
                              INSTALL_DESTINATION ${spiketape_config_dir})
# Before 1.0 a new minor version may change names.
write_basic_package_version_file(spiketapeConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/spiketapeConfig.cmake"
              "${PROJECT_BINARY_DIR}/spiketapeConfigVersion.cmake"
        DESTINATION ${spiketape_config_dir})
