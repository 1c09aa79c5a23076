// SPDX-License-Identifier: Apache-2.0
// Guards over the C boundary: the request path is free of exceptions, allocations and indirections of its own.
#include "vedette/guard/guard.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "values.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

vdt_guard_options default_guard_options() noexcept {
    vdt_guard_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_score_options default_score_options() noexcept {
    vdt_score_options options{};
    options.struct_size = sizeof options;
    options.warn_threshold = std::numeric_limits<double>::infinity();
    options.alarm_threshold = std::numeric_limits<double>::infinity();
    return options;
}

// A caller's score, as the concept of the core asks for it. A callback that fails gave no answer: NaN.
template <class T>
struct CallbackScore {
    int32_t (*function)(void* user_data, const T* row, size_t width, double* score);
    void* user_data;

    double score(std::span<const T> row) const noexcept {
        double result = std::numeric_limits<double>::quiet_NaN();
        const int32_t status = function(user_data, row.data(), row.size(), &result);
        return status == 0 ? result : std::numeric_limits<double>::quiet_NaN();
    }
};

struct CallbackScores {
    CallbackScore<float> f32;
    CallbackScore<double> f64;

    double score(std::span<const float> row) const noexcept { return f32.score(row); }
    double score(std::span<const double> row) const noexcept { return f64.score(row); }
};

void copy_findings(const Verdict& verdict, vdt_verdict& out) noexcept {
    for (std::size_t i = 0; i < verdict.stored_findings(); ++i) {
        const Finding& finding = verdict.findings[i];
        const bool is_check = finding.reason == Reason::schema;
        out.findings[i] = {static_cast<vdt_reason>(finding.reason), static_cast<vdt_decision>(finding.decision),
                           finding.subject, is_check ? static_cast<std::uint32_t>(finding.check) : 0, finding.value};
    }
}

void fill_verdict(const Verdict& verdict, vdt_verdict& out) noexcept {
    out.decision = static_cast<vdt_decision>(verdict.decision);
    out.reasons = verdict.reasons;
    out.finding_count = verdict.finding_count;
    copy_findings(verdict, out);
    out.score_count = verdict.score_count;
    out.fused_e_value = verdict.fused_e_value;
    for (std::size_t i = 0; i < verdict.score_count; ++i) {
        const ScoreAnswer& answer = verdict.scores[i];
        out.scores[i] = {answer.score, answer.p_value, static_cast<vdt_decision>(answer.decision),
                         static_cast<std::uint32_t>(answer.status)};
    }
    out.model_calls = verdict.queries.calls;
    out.model_rows = verdict.queries.rows;
    const MemoryEvidence& memory = verdict.memory;
    out.memory = {static_cast<vdt_decision>(memory.query_attack),
                  static_cast<vdt_decision>(memory.extraction),
                  memory.is_silent ? 1 : 0,
                  0,
                  memory.query.match.score,
                  memory.query.update.score,
                  memory.query.p_value,
                  memory.query.account.e_value,
                  memory.query.account.requests,
                  memory.prada.statistic};
    out.mmd = {static_cast<vdt_decision>(memory.unlike_benign), memory.mmd.rows, memory.mmd.statistic,
               memory.mmd.threshold, memory.mmd.distance};
    const MmdEvidence& group = memory.group.window;
    out.mmd_group = {static_cast<vdt_decision>(memory.group_unlike_benign), group.rows, group.statistic,
                     group.threshold, group.distance};
    out.mmd_group_accounts = memory.group.accounts;
}

vdt_status write_verdict(const Verdict& verdict, vdt_verdict* out, vdt_error* error) noexcept {
    if (out->struct_size == sizeof(vdt_verdict)) {
        fill_verdict(verdict, *out);
        return VDT_OK;
    }
    return fence(error, [&] {
        vdt_verdict whole{};
        std::memcpy(&whole, out, std::min<std::size_t>(out->struct_size, sizeof whole));
        fill_verdict(verdict, whole);
        write_struct(out, whole, "verdict");
    });
}

// Null when a check may go ahead, else what is wrong with the arguments. Judging counts, so all is checked before.
const char* complaint(const vdt_guard* guard, const void* row, std::size_t width, const vdt_window* window,
                      const vdt_verdict* verdict) noexcept {
    if (guard == nullptr) return "guard is NULL";
    if (window == nullptr) return "window is NULL";
    if (verdict == nullptr) return "verdict is NULL";
    if (row == nullptr && width != 0) return "row is NULL";
    const std::uint32_t size = verdict->struct_size;
    if (size != sizeof(vdt_verdict) && (size < 8 || size % 8 != 0 || size > 4096)) {
        return "verdict: struct_size is no multiple of 8 from 8 to 4096; was the struct initialised?";
    }
    return nullptr;
}

template <class T>
vdt_status check_numbers(const vdt_guard* guard, const T* row, std::size_t width, const vdt_request_vectors* given,
                         vdt_window* window, vdt_verdict* verdict, vdt_error* error) noexcept {
    if (const char* const message = complaint(guard, row, width, window, verdict)) {
        return fail(error, VDT_INVALID_ARGUMENT, message);
    }
    RequestVectors vectors;
    perturbation::PredictModel model;
    if (const char* const message = read_vectors(given, vectors, model))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    return write_verdict(guard->object.check(std::span<const T>(row, width), window->object, vectors), verdict, error);
}

vdt_status check_values(const vdt_guard* guard, const vdt_value* row, std::size_t width,
                        const vdt_request_vectors* given, vdt_window* window, vdt_verdict* verdict,
                        vdt_error* error) noexcept {
    if (const char* const message = complaint(guard, row, width, window, verdict)) {
        return fail(error, VDT_INVALID_ARGUMENT, message);
    }
    RequestVectors vectors;
    perturbation::PredictModel model;
    if (const char* const message = read_vectors(given, vectors, model))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    if (width != window->row.size()) {
        // The guard refuses such a row by its width alone, or for the window: no value is read.
        const std::span<const double> unread(reinterpret_cast<const double*>(row), width);
        return write_verdict(guard->object.check(unread, window->object), verdict, error);
    }
    if (!read_values(row, window->row)) return fail_values(error);
    return write_verdict(guard->object.check(std::span<const Value>(window->row), window->object, vectors), verdict,
                         error);
}

// What is told of repairs, in the caller's own layout.
struct ToldRepairs {
    vdt_repaired* room;
    std::size_t capacity;
    vdt_value* values = nullptr;  // of a mixed row, which is changed along
    std::size_t count = 0;

    static void add(void* self, const validation::Repaired& done) noexcept {
        auto& told = *static_cast<ToldRepairs*>(self);
        if (told.values != nullptr) told.values[done.feature] = write_value(done.after);
        if (told.count < told.capacity) told.room[told.count] = write_repaired(done);
        ++told.count;
    }
};

vdt_row_verdict write_row_verdict(const validation::RowVerdict& verdict) noexcept {
    return {static_cast<vdt_severity>(verdict.severity), verdict.failed};
}

vdt_status write_repaired_verdict(const RepairedVerdict& found, vdt_repair_verdict* repair, vdt_verdict* verdict,
                                  vdt_error* error) noexcept {
    *repair = {write_row_verdict(found.repair.before), write_row_verdict(found.repair.after), found.repair.repaired};
    return write_verdict(found.verdict, verdict, error);
}

const char* repair_complaint(const vdt_repaired* told, std::size_t capacity,
                             const vdt_repair_verdict* repair) noexcept {
    if (repair == nullptr) return "repair is NULL";
    return told == nullptr && capacity != 0 ? "told is NULL, and capacity is not 0" : nullptr;
}

template <class T>
vdt_status repair_numbers(const vdt_guard* guard, T* row, std::size_t width, const vdt_request_vectors* given,
                          vdt_window* window, vdt_repaired* told, std::size_t capacity, vdt_repair_verdict* repair,
                          vdt_verdict* verdict, vdt_error* error) noexcept {
    const char* message = complaint(guard, row, width, window, verdict);
    if (message == nullptr) message = repair_complaint(told, capacity, repair);
    RequestVectors vectors;
    perturbation::PredictModel model;
    if (message == nullptr) message = read_vectors(given, vectors, model);
    if (message != nullptr) return fail(error, VDT_INVALID_ARGUMENT, message);
    ToldRepairs repairs{told, capacity};
    return write_repaired_verdict(
        guard->object.repair(std::span<T>(row, width), window->object, &ToldRepairs::add, &repairs, vectors), repair,
        verdict, error);
}

vdt_status repair_values(const vdt_guard* guard, vdt_value* row, std::size_t width, const vdt_request_vectors* given,
                         vdt_window* window, vdt_repaired* told, std::size_t capacity, vdt_repair_verdict* repair,
                         vdt_verdict* verdict, vdt_error* error) noexcept {
    const char* message = complaint(guard, row, width, window, verdict);
    if (message == nullptr) message = repair_complaint(told, capacity, repair);
    RequestVectors vectors;
    perturbation::PredictModel model;
    if (message == nullptr) message = read_vectors(given, vectors, model);
    if (message != nullptr) return fail(error, VDT_INVALID_ARGUMENT, message);
    if (width != window->row.size()) {
        // Refused by its width alone, or for the window: no value is read or changed.
        *repair = {};
        return check_values(guard, row, width, given, window, verdict, error);
    }
    if (!read_values(row, window->row)) return fail_values(error);
    ToldRepairs repairs{told, capacity, row};
    return write_repaired_verdict(
        guard->object.repair(std::span<Value>(window->row), window->object, &ToldRepairs::add, &repairs, vectors),
        repair, verdict, error);
}

Verdict read_verdict(const vdt_verdict* given) {
    require(given, "verdict");
    vdt_verdict defaults{};
    defaults.struct_size = sizeof defaults;
    const vdt_verdict verdict = read_struct(given, defaults, "verdict");
    const auto check_range = [](std::int32_t value, std::int32_t last, const char* what) {
        if (value < 0 || value > last) {
            throw Error(ErrorCode::invalid_argument, std::string("verdict: ") + what + " " + std::to_string(value) +
                                                         " is none of 0 to " + std::to_string(last));
        }
    };
    Verdict result;
    check_range(verdict.decision, VDT_ALARM, "decision");
    result.decision = static_cast<Decision>(verdict.decision);
    result.reasons = verdict.reasons;
    result.finding_count = verdict.finding_count;
    for (std::size_t i = 0; i < result.stored_findings(); ++i) {
        const vdt_finding& finding = verdict.findings[i];
        check_range(finding.reason, VDT_REASON_UNLIKE_BENIGN, "reason");
        check_range(finding.decision, VDT_ALARM, "a finding's decision");
        check_range(static_cast<std::int32_t>(std::min(finding.reserved, 255U)),
                    static_cast<std::int32_t>(validation::check_count) - 1, "a finding's check");
        result.findings[i] = {.reason = static_cast<Reason>(finding.reason),
                              .decision = static_cast<Decision>(finding.decision),
                              .check = static_cast<validation::Check>(finding.reserved),
                              .subject = finding.subject,
                              .value = finding.value};
    }
    check_range(static_cast<std::int32_t>(std::min<std::uint32_t>(verdict.score_count, VDT_VERDICT_SCORES + 1)),
                VDT_VERDICT_SCORES, "score_count");
    result.score_count = verdict.score_count;
    result.fused_e_value = verdict.fused_e_value;
    for (std::size_t i = 0; i < result.score_count; ++i) {
        const vdt_score_answer& answer = verdict.scores[i];
        check_range(answer.decision, VDT_ALARM, "a score's decision");
        check_range(static_cast<std::int32_t>(std::min(answer.reserved, 255U)), VDT_ANSWER_NOT_ASKED,
                    "a score's answer");
        result.scores[i] = {.score = answer.score,
                            .p_value = answer.p_value,
                            .decision = static_cast<Decision>(answer.decision),
                            .status = static_cast<perturbation::AnswerStatus>(answer.reserved)};
    }
    return result;
}

}  // namespace

