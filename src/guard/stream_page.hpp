// SPDX-License-Identifier: Apache-2.0
// A page of monitors and their time lines, without a window beside them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::rendering {

/// One self-contained file, as of a report.
std::string stream_page(std::string_view name, std::string_view summary, Decision decision,
                        std::span<const StreamReport> list, const std::optional<EvidenceReport>& joined);

}  // namespace vedette::inline v0::rendering
