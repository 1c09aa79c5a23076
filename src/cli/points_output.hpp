// SPDX-License-Identifier: Apache-2.0
// Things that were or were not judged, each by a rule, for pipelines.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vedette/core/verdict.hpp"

namespace vedette::inline v0::cli {

struct Point {
    std::string rule;  ///< one of those that sarif declares
    std::string name;  ///< from the data: made safe here
    std::string words;
    Decision decision = Decision::not_evaluated;
};

/// Of what the points are: of "compare", rules are called vedette.compare.RULE and vedette/compare/RULE.
struct PointRules {
    const char* kind;
    const char* suite;      ///< a title for people
    const char* complaint;  ///< what a rule says: "Statistics differ"
    std::vector<std::string> rules;
};

/// A test case for each; `skipped` where nothing was judged.
[[nodiscard]] std::string junit_of_points(const PointRules& rules, std::span<const Point> points);
/// A result for each that alarms or warns. `artifact` is the file that stands for the live data.
[[nodiscard]] std::string sarif_of_points(const PointRules& rules, std::span<const Point> points,
                                          const std::string& artifact, const std::string& summary);

}  // namespace vedette::inline v0::cli
