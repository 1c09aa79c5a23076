// SPDX-License-Identifier: Apache-2.0
// What scores and the memory across requests found, over the C boundary: report sections, tags of threats, answers.
#include <algorithm>
#include <limits>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

vdt_score_report blank_score_report() noexcept {
    vdt_score_report report{};
    report.struct_size = sizeof report;
    report.decision = VDT_NOT_EVALUATED;
    report.rate = report.rate_lower = report.rate_upper = report.allowed_rate =
        std::numeric_limits<double>::quiet_NaN();
    return report;
}

vdt_memory_report blank_memory_report() noexcept {
    vdt_memory_report report{};
    report.struct_size = sizeof report;
    report.decision = VDT_NOT_EVALUATED;
    return report;
}

const ScoreReport& score_of(const vdt_report* report, std::size_t index) {
    require(report, "report");
    const std::size_t count = report->object.scores.size();
    if (index >= count)
        throw Error(ErrorCode::invalid_argument,
                    "index " + std::to_string(index) + " is not below the " + std::to_string(count) + " scores");
    return report->object.scores[index];
}

vdt_score_report to_c(const ScoreReport& score) noexcept {
    vdt_score_report report = blank_score_report();
    report.decision = static_cast<vdt_decision>(score.decision);
    report.name = borrow(score.name);
    report.kind = borrow(score.kind);
    report.input = static_cast<std::int32_t>(score.input);
    report.is_stale = score.is_stale ? 1 : 0;
    report.level = score.level;
    report.calibration_count = score.calibration_count;
    report.evaluated = score.evaluated;
    report.exceeded = score.exceeded;
    report.unevaluated = score.unevaluated;
    report.rate = score.rate;
    report.rate_lower = score.rate_interval.lower;
    report.rate_upper = score.rate_interval.upper;
    report.allowed_rate = score.allowed_rate;
    static_assert(sizeof report.p_values == sizeof score.p_values);
    std::copy(score.p_values.begin(), score.p_values.end(), report.p_values);
    report.model_calls = score.queries.calls;
    report.model_rows = score.queries.rows;
    report.model_aborts = score.aborted;
    return report;
}

std::span<const ThreatTag> tags_of(vdt_reason reason) noexcept {
    if (reason < 0 || reason > VDT_REASON_UNLIKE_BENIGN) return {};
    return threat_tags(static_cast<Reason>(reason));
}

}  // namespace

extern "C" {

int32_t vdt_finding_check(const vdt_finding* finding) noexcept {
    return finding != nullptr && finding->reason == VDT_REASON_SCHEMA ? static_cast<std::int32_t>(finding->reserved)
                                                                      : -1;
}

int32_t vdt_score_answer_status(const vdt_score_answer* answer) noexcept {
    return answer == nullptr ? -1 : static_cast<std::int32_t>(answer->reserved);
}

size_t vdt_reason_threat_count(vdt_reason reason) noexcept {
    return tags_of(reason).size();
}

vdt_status vdt_reason_threat(vdt_reason reason, size_t index, vdt_threat_tag* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const std::span<const ThreatTag> tags = tags_of(reason);
        if (index >= tags.size())
            throw Error(ErrorCode::invalid_argument, "index " + std::to_string(index) + " is not below the " +
                                                         std::to_string(tags.size()) + " tags of this reason");
        *out = {tags[index].catalogue, tags[index].id, tags[index].name};
    });
}

void vdt_score_report_init(vdt_score_report* report, size_t size) noexcept {
    init_struct(report, size, blank_score_report());
}

void vdt_memory_report_init(vdt_memory_report* report, size_t size) noexcept {
    init_struct(report, size, blank_memory_report());
}

size_t vdt_report_score_count(const vdt_report* report) noexcept {
    return report == nullptr ? 0 : report->object.scores.size();
}

vdt_status vdt_report_score(const vdt_report* report, size_t index, vdt_score_report* out, vdt_error* error) noexcept {
    return fence(error, [&] { write_struct(out, to_c(score_of(report, index)), "out"); });
}

vdt_status vdt_report_score_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                   size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] { copy_text(score_of(report, index).reason(), buffer, capacity, length); });
}

vdt_status vdt_report_memory(const vdt_report* report, vdt_memory_report* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        vdt_memory_report result = blank_memory_report();
        if (const auto& memory = report->object.memory) {
            result.decision = static_cast<vdt_decision>(memory->decision);
            result.is_watched = 1;
            result.is_silent = memory->is_silent ? 1 : 0;
            result.watched = memory->watched;
            result.query_attacks = memory->query_attacks;
            result.extractions = memory->extractions;
            result.untold = memory->untold;
        }
        write_struct(out, result, "out");
    });
}

vdt_status vdt_report_memory_reason(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const auto& memory = report->object.memory;
        copy_text(memory ? memory->reason() : std::string(), buffer, capacity, length);
    });
}

}  // extern "C"
