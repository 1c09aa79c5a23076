// SPDX-License-Identifier: Apache-2.0
// Scores over the C boundary: fitted, calibrated, asked, saved, and put into a baseline.
#include <limits>
#include <string>
#include <vector>

#include "drift_arguments.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "structs.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/file.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using perturbation::AnyScore;
using perturbation::CalibratedScore;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

vdt_score_fit_options default_fit_options() noexcept {
    vdt_score_fit_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_score_calibration_options default_calibration_options() noexcept {
    vdt_score_calibration_options options{};
    options.struct_size = sizeof options;
    options.failure_probability = stats::ConformalOptions{}.failure_probability;
    return options;
}

template <class T>
std::span<const T> list(const T* data, std::uint64_t count, const char* argument) {
    if (count == 0) return {};
    require(data, argument);
    (void)checked_product(count, sizeof(T), argument);
    return {data, static_cast<std::size_t>(count)};
}

std::vector<std::byte> bytes_of(const vdt_score* score) {
    require(score, "score");
    return score->calibrated ? score->calibrated->serialize() : score->object.serialize();
}

vdt_score* read_bytes(std::span<const std::byte> bytes, const vdt_allocator* allocator) {
    if (Container::view(bytes).kind() != "calibrated_score")
        return make_handle<vdt_score>(allocator, AnyScore::deserialize(bytes), std::optional<CalibratedScore>());
    CalibratedScore calibrated = CalibratedScore::deserialize(bytes);
    AnyScore score = calibrated.score();
    return make_handle<vdt_score>(allocator, std::move(score), std::optional(std::move(calibrated)));
}

const CalibratedScore& calibrated(const vdt_score* score, ErrorCode code) {
    if (!score->calibrated) throw Error(code, "the score is not calibrated: vdt_score_calibrate first");
    return *score->calibrated;
}

vdt_score_answer answer_of(const vdt_score& score, std::span<const float> row,
                           const perturbation::RowContext& context) noexcept {
    vdt_score_answer answer{not_a_number, not_a_number, VDT_NOT_EVALUATED, 0};
    if (score.calibrated) {
        const perturbation::ScoreEvidence evidence = score.calibrated->evaluate(row, context);
        answer.score = evidence.score;
        answer.p_value = evidence.p_value;
    } else {
        answer.score = score.object.score(row);
    }
    return answer;
}

}  // namespace

extern "C" {

void vdt_score_fit_options_init(vdt_score_fit_options* options, size_t size) noexcept {
    init_struct(options, size, default_fit_options());
}

void vdt_score_calibration_options_init(vdt_score_calibration_options* options, size_t size) noexcept {
    init_struct(options, size, default_calibration_options());
}

size_t vdt_score_kind_count(void) noexcept {
    return perturbation::score_kinds().size();
}

vdt_status vdt_score_kind_at(size_t index, vdt_string* name, int32_t* input, vdt_error* error) noexcept {
    return fence(error, [&] {
        const auto kinds = perturbation::score_kinds();
        if (index >= kinds.size())
            throw Error(ErrorCode::invalid_argument, "kind " + std::to_string(index) + " is not below the " +
                                                         std::to_string(kinds.size()) + " that there are");
        if (name != nullptr) *name = borrow(kinds[index].name);
        if (input != nullptr) *input = static_cast<std::int32_t>(kinds[index].input);
    });
}

vdt_status vdt_score_fit(const vdt_matrix* reference, const vdt_score_fit_options* options,
                         const vdt_allocator* allocator, vdt_score** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_score_fit_options given = read_struct(options, default_fit_options(), "options");
        const FloatRows rows(reference);
        const FloatRows head(given.head_weights);
        const perturbation::ScoreReference known{
            .rows = rows.view,
            .labels = list(given.labels, given.label_count, "options.labels"),
            .class_count = static_cast<std::size_t>(given.class_count),
            .head_weights = head.view,
            .head_bias = list(given.head_bias, given.head_bias_count, "options.head_bias")};
        *out = make_handle<vdt_score>(
            allocator,
            perturbation::fit_score(to_text(given.kind, given.kind_length, "options.kind"),
                                    to_text(given.options, given.options_length, "options.options"), known),
            std::optional<CalibratedScore>());
    });
}

void vdt_score_destroy(vdt_score* score) noexcept {
    destroy_handle(score);
}

vdt_status vdt_score_calibrate(vdt_score* score, const vdt_matrix* benign, const vdt_score_calibration_options* options,
                               uint64_t* unscored, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(benign, "benign");
        const auto given = read_struct(options, default_calibration_options(), "options");
        const FloatRows rows(benign);
        const stats::ConformalOptions conformal{
            .guarantee = choice(given.guarantee, stats::ConformalGuarantee::conditional_simes, "options.guarantee"),
            .failure_probability = given.failure_probability};
        std::size_t left_out = 0;
        score->calibrated.emplace(
            CalibratedScore::calibrate(score->object,
                                       {.rows = rows.view,
                                        .groups = list(given.groups, given.group_length, "options.groups"),
                                        .group_count = static_cast<std::size_t>(given.group_count),
                                        .weights = list(given.weights, given.weight_count, "options.weights")},
                                       conformal, &left_out));
        if (unscored != nullptr) *unscored = left_out;
    });
}

