# Finds utf8proc as the target vedette::utf8proc. Used by our own build and, installed, by the package configuration, because
# a program with our static C++ library has to link it.
if(NOT TARGET vedette::utf8proc)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(vedette_utf8proc QUIET libutf8proc)
  endif()
  find_path(VEDETTE_UTF8PROC_INCLUDE_DIR utf8proc.h HINTS ${vedette_utf8proc_INCLUDE_DIRS})
  find_library(VEDETTE_UTF8PROC_LIBRARY NAMES utf8proc HINTS ${vedette_utf8proc_LIBRARY_DIRS})
  mark_as_advanced(VEDETTE_UTF8PROC_INCLUDE_DIR VEDETTE_UTF8PROC_LIBRARY)
  if(VEDETTE_UTF8PROC_INCLUDE_DIR AND VEDETTE_UTF8PROC_LIBRARY)
    add_library(vedette::utf8proc UNKNOWN IMPORTED GLOBAL)
    set_target_properties(vedette::utf8proc PROPERTIES
      IMPORTED_LOCATION "${VEDETTE_UTF8PROC_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${VEDETTE_UTF8PROC_INCLUDE_DIR}")
  endif()
endif()
