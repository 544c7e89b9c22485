# Run at install time: copies the libraries that the installed `program` needs, beyond those of the C library, beside
# LibTorch.
file(GET_RUNTIME_DEPENDENCIES
  EXECUTABLES "${program}"
  RESOLVED_DEPENDENCIES_VAR libraries
  PRE_EXCLUDE_REGEXES "^ld-linux" "^libc\\.so" "^libm\\.so" "^libdl\\.so" "^libpthread\\.so" "^librt\\.so" "^libresolv\\.so"
    "^libtorch" "^libc10" "^libgomp" "^libcud" "^libcupti")
foreach(library IN LISTS libraries)
  file(INSTALL "${library}" DESTINATION "${CMAKE_INSTALL_PREFIX}/${destination}" FOLLOW_SYMLINK_CHAIN)
endforeach()
