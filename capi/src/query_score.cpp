// SPDX-License-Identifier: Apache-2.0
// Scores and explanations that ask the model, over the C boundary.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "structs.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using perturbation::Answer;
using perturbation::AnswerStatus;
using perturbation::PredictModel;
using perturbation::QueryScore;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

vdt_query_score_options default_options() noexcept {
    vdt_query_score_options options{};
    options.struct_size = sizeof options;
    options.image_channels = 1;
    options.standard_deviation = perturbation::NoiseStabilityOptions{}.standard_deviation;
    options.share = perturbation::MarginalResamplingOptions{}.share;
    options.pixel_highest = 1.0F;
    options.row_weight = perturbation::StripOptions{}.row_weight;
    options.overlay_weight = perturbation::StripOptions{}.overlay_weight;
    options.lowest = -infinite;
    options.highest = infinite;
    return options;
}

vdt_query_answer empty_answer() noexcept {
    vdt_query_answer answer{};
    answer.struct_size = sizeof answer;
    answer.score = answer.p_value = not_a_number;
    return answer;
}

vdt_explainer_options default_explainer_options() noexcept {
    vdt_explainer_options options{};
    options.struct_size = sizeof options;
    options.method = VDT_EXPLAIN_KERNEL_SHAP;
    options.most_coalitions = perturbation::ExplainerOptions{}.most_coalitions;
    return options;
}

vdt_explanation empty_explanation() noexcept {
    vdt_explanation explanation{};
    explanation.struct_size = sizeof explanation;
    explanation.prediction = explanation.expected = not_a_number;
    return explanation;
}

std::vector<perturbation::Squeezer> read_squeezers(const vdt_squeezer* squeezers, std::uint64_t count) {
    std::vector<perturbation::Squeezer> result;
    if (count == 0) return result;
    require(squeezers, "options.squeezers");
    (void)checked_product(count, sizeof *squeezers, "options.squeezers");
    for (std::uint64_t i = 0; i < count; ++i) {
        const vdt_squeezer& given = squeezers[i];
        if (given.kind < VDT_SQUEEZE_BIT_DEPTH || given.kind > VDT_SQUEEZE_NON_LOCAL_MEANS)
            throw Error(ErrorCode::invalid_argument,
                        "options.squeezers[" + std::to_string(i) + "].kind is " + std::to_string(given.kind));
        result.push_back(
            {.kind = static_cast<perturbation::Squeezer::Kind>(given.kind),
             .bits = given.bits,
             .window = given.window,
             .means = {.search_window = given.search_window, .patch = given.patch, .strength = given.strength}});
    }
    return result;
}

QueryScore make_score(const vdt_query_score_options& given) {
    const FloatRows reference(given.reference);
    const auto copies = [&](std::size_t usual) {
        return given.copies == 0 ? usual : static_cast<std::size_t>(given.copies);
    };
    switch (given.kind) {
        case VDT_QUERY_FEATURE_SQUEEZING:
            return QueryScore::feature_squeezing(
                {.shape = {static_cast<std::size_t>(given.image_height), static_cast<std::size_t>(given.image_width),
                           static_cast<std::size_t>(given.image_channels)},
                 .highest = given.pixel_highest,
                 .squeezers = read_squeezers(given.squeezers, given.squeezer_count)});
        case VDT_QUERY_STRIP:
            return QueryScore::strip(reference.view, {.row_weight = given.row_weight,
                                                      .overlay_weight = given.overlay_weight,
                                                      .lowest = given.lowest,
                                                      .highest = given.highest});
        case VDT_QUERY_NOISE_STABILITY:
            return QueryScore::noise_stability({.width = static_cast<std::size_t>(given.width),
                                                .copies = copies(perturbation::NoiseStabilityOptions{}.copies),
                                                .standard_deviation = given.standard_deviation,
                                                .lowest = given.lowest,
                                                .highest = given.highest,
                                                .seed = given.seed});
        case VDT_QUERY_MARGINAL_RESAMPLING:
            return QueryScore::marginal_resampling(reference.view,
                                                   {.copies = copies(perturbation::MarginalResamplingOptions{}.copies),
                                                    .share = given.share,
                                                    .seed = given.seed});
        default: throw Error(ErrorCode::invalid_argument, "options.kind is " + std::to_string(given.kind));
    }
}

// What the caller's struct cannot hold is found before the model is asked.
template <class Struct>
void check_out(const Struct* out, const char* argument) {
    require(out, argument);
    check_struct_size(out->struct_size, argument);
}

void require_workspace(const float* workspace, std::size_t size) {
    if (size != 0) require(workspace, "workspace");
}

// A caller's model, and what it returned last.
struct ObservedModel {
    PredictModel given;
    std::int32_t last = 0;

