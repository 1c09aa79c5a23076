// SPDX-License-Identifier: Apache-2.0
// Joined evidence as JSON, for reports and for the tool.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::rendering {

nlohmann::ordered_json joined_evidence_json(const EvidenceReport& evidence);

}  // namespace vedette::inline v0::rendering
