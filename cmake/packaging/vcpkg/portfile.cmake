set(VCPKG_BUILD_TYPE release) # header-only
vcpkg_from_github(OUT_SOURCE_PATH SOURCE_PATH REPO OWNER/spiketape REF "v${VERSION}" SHA512 0 HEAD_REF main)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS -DSPIKETAPE_BUILD_TESTS=OFF -DSPIKETAPE_BUILD_EXAMPLES=OFF -DSPIKETAPE_BUILD_BENCHMARKS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/spiketape)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/licenses")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
