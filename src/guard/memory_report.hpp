// SPDX-License-Identifier: Apache-2.0
// What the memory across requests found in a window.
#pragma once

#include <optional>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// None where no request of the window was shown to a memory.
std::optional<MemoryReport> assess_memory(const Window& window, const Policy& policy);

}  // namespace vedette::inline v0
