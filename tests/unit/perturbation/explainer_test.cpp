// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/explainer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/perturbation/toy_models.hpp"
#include "unit/test_values.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::AnswerStatus;
using vedette::perturbation::ExplainerOptions;
using vedette::perturbation::Explanation;
using vedette::perturbation::PredictionExplainer;
using vedette::perturbation::PredictModel;
using vedette::testing::code_of;
using vedette::testing::LinearSoftmax;
using Floats = std::vector<float>;
using View = vedette::MatrixView<float>;

Floats normals(std::size_t count, std::uint64_t seed) {
    vedette::Random random(seed);
    Floats values(count);
    for (float& x : values) x = static_cast<float>(random.normal());
    return values;
}

struct Answered {
    Explanation explanation;
    std::vector<double> contributions;
};
Answered explain(const PredictionExplainer& explainer, const Floats& row, const PredictModel& model,
                 std::uint32_t label = 0) {
    Floats workspace(explainer.workspace_size(model));
    Answered result{{}, std::vector<double>(explainer.player_count())};
    result.explanation = explainer.explain(row, label, result.contributions, model, workspace);
    return result;
}

double total(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

// Shapley values from the definition: the mean, over all orders of players, of what each adds when it comes.
std::vector<double> shapley(const LinearSoftmax& network, const Floats& row, const Floats& background,
                            std::size_t background_count, std::size_t label) {
    const std::size_t count = row.size();
    std::vector<double> values(std::size_t{1} << count);
    Floats mixed(count), out(network.classes);
    for (std::size_t s = 0; s < values.size(); ++s) {
        for (std::size_t b = 0; b < background_count; ++b) {
            for (std::size_t j = 0; j < count; ++j) mixed[j] = (s >> j & 1U) != 0 ? row[j] : background[b * count + j];
            network.predict(mixed.data(), out.data());
            values[s] += static_cast<double>(out[label]) / static_cast<double>(background_count);
        }
    }
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<double> result(count);
    double orders = 0.0;
    do {
        std::size_t s = 0;
        for (const std::size_t j : order) {
            result[j] += values[s | std::size_t{1} << j] - values[s];
            s |= std::size_t{1} << j;
        }
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    for (double& x : result) x /= orders;
    return result;
}

}  // namespace

TEST_CASE("Kernel SHAP: all coalitions are Shapley values by the definition") {
    for (const std::size_t count : {1U, 2U, 3U, 7U}) {
        const Floats background = normals(4 * count, 1), row = normals(count, 2);
        LinearSoftmax network(count, 3, 3);
        const auto explainer = PredictionExplainer::kernel_shap(View::row_major(background.data(), 4, count));
        CHECK(explainer.is_exact());
        CHECK(explainer.coalition_count() == std::size_t{1} << count);
        const Answered a = explain(explainer, row, network.model(), 1);
        const std::vector<double> expected = shapley(network, row, background, 4, 1);
        for (std::size_t j = 0; j < count; ++j) CHECK(a.contributions[j] == doctest::Approx(expected[j]).epsilon(1e-6));
        CHECK(std::fabs(total(a.contributions) - (a.explanation.prediction - a.explanation.expected)) < 1e-15);
        CHECK(a.explanation.queries.rows == explainer.coalition_count() * 4);
    }
}

TEST_CASE("Kernel SHAP: the shap package's values, exact and sampled alike") {
    for (const auto& entry : oracle_data("kernel_shap.json")["cases"]) {
        const auto weights = entry["weights"].get<std::vector<Floats>>();
        const auto row = entry["row"].get<Floats>();
        const auto background = entry["background"].get<Floats>();
        LinearSoftmax network(row.size(), weights.size(), 1);
        for (std::size_t c = 0; c < weights.size(); ++c)
            std::copy(weights[c].begin(), weights[c].end(), &network.weights[c * row.size()]);
        const auto explainer = PredictionExplainer::kernel_shap(
            View::row_major(background.data(), background.size() / row.size(), row.size()));
        const auto label = entry["label"].get<std::uint32_t>();
        const Answered a = explain(explainer, row, network.model(), label);
        const auto expected = entry["shap_values"].get<std::vector<double>>();
        for (std::size_t j = 0; j < row.size(); ++j) CHECK(std::fabs(a.contributions[j] - expected[j]) < 1e-6);
    }
}

TEST_CASE("Kernel SHAP: coalitions drawn in pairs are near the exact values, closer with more, and add up") {
    constexpr std::size_t count = 14;
    const Floats background = normals(3 * count, 1), row = normals(count, 2);
    LinearSoftmax network(count, 3, 3, 0.5);
    const auto view = View::row_major(background.data(), 3, count);
    const auto exact = PredictionExplainer::kernel_shap(view, {.most_coalitions = std::size_t{1} << count});
    CHECK(exact.is_exact());
    const std::vector<double> expected = explain(exact, row, network.model()).contributions;
    double last = 1.0;
    for (const std::size_t coalitions : {60U, 600U, 6000U}) {
        double squares = 0.0;
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            const auto sampled = PredictionExplainer::kernel_shap(view, {.most_coalitions = coalitions, .seed = seed});
            CHECK(!sampled.is_exact());
            CHECK(sampled.coalition_count() == coalitions + 2);
            const Answered a = explain(sampled, row, network.model());
            CHECK(std::fabs(total(a.contributions) - (a.explanation.prediction - a.explanation.expected)) < 1e-15);
            for (std::size_t j = 0; j < count; ++j)
                squares += (a.contributions[j] - expected[j]) * (a.contributions[j] - expected[j]);
        }
        const double error = std::sqrt(squares / (4 * count));
        MESSAGE(coalitions, " coalitions: ", error);
        CHECK(error < last / 2);
        last = error;
    }
    CHECK(last < 1e-3);
}

