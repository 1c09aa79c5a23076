# How every target of this project is compiled: one function, so that no target forgets a warning.
set(VEDETTE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow)

function(vedette_configure_target target)
  target_compile_features(${target} PRIVATE cxx_std_20)  # private: the C library must not ask C++ of its users
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF C_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE ${VEDETTE_WARNINGS} -ffp-contract=off
    $<$<BOOL:${VEDETTE_WERROR}>:-Werror>)
  if(VEDETTE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${VEDETTE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${VEDETTE_SANITIZE})
  endif()
  if(VEDETTE_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PRIVATE --coverage)
  endif()
endfunction()

# Code that is not what a run spends its time in: built for a quick build, which under sanitizers means no optimiser at all
# (instrumented code takes it more than twice the time). For add_compile_options: what a source asks for comes later.
if(VEDETTE_SANITIZE)
  set(VEDETTE_QUICK_BUILD $<$<CONFIG:Release>:-O0>)
else()
  set(VEDETTE_QUICK_BUILD $<$<CONFIG:Release>:-O1>)
endif()

# vedette_run_optimised(target): for tests that draw so much that a longer build is earned back, under sanitizers too.
function(vedette_run_optimised target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# vedette_use_headers(target libraries...): compiles with header-only libraries without linking to their targets. A link,
# even a private one, of a static library would reach its users, who would then have to find these packages themselves.
function(vedette_use_headers target)
  foreach(library IN LISTS ARGN)
    get_target_property(includes ${library} INTERFACE_INCLUDE_DIRECTORIES)
    if(includes)
      target_include_directories(${target} SYSTEM PRIVATE ${includes})
    endif()
    get_target_property(definitions ${library} INTERFACE_COMPILE_DEFINITIONS)
    if(definitions)
      target_compile_definitions(${target} PRIVATE ${definitions})
    endif()
  endforeach()
endfunction()
