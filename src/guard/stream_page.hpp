// SPDX-License-Identifier: Apache-2.0
// A page of monitors and their time lines, and of a model's performance, without a window beside them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vedette/guard/performance_report.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::rendering {

/// What a page shows beside its streams.
struct StreamPageParts {
    std::optional<EvidenceReport> joined{};
    std::optional<PerformanceReport> performance{};  ///< with no ranking
    std::string performance_reason{};                ///< one sentence; of what decided
};

/// One self-contained file, as of a report.
std::string stream_page(std::string_view name, std::string_view summary, Decision decision,
                        std::span<const StreamReport> list, const StreamPageParts& parts);

}  // namespace vedette::inline v0::rendering
