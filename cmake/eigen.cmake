# Provides the target Eigen3::Eigen: an existing one, an installed one, or a fetched one.

if(NOT TARGET Eigen3::Eigen)
  # No version: Eigen's config accepts only its own major number, and both 3.4 and 5 are fine.
  find_package(Eigen3 CONFIG QUIET)
  if(Eigen3_FOUND AND Eigen3_VERSION VERSION_LESS 3.4)
    message(FATAL_ERROR "spiketape: found Eigen ${Eigen3_VERSION} in ${Eigen3_DIR}, needs 3.4 or newer: "
                        "set Eigen3_DIR, or have it fetched: -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON")
  endif()
endif()

if(NOT TARGET Eigen3::Eigen)
  message(STATUS "spiketape: Eigen is not installed, fetching it")
  include(FetchContent)
  # Only the headers are needed: SOURCE_SUBDIR names a folder that does not exist, so Eigen's own build, with
  # its tests and options, is not added.
  FetchContent_Declare(Eigen GIT_REPOSITORY https://gitlab.com/libeigen/eigen.git GIT_TAG 3.4.0 GIT_SHALLOW ON
                       SOURCE_SUBDIR headers_only)
  FetchContent_MakeAvailable(Eigen)
  if(NOT TARGET Eigen3::Eigen)  # exists if an enclosing project declared Eigen itself
    add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
    target_include_directories(Eigen3::Eigen SYSTEM INTERFACE "${eigen_SOURCE_DIR}")
  endif()
endif()
