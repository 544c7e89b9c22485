# Read by CPack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL program debian)
  set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
else()
  set(CPACK_COMPONENTS_ALL program bundled)
  set(CPACK_PACKAGING_INSTALL_PREFIX /)
endif()
