# Every switch of the build, and the defaults that depend on whether we are the top project.
include(GNUInstallDirs)

option(VEDETTE_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(VEDETTE_BUILD_BENCH "Build the benchmarks" OFF)
option(VEDETTE_BUILD_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(VEDETTE_BUILD_CAPI "Build the C library" ON)
option(VEDETTE_BUILD_TOOL "Build the vedette command line tool" ${PROJECT_IS_TOP_LEVEL})
option(VEDETTE_INSTALL "Generate install rules" ${PROJECT_IS_TOP_LEVEL})
option(VEDETTE_ENABLE_AVX2 "Compile the AVX2 kernels (x86-64)" ON)
option(VEDETTE_ENABLE_AVX512 "Compile the AVX-512 kernels (x86-64)" ON)
option(VEDETTE_WERROR "Treat warnings as errors" OFF)
option(VEDETTE_FETCH_DEPS "Download missing dependencies" OFF)
set(VEDETTE_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined")
option(VEDETTE_COVERAGE "Instrument for coverage" OFF)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
