// SPDX-License-Identifier: Apache-2.0
// Tests of weighted rows, or of more than two files, for people and pipelines.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0::cli {

/// One test of one feature, and what was made of it.
struct SampleAnswer {
    std::string feature;
    bool numeric = false;
    double tolerance = 0.0;
    std::vector<std::uint64_t> observations{};  ///< of each file
    drift::NamedResult named{};
    double adjusted_p_value = std::nan("");
    Decision decision = Decision::not_evaluated;
};

struct SampleComparison {
    std::vector<std::string> files;  ///< the reference first
    std::string weights;             ///< column; empty: files are compared together
    double level = 0.0;
    stats::Correction correction{};
    Decision decision = Decision::not_evaluated;
    std::vector<SampleAnswer> answers;
    std::vector<std::string> left_out;  ///< features that no test named is for
};

/// In any format. Of junit a test case for each answer, of sarif a result for each that warns or alarms.
[[nodiscard]] std::string sample_text(ReportFormat format, const SampleComparison& comparison);

}  // namespace vedette::inline v0::cli
