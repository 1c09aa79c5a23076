# What `cmake --install` puts where. Nothing installed contains an absolute path, so the prefix may be moved afterwards.
include(CMakePackageConfigHelpers)

set(vedette_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vedette)
# A .pc file finds its prefix from its own place: as many steps up as its folder is deep.
file(RELATIVE_PATH vedette_pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" vedette_pc_to_prefix "${vedette_pc_to_prefix}")

# Two export sets, so that a C program that wants `capi` alone needs neither C++ nor the development files of libsodium, OpenSSL, RE2
# and utf8proc.
install(TARGETS vedette EXPORT vedette-cxx-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/vedette DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT vedette-cxx-targets NAMESPACE vedette:: DESTINATION ${vedette_package_dir} COMPONENT development)
configure_file(${PROJECT_SOURCE_DIR}/cmake/vedette.pc.in ${PROJECT_BINARY_DIR}/vedette.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vedette.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(TARGET vedette_c)
  set_target_properties(vedette_c PROPERTIES EXPORT_NAME capi)
  install(TARGETS vedette_c EXPORT vedette-capi-targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/capi/include/vedette.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          COMPONENT development)
  install(EXPORT vedette-capi-targets NAMESPACE vedette:: DESTINATION ${vedette_package_dir} COMPONENT development)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/vedette-capi.pc.in ${PROJECT_BINARY_DIR}/vedette-capi.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/vedette-capi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT development)
endif()

if(TARGET vedette_tool)
  install(TARGETS vedette_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tool)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/vedette-config.cmake.in
  ${PROJECT_BINARY_DIR}/vedette-config.cmake INSTALL_DESTINATION ${vedette_package_dir})
# While the major version is 0, a minor version may break: only patches are interchangeable.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vedette-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/vedette-config.cmake ${PROJECT_BINARY_DIR}/vedette-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/VedetteSodium.cmake ${PROJECT_SOURCE_DIR}/cmake/VedetteRe2.cmake
  ${PROJECT_SOURCE_DIR}/cmake/VedetteUtf8proc.cmake
  DESTINATION ${vedette_package_dir} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
