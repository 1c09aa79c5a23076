// SPDX-License-Identifier: Apache-2.0
// The version of the library, in one place: CMake reads it from here.
#pragma once

#define VEDETTE_VERSION_MAJOR 0
#define VEDETTE_VERSION_MINOR 1
#define VEDETTE_VERSION_PATCH 0

namespace vedette::inline v0 {

/// "major.minor.patch" of the headers a program was compiled with.
inline constexpr const char version_string[] = "0.1.0";

/// The instruction set whose kernels this process uses ("baseline", "avx2", "avx512", "neon"). Thread-safe.
const char* active_instruction_set() noexcept;

}  // namespace vedette::inline v0