TEST_CASE("Kernel SHAP: an additive model is explained exactly by however few coalitions, with its dummies") {
    constexpr std::size_t count = 40;
    const Floats row = normals(count, 2), background(count, 0.0F);
    Floats effects(count);
    for (std::size_t j = 0; j < count; ++j) effects[j] = j % 4 == 0 ? 0.0F : 0.004F * static_cast<float>(j % 7);
    const auto additive = [&](View x, std::span<float> out) {
        for (std::size_t i = 0; i < x.rows(); ++i) {
            double p = 0.5;
            for (std::size_t j = 0; j < count; ++j)
                p += x(i, j) != 0.0F ? static_cast<double>(effects[j]) * (j % 2 == 0 ? 1.0 : -1.0) : 0.0;
            out[2 * i] = static_cast<float>(p);
            out[2 * i + 1] = static_cast<float>(1.0 - p);
        }
        return 0;
    };
    const PredictModel model{
        .predict = vedette::perturbation::PredictFunction(additive), .features = count, .classes = 2};
    const auto explainer =
        PredictionExplainer::kernel_shap(View::row_major(background.data(), 1, count), {.most_coalitions = 200});
    const Answered a = explain(explainer, row, model);
    for (std::size_t j = 0; j < count; ++j)
        CHECK(std::fabs(a.contributions[j] - static_cast<double>(effects[j]) * (j % 2 == 0 ? 1.0 : -1.0)) < 1e-6);
}

TEST_CASE("occlusion: what the prediction loses, by feature and by group") {
    const Floats background = normals(2 * 6, 1), row = normals(6, 2);
    LinearSoftmax network(6, 3, 3);
    const std::vector<std::uint32_t> players{0, 1, 0, 1, 2, 2};
    const auto view = View::row_major(background.data(), 2, 6);
    const auto value = [&](auto&& is_ours) {
        double sum = 0.0;
        for (std::size_t b = 0; b < 2; ++b) {
            Floats mixed = row, out(3);
            for (std::size_t j = 0; j < 6; ++j)
                if (!is_ours(j)) mixed[j] = background[b * 6 + j];
            network.predict(mixed.data(), out.data());
            sum += static_cast<double>(out[2]) / 2.0;
        }
        return sum;
    };
    const double all = value([](std::size_t) { return true; });
    const Answered single = explain(PredictionExplainer::occlusion(view), row, network.model(), 2);
    for (std::size_t p = 0; p < 6; ++p)
        CHECK(single.contributions[p] == doctest::Approx(all - value([&](std::size_t j) { return j != p; })));
    const Answered grouped =
        explain(PredictionExplainer::occlusion(view, {.players = players}), row, network.model(), 2);
    CHECK(grouped.contributions.size() == 3);
    for (std::size_t p = 0; p < 3; ++p)
        CHECK(grouped.contributions[p] == doctest::Approx(all - value([&](std::size_t j) { return players[j] != p; })));
    CHECK(grouped.explanation.prediction == doctest::Approx(all));
    CHECK(grouped.explanation.expected == doctest::Approx(value([](std::size_t) { return false; })));
}

