// SPDX-License-Identifier: Apache-2.0
// Evidence over several features at once.
#pragma once

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// A multivariate test's answer in the terms of a report. Throws Error(schema_mismatch) for a column that the baseline
/// does not have.
JointEvidence joint_evidence(const Baseline& baseline, const drift::JointComparison& comparison,
                             std::uint64_t minimum_rows);

}  // namespace vedette::inline v0