extern "C" {

void vdt_guard_options_init(vdt_guard_options* options, size_t size) noexcept {
    init_struct(options, size, default_guard_options());
}

void vdt_verdict_init(vdt_verdict* verdict, size_t size) noexcept {
    init_struct(verdict, size, vdt_verdict{});
}

void vdt_score_options_init(vdt_score_options* options, size_t size) noexcept {
    init_struct(options, size, default_score_options());
}

vdt_status vdt_guard_create(const vdt_baseline* baseline, const vdt_guard_options* options,
                            const vdt_allocator* allocator, vdt_guard** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        const vdt_guard_options given = read_struct(options, default_guard_options(), "options");
        Policy policy = read_policy(given.policy_json, given.policy_length);
        *out = make_handle<vdt_guard>(allocator, Guard(baseline->object, std::move(policy)));
    });
}

void vdt_guard_destroy(vdt_guard* guard) noexcept {
    destroy_handle(guard);
}

vdt_status vdt_guard_add_score(vdt_guard* guard, const vdt_score_options* options, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        require(options, "options");
        const vdt_score_options given = read_struct(options, default_score_options(), "options");
        std::string name(to_text(given.name, given.name_length, "options.name"));
        const ScoreThresholds thresholds{given.warn_threshold, given.alarm_threshold};
        const CallbackScore<float> f32{given.score_f32, given.user_data};
        const CallbackScore<double> f64{given.score_f64, given.user_data};
        if (given.score_f32 != nullptr && given.score_f64 != nullptr) {
            guard->object.add_score(std::move(name), CallbackScores{f32, f64}, thresholds);
        } else if (given.score_f32 != nullptr) {
            guard->object.add_score(std::move(name), f32, thresholds);
        } else if (given.score_f64 != nullptr) {
            guard->object.add_score(std::move(name), f64, thresholds);
        } else {
            throw Error(ErrorCode::invalid_argument, "options: score_f32 and score_f64 are both NULL");
        }
    });
}

