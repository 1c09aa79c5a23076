// SPDX-License-Identifier: Apache-2.0
// The one exception fence: no exception leaves the library, each becomes a status and a message in the caller's struct.
#pragma once

#include <utility>

#include "vedette.h"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

/// Writes a failure into the caller's struct, as far as its size allows; returns `status`. Null is fine.
vdt_status fail(vdt_error* error, vdt_status status, const char* message) noexcept;

/// Turns the exception being handled into a status and a message.
vdt_status fail_with_current_exception(vdt_error* error) noexcept;

/// Runs `body`; VDT_OK, or what its exception means.
template <class Body>
vdt_status fence(vdt_error* error, Body&& body) noexcept {
    try {
        std::forward<Body>(body)();
        return VDT_OK;
    } catch (...) {
        return fail_with_current_exception(error);
    }
}

[[noreturn]] void refuse_null(const char* argument);

/// Throws Error(invalid_argument) when an argument that must not be null is. Inline, so that an analyzer sees it.
inline void require(const void* pointer, const char* argument) {
    if (pointer == nullptr) refuse_null(argument);
}

}  // namespace vedette::inline v0::capi