TEST_CASE("explainer: batches, failures, hostile input and no allocation") {
    const Floats background = normals(3 * 5, 1), row = normals(5, 2);
    const auto view = View::row_major(background.data(), 3, 5);
    LinearSoftmax network(5, 3, 3);
    for (const auto& explainer : {PredictionExplainer::occlusion(view), PredictionExplainer::kernel_shap(view)}) {
        const Answered whole = explain(explainer, row, network.model(1000)),
                       single = explain(explainer, row, network.model(7));
        CHECK(whole.contributions == single.contributions);
        CHECK(whole.explanation.queries.calls == 1);
        network.fail_at_call = network.calls + 2;
        const Answered failed = explain(explainer, row, network.model(7));
        CHECK(failed.explanation.status == AnswerStatus::aborted);
        CHECK(failed.explanation.callback_status == 42);
        CHECK(failed.explanation.queries.rows == 14);
        CHECK(std::isnan(failed.contributions[0]));
        CHECK(std::isnan(failed.explanation.prediction));
        CHECK(explain(explainer, row, network.model(), 3).explanation.status == AnswerStatus::invalid_model);
        Floats hostile = row;
        hostile[2] = std::nanf("");
        CHECK(explain(explainer, hostile, network.model()).explanation.status == AnswerStatus::invalid_row);

        const auto fixed = [](View, std::span<float> out) {
            std::fill(out.begin(), out.end(), 0.5F);
            return 0;
        };
        const PredictModel model{.predict = vedette::perturbation::PredictFunction(fixed), .features = 5, .classes = 2};
        Floats workspace(explainer.workspace_size(model));
        std::vector<double> contributions(5);
        const std::size_t before = allocation_count();
        const Explanation answer = explainer.explain(row, 0, contributions, model, workspace);
        CHECK(allocation_count() == before);
        CHECK(answer.status == AnswerStatus::answered);
        CHECK(total(contributions) == 0.0);
        CHECK(explainer.explain(row, 0, std::span(contributions).first(4), model, workspace).status ==
              AnswerStatus::invalid_row);
        CHECK(explainer.explain(row, 0, contributions, model, std::span(workspace).first(9)).status ==
              AnswerStatus::workspace_too_small);
    }
}

TEST_CASE("explainer: misuse at set-up") {
    Floats background(3000);
    const auto code = [&](std::size_t rows, std::size_t columns, const ExplainerOptions& options) {
        return code_of([&] {
            (void)PredictionExplainer::kernel_shap(View::row_major(background.data(), rows, columns), options);
        });
    };
    CHECK(code(0, 3, {}) == ErrorCode::not_enough_data);
    CHECK(code(3, 0, {}) == ErrorCode::not_enough_data);
    CHECK(code(1, 1025, {}) == ErrorCode::invalid_argument);
    CHECK(code(1, 40, {.most_coalitions = 79}) == ErrorCode::invalid_argument);
    const std::vector<std::uint32_t> gap{0, 2, 2}, far{0, 1, 3}, few{0, 1};
    CHECK(code(1, 3, {.players = gap}) == ErrorCode::invalid_argument);
    CHECK(code(1, 3, {.players = far}) == ErrorCode::invalid_argument);
    CHECK(code(1, 3, {.players = few}) == ErrorCode::dimension_mismatch);
    background[1] = std::nanf("");
    CHECK(code(1, 3, {}) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)PredictionExplainer::occlusion(View::row_major(background.data(), 1, 3)); }) ==
          ErrorCode::invalid_argument);
}