    [[nodiscard]] PredictModel observed() noexcept {
        PredictModel model = given;
        if (given.predict)
            model.predict = {[](void* self, const float* rows, std::size_t row_count, std::size_t features,
                                float* outputs, std::size_t classes) {
                                 auto& each = *static_cast<ObservedModel*>(self);
                                 return each.last = each.given.predict(rows, row_count, features, outputs, classes);
                             },
                             this};
        return model;
    }
};

vdt_status status_of(AnswerStatus status, std::int32_t callback_status, vdt_error* error) noexcept {
    if (status == AnswerStatus::answered) return VDT_OK;
    if (status == AnswerStatus::aborted)
        return fail(error, VDT_CALLBACK_ABORTED,
                    callback_status == perturbation::PredictFunction::threw
                        ? "the callback threw an exception"
                        : "the callback returned a value other than 0: see callback_status");
    return fail(error, VDT_INVALID_ARGUMENT, perturbation::answer_status_name(status));
}

}  // namespace

extern "C" {

void vdt_predict_model_init(vdt_predict_model* model, size_t size) noexcept {
    init_struct(model, size, default_predict_model());
}
void vdt_query_score_options_init(vdt_query_score_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}
void vdt_query_answer_init(vdt_query_answer* answer, size_t size) noexcept {
    init_struct(answer, size, empty_answer());
}
void vdt_explainer_options_init(vdt_explainer_options* options, size_t size) noexcept {
    init_struct(options, size, default_explainer_options());
}
void vdt_explanation_init(vdt_explanation* explanation, size_t size) noexcept {
    init_struct(explanation, size, empty_explanation());
}

vdt_status vdt_query_score_create(const vdt_query_score_options* options, const vdt_allocator* allocator,
                                  vdt_query_score** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        *out = make_handle<vdt_query_score>(allocator, make_score(read_struct(options, default_options(), "options")),
                                            std::optional<stats::ConformalCalibration>());
    });
}

void vdt_query_score_destroy(vdt_query_score* score) noexcept {
    destroy_handle(score);
}

size_t vdt_query_score_width(const vdt_query_score* score) noexcept {
    return score == nullptr ? 0 : score->object.width();
}

size_t vdt_query_score_queries(const vdt_query_score* score) noexcept {
    return score == nullptr ? 0 : score->object.queries_per_row();
}

vdt_status vdt_query_score_workspace(const vdt_query_score* score, const vdt_predict_model* model, size_t* out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(out, "out");
        *out = workspace_floats(score->object.workspace_size(read_predict_model(model)));
    });
}

vdt_status vdt_query_score_calibrate(vdt_query_score* score, const vdt_matrix* benign, const vdt_predict_model* model,
                                     const vdt_score_calibration_options* options, vdt_query_answer* answer,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(benign, "benign");
        if (answer != nullptr) check_out(answer, "answer");
        vdt_score_calibration_options usual{};
        usual.failure_probability = stats::ConformalOptions{}.failure_probability;
        const vdt_score_calibration_options given = read_struct(options, usual, "options");
        if (given.groups != nullptr || given.weights != nullptr)
            throw Error(ErrorCode::unsupported, "options: groups and weights are not for scores that ask the model");
        if (given.guarantee < VDT_CONFORMAL_MARGINAL || given.guarantee > VDT_CONFORMAL_CONDITIONAL_SIMES)
            throw Error(ErrorCode::invalid_argument, "options.guarantee is " + std::to_string(given.guarantee));
        const FloatRows rows(benign);
        perturbation::ModelQueries queries;
        ObservedModel observed{read_predict_model(model)};
        const auto tell = [&](AnswerStatus status) {
            if (answer == nullptr) return;
            vdt_query_answer told = empty_answer();
            told.status = static_cast<std::int32_t>(status);
            told.callback_status = observed.last;
            told.calls = queries.calls;
            told.rows = queries.rows;
            write_struct(answer, told, "answer");
        };
        try {
            score->calibration =
                score->object.calibrate(rows.view, observed.observed(),
                                        {.guarantee = static_cast<stats::ConformalGuarantee>(given.guarantee),
                                         .failure_probability = given.failure_probability},
                                        &queries);
            tell(AnswerStatus::answered);
        } catch (const Error& failure) {
            tell(failure.code() == ErrorCode::callback_aborted ? AnswerStatus::aborted
                                                               : AnswerStatus::invalid_prediction);
            throw;
        }
    });
}