size_t vdt_guard_score_count(const vdt_guard* guard) noexcept {
    return guard == nullptr ? 0 : guard->object.score_count();
}

vdt_status vdt_guard_score_name(const vdt_guard* guard, size_t index, vdt_string* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        require(out, "out");
        if (index >= guard->object.score_count()) {
            throw Error(ErrorCode::invalid_argument, "score " + std::to_string(index) + " is not below the " +
                                                         std::to_string(guard->object.score_count()) + " of the guard");
        }
        *out = borrow(guard->object.score_name(index));
    });
}

vdt_status vdt_guard_check_f32(const vdt_guard* guard, const float* row, size_t width, vdt_window* window,
                               vdt_verdict* verdict, vdt_error* error) noexcept {
    return check_numbers(guard, row, width, nullptr, window, verdict, error);
}

vdt_status vdt_guard_check_f64(const vdt_guard* guard, const double* row, size_t width, vdt_window* window,
                               vdt_verdict* verdict, vdt_error* error) noexcept {
    return check_numbers(guard, row, width, nullptr, window, verdict, error);
}

vdt_status vdt_guard_check_values(const vdt_guard* guard, const vdt_value* row, size_t width, vdt_window* window,
                                  vdt_verdict* verdict, vdt_error* error) noexcept {
    return check_values(guard, row, width, nullptr, window, verdict, error);
}

