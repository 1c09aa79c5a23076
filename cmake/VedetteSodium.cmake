# Finds libsodium as the target vedette::sodium. Used by our own build and, installed, by the package configuration,
# because libsodium is, beside libcrypto, what a program with our static C++ library has to link.
if(NOT TARGET vedette::sodium)
  find_package(PkgConfig QUIET)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(vedette_sodium QUIET libsodium>=1.0.18)
  endif()
  find_path(VEDETTE_SODIUM_INCLUDE_DIR sodium.h HINTS ${vedette_sodium_INCLUDE_DIRS})
  find_library(VEDETTE_SODIUM_LIBRARY NAMES sodium libsodium HINTS ${vedette_sodium_LIBRARY_DIRS})
  mark_as_advanced(VEDETTE_SODIUM_INCLUDE_DIR VEDETTE_SODIUM_LIBRARY)
  if(VEDETTE_SODIUM_INCLUDE_DIR AND VEDETTE_SODIUM_LIBRARY)
    add_library(vedette::sodium UNKNOWN IMPORTED GLOBAL)
    set_target_properties(vedette::sodium PROPERTIES
      IMPORTED_LOCATION "${VEDETTE_SODIUM_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${VEDETTE_SODIUM_INCLUDE_DIR}")
  endif()
endif()
