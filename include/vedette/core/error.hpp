// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library, and the codes that it shares with the C interface.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace vedette::inline v0 {

/// Why a call failed. The values equal those of `vdt_status` and are never reused.
enum class ErrorCode : std::int32_t {
    invalid_argument = 100,     ///< a value outside its range, or a null where data is needed
    dimension_mismatch = 101,   ///< widths, lengths or shapes that do not fit together
    type_mismatch = 102,        ///< numeric where categorical was expected, an unsupported dtype
    overflow = 103,             ///< a size or a counter that does not fit
    io_error = 200,             ///< a file that cannot be opened, read or written
    corrupt_data = 201,         ///< a truncated, altered or malformed file
    unsupported_version = 202,  ///< a file or struct of a newer format
    schema_mismatch = 300,      ///< data whose features are not those of the baseline
    baseline_mismatch = 301,    ///< a window that belongs to another baseline
    not_enough_data = 302,      ///< too few rows to learn anything from
    invalid_policy = 303,       ///< a policy with an unknown key or a value out of range
    unsupported = 400,          ///< a request that this build cannot honour
    out_of_memory = 500,        ///< an allocation failed
    callback_aborted = 600,     ///< a caller's callback asked to stop
    budget_exhausted = 700,     ///< a privacy budget does not allow what was asked for
    internal = 900,             ///< a defect of the library
};

/// The name of a code, e.g. "invalid_argument"; "unknown" for any other value.
const char* error_code_name(ErrorCode code) noexcept;

/// Thrown at set-up for misuse, bad files and impossible parameters. The message names the argument,
/// the value and the limit. Never thrown by `score`, `observe` or `check`.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }

  private:
    ErrorCode code_;
};

}  // namespace vedette::inline v0
