# The libraries that src/ uses. All of them stay private: a consumer's compile sees none, and only libsodium, libcrypto
# and RE2 are linked.

# Each is looked for on the system first. With VEDETTE_FETCH_DEPS=ON a header-only one that is missing is downloaded at
# the tag pinned here; this path needs the network, so the test suite, which works offline, does not cover it.
include(FetchContent)

# vedette_missing(what debian_package): stops with the one line that a newcomer needs.
function(vedette_missing what debian_package)
  message(FATAL_ERROR "Vedette needs ${what}. On Debian or Ubuntu: apt-get install ${debian_package}\n"
    "On other systems `sh cmake/bootstrap.sh test` lists the packages; -DVEDETTE_FETCH_DEPS=ON downloads "
    "the header-only libraries instead.")
endfunction()

# vedette_fetch_headers(name target repository tag include_dir [definitions...]): a header-only library as an imported
# target. Its own CMake files are not run (SOURCE_SUBDIR names a folder that does not exist): no foreign options, tests
# or install rules enter the build.
function(vedette_fetch_headers name target repository tag include_dir)
  message(STATUS "Vedette: downloading ${name} ${tag}")
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON SOURCE_SUBDIR headers-only)
  FetchContent_MakeAvailable(${name})
  string(TOLOWER ${name} lower)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${${lower}_SOURCE_DIR}/${include_dir}"
    INTERFACE_COMPILE_DEFINITIONS "${ARGN}")
endfunction()

find_package(Eigen3 3.4 QUIET NO_MODULE)
if(NOT TARGET Eigen3::Eigen)
  if(VEDETTE_FETCH_DEPS)
    vedette_fetch_headers(vedette_eigen Eigen3::Eigen https://gitlab.com/libeigen/eigen.git 3.4.0 .)
  else()
    vedette_missing("Eigen 3.4" libeigen3-dev)
  endif()
endif()

# No version in the call: xsimd's version file accepts only its own major one, and we span several.
find_package(xsimd QUIET)
if(TARGET xsimd OR TARGET xsimd::xsimd)
  if(xsimd_VERSION AND (xsimd_VERSION VERSION_LESS 8.1 OR xsimd_VERSION VERSION_GREATER_EQUAL 15))
    message(FATAL_ERROR "Vedette needs xsimd 8.1 to 14, found ${xsimd_VERSION} in ${xsimd_DIR}")
  endif()
elseif(VEDETTE_FETCH_DEPS)
  vedette_fetch_headers(vedette_xsimd xsimd https://github.com/xtensor-stack/xsimd.git 13.2.0 include)
else()
  vedette_missing("xsimd 8.1 to 14" libxsimd-dev)
endif()
# xsimd exports its target without a namespace; src/kernels uses the plain name, whichever one exists.
if(NOT TARGET xsimd)
  get_target_property(vedette_xsimd_includes xsimd::xsimd INTERFACE_INCLUDE_DIRECTORIES)
  add_library(xsimd INTERFACE IMPORTED)
  set_target_properties(xsimd PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${vedette_xsimd_includes}")
endif()

find_package(fmt QUIET)
if(fmt_VERSION AND fmt_VERSION VERSION_LESS 9)
  message(FATAL_ERROR "Vedette needs fmt 9 or newer, found ${fmt_VERSION} in ${fmt_DIR}")
endif()
if(NOT TARGET fmt::fmt-header-only)
  if(VEDETTE_FETCH_DEPS)
    vedette_fetch_headers(vedette_fmt fmt::fmt-header-only https://github.com/fmtlib/fmt.git 9.1.0 include
                          FMT_HEADER_ONLY=1)
  else()
    vedette_missing("fmt 9" libfmt-dev)
  endif()
endif()

# Sanitized builds are never installed: they take the compiled fmt where there is one, which saves seconds of each file.
set(VEDETTE_FMT fmt::fmt-header-only)
if(VEDETTE_SANITIZE AND TARGET fmt::fmt)
  set(VEDETTE_FMT fmt::fmt)
endif()

find_package(nlohmann_json 3.11 QUIET)
if(NOT TARGET nlohmann_json::nlohmann_json)
  if(VEDETTE_FETCH_DEPS)
    vedette_fetch_headers(vedette_json nlohmann_json::nlohmann_json https://github.com/nlohmann/json.git v3.11.2
                          single_include)
  else()
    vedette_missing("nlohmann_json 3.11" nlohmann-json3-dev)
  endif()
endif()

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file, not CMake's module for it
endif()
find_package(Boost 1.74 QUIET)
if(NOT TARGET Boost::headers)
  if(VEDETTE_FETCH_DEPS)
    # Boost.Math alone, which needs the rest of Boost no more since 1.76.
    vedette_fetch_headers(vedette_boost_math Boost::headers https://github.com/boostorg/math.git boost-1.84.0 include
                          BOOST_MATH_STANDALONE=1)
  else()
    vedette_missing("the headers of Boost 1.74" libboost-dev)
  endif()
endif()

include(VedetteSodium)
if(NOT TARGET vedette::sodium)
  # Not header-only, and security-relevant: the system's copy, which gets its updates, or none.
  message(FATAL_ERROR "Vedette needs libsodium 1.0.18. On Debian or Ubuntu: apt-get install libsodium-dev")
endif()

# Likewise.
find_package(OpenSSL 3.0 QUIET)
if(NOT TARGET OpenSSL::Crypto)
  message(FATAL_ERROR "Vedette needs OpenSSL 3.0 (libcrypto). On Debian or Ubuntu: apt-get install libssl-dev")
endif()

# Likewise.
include(VedetteRe2)
if(NOT TARGET vedette::re2)
  message(FATAL_ERROR "Vedette needs RE2. On Debian or Ubuntu: apt-get install libre2-dev")
endif()

# Likewise.
include(VedetteUtf8proc)
if(NOT TARGET vedette::utf8proc)
  message(FATAL_ERROR "Vedette needs utf8proc. On Debian or Ubuntu: apt-get install libutf8proc-dev")
endif()

if(VEDETTE_BUILD_TOOL)
  find_package(CLI11 2.1 QUIET)
  if(NOT TARGET CLI11::CLI11)
    if(VEDETTE_FETCH_DEPS)
      vedette_fetch_headers(vedette_cli11 CLI11::CLI11 https://github.com/CLIUtils/CLI11.git v2.3.2 include)
    else()
      vedette_missing("CLI11 2.1 for the command line tool (or -DVEDETTE_BUILD_TOOL=OFF)" libcli11-dev)
    endif()
  endif()
endif()

if(VEDETTE_BUILD_TESTS)
  find_package(doctest QUIET)
  if(NOT TARGET doctest::doctest)
    if(VEDETTE_FETCH_DEPS)
      vedette_fetch_headers(vedette_doctest doctest::doctest https://github.com/doctest/doctest.git v2.4.9 .)
    else()
      vedette_missing("doctest for the tests (or -DVEDETTE_BUILD_TESTS=OFF)" doctest-dev)
    endif()
  endif()
endif()

if(VEDETTE_BUILD_BENCH)
  find_package(benchmark QUIET)
  if(NOT TARGET benchmark::benchmark)
    message(FATAL_ERROR "Vedette's benchmarks need Google Benchmark (or -DVEDETTE_BUILD_BENCH=OFF). "
      "On Debian or Ubuntu: apt-get install libbenchmark-dev")
  endif()
endif()