vdt_status vdt_guard_check_f32_with(const vdt_guard* guard, const float* row, size_t width,
                                    const vdt_request_vectors* vectors, vdt_window* window, vdt_verdict* verdict,
                                    vdt_error* error) noexcept {
    return check_numbers(guard, row, width, vectors, window, verdict, error);
}

vdt_status vdt_guard_check_f64_with(const vdt_guard* guard, const double* row, size_t width,
                                    const vdt_request_vectors* vectors, vdt_window* window, vdt_verdict* verdict,
                                    vdt_error* error) noexcept {
    return check_numbers(guard, row, width, vectors, window, verdict, error);
}

vdt_status vdt_guard_check_values_with(const vdt_guard* guard, const vdt_value* row, size_t width,
                                       const vdt_request_vectors* vectors, vdt_window* window, vdt_verdict* verdict,
                                       vdt_error* error) noexcept {
    return check_values(guard, row, width, vectors, window, verdict, error);
}

vdt_status vdt_guard_repair_f32(const vdt_guard* guard, float* row, size_t width, const vdt_request_vectors* vectors,
                                vdt_window* window, vdt_repaired* told, size_t capacity, vdt_repair_verdict* repair,
                                vdt_verdict* verdict, vdt_error* error) noexcept {
    return repair_numbers(guard, row, width, vectors, window, told, capacity, repair, verdict, error);
}

