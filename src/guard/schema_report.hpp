// SPDX-License-Identifier: Apache-2.0
// What the schema of a baseline found in a window.
#pragma once

#include <optional>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// Nothing where the baseline has no schema, or the window no request that was judged by it.
/// `noise`: of a noised window's counters; null for exact ones.
std::optional<SchemaReport> assess_schema(const Baseline& baseline, const Window& window, const Policy& policy,
                                          const ReleaseNoise* noise = nullptr);

}  // namespace vedette::inline v0
