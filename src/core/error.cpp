// SPDX-License-Identifier: Apache-2.0
// The names of the error codes.
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

const char* error_code_name(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::dimension_mismatch: return "dimension_mismatch";
        case ErrorCode::type_mismatch: return "type_mismatch";
        case ErrorCode::overflow: return "overflow";
        case ErrorCode::io_error: return "io_error";
        case ErrorCode::corrupt_data: return "corrupt_data";
        case ErrorCode::unsupported_version: return "unsupported_version";
        case ErrorCode::schema_mismatch: return "schema_mismatch";
        case ErrorCode::baseline_mismatch: return "baseline_mismatch";
        case ErrorCode::not_enough_data: return "not_enough_data";
        case ErrorCode::invalid_policy: return "invalid_policy";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::out_of_memory: return "out_of_memory";
        case ErrorCode::callback_aborted: return "callback_aborted";
        case ErrorCode::budget_exhausted: return "budget_exhausted";
        case ErrorCode::internal: return "internal";
    }
    return "unknown";
}

}  // namespace vedette::inline v0
