# Gates of src/kernels. Instrumented or unoptimised objects carry symbols of their own, so nm looks at clean ones only.
get_property(kernel_targets GLOBAL PROPERTY VEDETTE_KERNEL_TARGETS)
if(NOT VEDETTE_SANITIZE AND NOT VEDETTE_COVERAGE)
  set(kernel_objects)
  foreach(target IN LISTS kernel_targets)
    list(APPEND kernel_objects $<TARGET_OBJECTS:${target}>)
  endforeach()
  add_test(NAME gate_wide_objects COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/wide_objects.sh ${CMAKE_NM} ${kernel_objects}
           COMMAND_EXPAND_LISTS)
endif()

find_path(VEDETTE_XSIMD_HEADERS xsimd/xsimd.hpp REQUIRED)
mark_as_advanced(VEDETTE_XSIMD_HEADERS)
add_test(NAME gate_neon COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/neon.sh ${PROJECT_SOURCE_DIR}
         ${CMAKE_CURRENT_BINARY_DIR}/neon ${VEDETTE_XSIMD_HEADERS})
set_tests_properties(gate_neon PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 LABELS gate)
