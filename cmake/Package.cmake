# `make package`: a relocatable tarball and a .deb with the program, its libraries, the bundled model, a settings file and
# a systemd unit. The page is inside the program.
set(program_libraries lib/sd-worker)  # below the prefix; both the program and LibTorch look there
set_target_properties(sd-worker PROPERTIES INSTALL_RPATH "$ORIGIN/../${program_libraries}")

file(GLOB libtorch
  "${torch_root}/lib/libtorch_cpu.so" "${torch_root}/lib/libc10.so" "${torch_root}/lib/libgomp.so.1"
  "${torch_root}/../nvidia/cu*/lib/libcudart.so.*" "${torch_root}/../nvidia/cu*/lib/libcupti.so.*")

install(TARGETS sd-worker RUNTIME DESTINATION bin COMPONENT program)
install(PROGRAMS ${libtorch} DESTINATION ${program_libraries} COMPONENT program)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/models/" DESTINATION share/sd-worker/models COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/README.md" "${CMAKE_SOURCE_DIR}/CHANGELOG.md" "${CMAKE_SOURCE_DIR}/SECURITY.md"
  DESTINATION share/doc/sd-worker COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/docs/configuration.md" "${CMAKE_SOURCE_DIR}/docs/http-api.md"
  DESTINATION share/doc/sd-worker/docs COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/sd-worker.toml" DESTINATION share/sd-worker COMPONENT program)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/sd-worker.service" DESTINATION share/sd-worker COMPONENT program)

# A machine that unpacks the tarball need not have the libraries that a package manager would bring.
install(CODE "set(program \"$<TARGET_FILE:sd-worker>\")\nset(destination \"${program_libraries}\")" COMPONENT bundled)
install(SCRIPT "${CMAKE_SOURCE_DIR}/cmake/BundleLibraries.cmake" COMPONENT bundled)

# Where Debian expects them.
install(FILES "${CMAKE_SOURCE_DIR}/packaging/sd-worker.service" DESTINATION /lib/systemd/system COMPONENT debian)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/sd-worker.toml" DESTINATION /etc/sd-worker COMPONENT debian)

set(CPACK_PACKAGE_NAME sd-worker)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "sd-worker")
set(CPACK_PACKAGE_CONTACT "sd-worker maintainers <maintainers@sd-worker.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Stable Diffusion worker: images over HTTP from one process on one device")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_PACKAGE_FILE_NAME "sd-worker-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_SOURCE_DIR}/cmake/PackageOptions.cmake")
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${torch_root}/lib")
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/packaging/postinst;${CMAKE_SOURCE_DIR}/packaging/conffiles")
include(CPack)