vdt_status vdt_query_score_row(const vdt_query_score* score, const float* row, size_t width,
                               const vdt_predict_model* model, float* workspace, size_t workspace_size,
                               vdt_query_answer* out, vdt_error* error) noexcept {
    Answer answer;
    const vdt_status status = fence(error, [&] {
        require(score, "score");
        if (width != 0) require(row, "row");
        require_workspace(workspace, workspace_size);
        check_out(out, "out");
        answer = score->object.score({row, width}, read_predict_model(model), {workspace, workspace_size});
        vdt_query_answer told = empty_answer();
        told.status = static_cast<std::int32_t>(answer.status);
        told.callback_status = answer.callback_status;
        told.score = answer.score;
        if (score->calibration) told.p_value = score->calibration->p_value(answer.score);
        told.calls = answer.queries.calls;
        told.rows = answer.queries.rows;
        write_struct(out, told, "out");
    });
    return status != VDT_OK ? status : status_of(answer.status, answer.callback_status, error);
}

vdt_status vdt_query_score_to_score(const vdt_query_score* score, const vdt_allocator* allocator, vdt_score** out,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(out, "out");
        const perturbation::AnyScore any(score->object);
        std::optional<perturbation::CalibratedScore> calibrated;
        if (score->calibration) calibrated.emplace(any, *score->calibration);
        *out = make_handle<vdt_score>(allocator, any, std::move(calibrated));
    });
}

vdt_status vdt_query_score_from_score(const vdt_score* score, const vdt_allocator* allocator, vdt_query_score** out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(score, "score");
        require(out, "out");
        const QueryScore* const asks = score->object.asks();
        if (asks == nullptr)
            throw Error(ErrorCode::invalid_argument,
                        std::string(score->object.kind().name) + " does not ask the model");
        std::optional<stats::ConformalCalibration> calibration;
        if (score->calibrated) {
            const auto* const plain = std::get_if<stats::ConformalCalibration>(&score->calibrated->calibration());
            if (plain == nullptr) throw Error(ErrorCode::unsupported, "the score is calibrated by groups or weights");
            calibration = *plain;
        }
        *out = make_handle<vdt_query_score>(allocator, *asks, std::move(calibration));
    });
}

vdt_status vdt_explainer_create(const vdt_explainer_options* options, const vdt_allocator* allocator,
                                vdt_explainer** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_explainer_options given = read_struct(options, default_explainer_options(), "options");
        require(given.background, "options.background");
        const FloatRows background(given.background);
        if (given.player_length != 0) require(given.players, "options.players");
        (void)checked_product(given.player_length, sizeof *given.players, "options.players");
        const perturbation::ExplainerOptions chosen{
            .players = {given.players, static_cast<std::size_t>(given.player_length)},
            .most_coalitions = static_cast<std::size_t>(given.most_coalitions),
            .seed = given.seed};
        if (given.method != VDT_EXPLAIN_OCCLUSION && given.method != VDT_EXPLAIN_KERNEL_SHAP)
            throw Error(ErrorCode::invalid_argument, "options.method is " + std::to_string(given.method));
        *out = make_handle<vdt_explainer>(
            allocator, given.method == VDT_EXPLAIN_OCCLUSION
                           ? perturbation::PredictionExplainer::occlusion(background.view, chosen)
                           : perturbation::PredictionExplainer::kernel_shap(background.view, chosen));
    });
}

void vdt_explainer_destroy(vdt_explainer* explainer) noexcept {
    destroy_handle(explainer);
}

size_t vdt_explainer_player_count(const vdt_explainer* explainer) noexcept {
    return explainer == nullptr ? 0 : explainer->object.player_count();
}

int32_t vdt_explainer_is_exact(const vdt_explainer* explainer) noexcept {
    return explainer != nullptr && explainer->object.is_exact() ? 1 : 0;
}

vdt_status vdt_explainer_workspace(const vdt_explainer* explainer, const vdt_predict_model* model, size_t* out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(explainer, "explainer");
        require(out, "out");
        *out = workspace_floats(explainer->object.workspace_size(read_predict_model(model)));
    });
}

vdt_status vdt_explainer_explain(const vdt_explainer* explainer, const float* row, size_t width, uint32_t label,
                                 const vdt_predict_model* model, float* workspace, size_t workspace_size,
                                 double* contributions, size_t count, vdt_explanation* out, vdt_error* error) noexcept {
    perturbation::Explanation answer;
    const vdt_status status = fence(error, [&] {
        require(explainer, "explainer");
        if (width != 0) require(row, "row");
        if (count != 0) require(contributions, "contributions");
        require_workspace(workspace, workspace_size);
        check_out(out, "out");
        answer = explainer->object.explain({row, width}, label, {contributions, count}, read_predict_model(model),
                                           {workspace, workspace_size});
        vdt_explanation told = empty_explanation();
        told.status = static_cast<std::int32_t>(answer.status);
        told.callback_status = answer.callback_status;
        told.prediction = answer.prediction;
        told.expected = answer.expected;
        told.calls = answer.queries.calls;
        told.rows = answer.queries.rows;
        write_struct(out, told, "out");
    });
    return status != VDT_OK ? status : status_of(answer.status, answer.callback_status, error);
}

}  // extern "C"
