// SPDX-License-Identifier: Apache-2.0
// The caller's wish for a report's text.
#pragma once

#include "vedette.h"
#include "vedette/guard/render.hpp"

namespace vedette::inline v0::capi {

struct Rendering {
    ReportFormat format = ReportFormat::table;
    RenderOptions options;
};

/// Throws Error(invalid_argument) for a null or unknown format.
Rendering read_rendering(const char* format, const vdt_render_options* given);

}  // namespace vedette::inline v0::capi