vdt_status vdt_score_kind(const vdt_score* score, vdt_string* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(out, "out");
        *out = borrow(score->object.kind().name);
    });
}

size_t vdt_score_width(const vdt_score* score) noexcept {
    return score == nullptr ? 0 : score->object.width();
}

uint64_t vdt_score_calibration_count(const vdt_score* score) noexcept {
    return score == nullptr || !score->calibrated ? 0 : score->calibrated->calibration_count();
}

double vdt_score_storage_error(const vdt_score* score) noexcept {
    return score == nullptr ? std::numeric_limits<double>::quiet_NaN() : score->object.storage_error();
}

vdt_status vdt_score_row(const vdt_score* score, const float* row, size_t width, const vdt_request_vectors* vectors,
                         vdt_score_answer* out, vdt_error* error) noexcept {
    if (score == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "score is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (out == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "out is NULL");
    RequestVectors given;
    perturbation::PredictModel model;
    if (const char* const message = read_vectors(vectors, given, model))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    *out = answer_of(*score, {row, width}, given.context);
    return VDT_OK;
}

vdt_status vdt_score_row_contributions(const vdt_score* score, const float* row, size_t width, double* value,
                                       double* contributions, size_t count, vdt_error* error) noexcept {
    if (score == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "score is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (value == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "value is NULL");
    if (contributions == nullptr && count != 0) return fail(error, VDT_INVALID_ARGUMENT, "contributions is NULL");
    if (count != width) return fail(error, VDT_INVALID_ARGUMENT, "contributions: one place per entry of the row");
    std::fill_n(contributions, count, not_a_number);
    *value = score->object.score({row, width}, {contributions, count});
    return VDT_OK;
}

vdt_status vdt_score_rows(const vdt_score* score, const vdt_matrix* rows, double* scores, double* p_values,
                          size_t count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(rows, "rows");
        const FloatRows matrix(rows);
        const std::size_t n = matrix.view.rows(), width = matrix.view.columns();
        if (score->object.width() != 0 && width != score->object.width())
            throw Error(ErrorCode::dimension_mismatch, "rows: " + std::to_string(width) + " columns, the score takes " +
                                                           std::to_string(score->object.width()));
        if (n > count)
            throw Error(ErrorCode::invalid_argument,
                        "count is " + std::to_string(count) + ", fewer than " + std::to_string(n) + " rows");
        for (std::size_t i = 0; i < n; ++i) {
            const vdt_score_answer answer = answer_of(*score, std::span(matrix.values).subspan(i * width, width), {});
            if (scores != nullptr) scores[i] = answer.score;
            if (p_values != nullptr) p_values[i] = answer.p_value;
        }
    });
}

vdt_status vdt_score_require_level(const vdt_score* score, double level, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        calibrated(score, ErrorCode::not_enough_data).require_level(level);
    });
}

double vdt_score_fused_e_value(const double* p_values, size_t count) noexcept {
    return p_values == nullptr ? not_a_number : perturbation::fused_e_value({p_values, count});
}

vdt_status vdt_score_to_bytes(const vdt_score* score, void* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        const std::vector<std::byte> bytes = bytes_of(score);
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

vdt_status vdt_score_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_score** out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (size != 0) require(bytes, "bytes");
        *out = read_bytes({static_cast<const std::byte*>(bytes), size}, allocator);
    });
}

vdt_status vdt_score_save(const vdt_score* score, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        write_file_atomically(path, bytes_of(score));
    });
}

vdt_status vdt_score_load(const char* path, const vdt_allocator* allocator, vdt_score** out,
                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = read_bytes(read_file(path), allocator);
    });
}

vdt_status vdt_baseline_with_scores(const vdt_baseline* baseline, const vdt_string* names,
                                    const vdt_score* const* scores, size_t count, const vdt_allocator* allocator,
                                    vdt_baseline** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        if (count != 0) require(names, "names");
        if (count != 0) require(scores, "scores");
        std::vector<BaselineScore> given;
        for (std::size_t i = 0; i < count; ++i) {
            require(scores[i], "scores[i]");
            given.push_back({std::string(to_text(names[i].data, names[i].length, "names")),
                             calibrated(scores[i], ErrorCode::invalid_argument)});
        }
        *out = make_handle<vdt_baseline>(allocator, baseline->object.with_scores(std::move(given)));
    });
}

}  // extern "C"
