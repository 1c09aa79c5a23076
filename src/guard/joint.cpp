// SPDX-License-Identifier: Apache-2.0
// What multivariate tests say of the traffic, and in words.
#include "guard/joint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "guard/render_common.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {
namespace {

// The features that contribute most, up to three.
std::string most_of_all(const Report& report, const JointEvidence& evidence) {
    constexpr std::size_t named = 3;
    constexpr double worth_naming = 0.1;  // of the largest
    std::string names;
    const std::vector<std::size_t> order = evidence.ranking();
    for (std::size_t i = 0; i < std::min(order.size(), named); ++i) {
        const double contribution = evidence.contributions[order[i]];
        if (!(contribution > 0.0 && contribution >= worth_naming * evidence.contributions[order[0]])) break;
        names += (names.empty() ? "" : ", ") + report.baseline.features()[evidence.features[order[i]]].name;
    }
    return names;
}

// The rows that contribute most, with their contributions.
std::string rows_of(const JointEvidence& evidence) {
    std::string rows;
    for (const drift::RowContribution& row : evidence.rows)
        rows += fmt::format("{}{} ({})", rows.empty() ? "" : ", ", rendering::grouped(row.position),
                            rendering::number(row.contribution));
    return rows;
}

}  // namespace

JointEvidence joint_evidence(const Baseline& baseline, const drift::JointComparison& comparison,
                             std::uint64_t minimum_rows) {
    JointEvidence evidence;
    evidence.by = comparison.test;
    for (const std::string& column : comparison.columns) {
        const auto feature = baseline.find(column);
        if (!feature)
            throw Error(ErrorCode::schema_mismatch,
                        "the baseline has no feature \"" + column + "\", which was compared");
        evidence.features.push_back(*feature);
    }
    evidence.test.reference_count = comparison.result.reference_count;
    evidence.test.live_count = comparison.result.live_count;
    if (comparison.result.live_count < static_cast<double>(minimum_rows)) return evidence;
    evidence.test = comparison.result;
    evidence.contributions = comparison.contributions;
    evidence.rows = comparison.rows;
    evidence.is_smallest_p = comparison.is_smallest_p;
    evidence.moved_share = comparison.moved_share;
    evidence.moved_share_interval = comparison.moved_share_interval;
    return evidence;
}

std::vector<std::size_t> JointEvidence::ranking() const {
    std::vector<std::size_t> order(std::min(features.size(), contributions.size()));
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto size = [this](std::size_t i) { return std::isnan(contributions[i]) ? -1.0 : contributions[i]; };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
    return order;
}

std::string Report::joint_reason(std::size_t index) const {
    using namespace rendering;
    const JointEvidence& evidence = joint.at(index);
    const std::string name = multivariate_test_word(evidence.by);
    std::string text = fmt::format("{} of {} features together: ", name, evidence.features.size());
    if (evidence.decision == Decision::not_evaluated)
        return text + fmt::format("not evaluated at {:.0f} complete live rows", evidence.test.live_count);
    if (evidence.decision == Decision::pass)
        return text + fmt::format("no evidence of change (p {})", p_value(evidence.adjusted_p_value));
    text += std::isnan(evidence.moved_share)
                ? fmt::format("another distribution (p {})", p_value(evidence.adjusted_p_value))
                : fmt::format("at least {} of the rows moved (estimate {}, p {})",
                              percent(std::max(0.0, evidence.moved_share_interval.lower)),
                              percent(evidence.moved_share), p_value(evidence.adjusted_p_value));
    text += smallest_p_note(evidence);
    const std::string most = most_of_all(*this, evidence);
    if (!most.empty()) text += ", most of all in " + most;
    const std::string rows = rows_of(evidence);
    if (!rows.empty()) text += "; rows that contribute most: " + rows;
    if (evidence.decision == Decision::warn)
        text += std::isnan(evidence.moved_share) ? "; how much of the traffic moved this test does not tell"
                                                 : "; not surely above the tolerance";
    return text;
}

}  // namespace vedette::inline v0
