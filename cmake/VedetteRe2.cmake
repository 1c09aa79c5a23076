# Finds RE2 as the target vedette::re2. Used by our own build and, installed, by the package configuration, because a program
# with our static C++ library has to link it. RE2's own package file goes first where there is one: newer versions stand on
# Abseil, and it knows on which parts.
if(NOT TARGET vedette::re2)
  find_package(re2 QUIET CONFIG)
  if(TARGET re2::re2)
    add_library(vedette::re2 INTERFACE IMPORTED GLOBAL)
    set_target_properties(vedette::re2 PROPERTIES INTERFACE_LINK_LIBRARIES re2::re2)
  else()
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
      pkg_check_modules(vedette_re2 QUIET re2)
    endif()
    find_path(VEDETTE_RE2_INCLUDE_DIR re2/re2.h HINTS ${vedette_re2_INCLUDE_DIRS})
    find_library(VEDETTE_RE2_LIBRARY NAMES re2 HINTS ${vedette_re2_LIBRARY_DIRS})
    mark_as_advanced(VEDETTE_RE2_INCLUDE_DIR VEDETTE_RE2_LIBRARY)
    if(VEDETTE_RE2_INCLUDE_DIR AND VEDETTE_RE2_LIBRARY)
      add_library(vedette::re2 UNKNOWN IMPORTED GLOBAL)
      set_target_properties(vedette::re2 PROPERTIES
        IMPORTED_LOCATION "${VEDETTE_RE2_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${VEDETTE_RE2_INCLUDE_DIR}")
    endif()
  endif()
endif()