vdt_status vdt_guard_repair_f64(const vdt_guard* guard, double* row, size_t width, const vdt_request_vectors* vectors,
                                vdt_window* window, vdt_repaired* told, size_t capacity, vdt_repair_verdict* repair,
                                vdt_verdict* verdict, vdt_error* error) noexcept {
    return repair_numbers(guard, row, width, vectors, window, told, capacity, repair, verdict, error);
}

vdt_status vdt_guard_repair_values(const vdt_guard* guard, vdt_value* row, size_t width,
                                   const vdt_request_vectors* vectors, vdt_window* window, vdt_repaired* told,
                                   size_t capacity, vdt_repair_verdict* repair, vdt_verdict* verdict,
                                   vdt_error* error) noexcept {
    return repair_values(guard, row, width, vectors, window, told, capacity, repair, verdict, error);
}

void vdt_request_vectors_init(vdt_request_vectors* vectors, size_t size) noexcept {
    init_struct(vectors, size, default_request_vectors());
}

size_t vdt_guard_calibrated_score_count(const vdt_guard* guard) noexcept {
    return guard == nullptr ? 0 : guard->object.calibrated_score_count();
}

vdt_status vdt_guard_calibrated_score_name(const vdt_guard* guard, size_t index, vdt_string* out,
                                           vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        require(out, "out");
        if (index >= guard->object.calibrated_score_count())
            throw Error(ErrorCode::invalid_argument, "score " + std::to_string(index) + " is not below the " +
                                                         std::to_string(guard->object.calibrated_score_count()) +
                                                         " that the policy names");
        *out = borrow(guard->object.calibrated_score_name(index));
    });
}

vdt_status vdt_guard_workspace(const vdt_guard* guard, const vdt_predict_model* model, size_t* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        require(out, "out");
        *out = workspace_floats(guard->object.workspace_size(read_predict_model(model)));
    });
}

size_t vdt_guard_queries(const vdt_guard* guard) noexcept {
    return guard == nullptr ? 0 : guard->object.queries_per_request();
}

vdt_status vdt_guard_mark_calibrations(const vdt_guard* guard, int32_t stale, vdt_error* error) noexcept {
    if (guard == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "guard is NULL");
    guard->object.mark_calibrations(stale != 0);
    return VDT_OK;
}

vdt_status vdt_guard_explain(const vdt_guard* guard, const vdt_verdict* verdict, char* buffer, size_t capacity,
                             size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        copy_text(guard->object.explain(read_verdict(verdict)), buffer, capacity, length);
    });
}

vdt_status vdt_guard_explain_f32(const vdt_guard* guard, const vdt_verdict* verdict, const float* row, size_t width,
                                 char* buffer, size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(guard, "guard");
        if (width != 0) require(row, "row");
        copy_text(guard->object.explain(read_verdict(verdict), std::span<const float>(row, width)), buffer, capacity,
                  length);
    });
}

}  // extern "C"
