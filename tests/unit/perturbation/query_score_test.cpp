// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/query_score.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/perturbation/toy_models.hpp"
#include "unit/test_values.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::Answer;
using perturbation::AnswerStatus;
using perturbation::PredictModel;
using perturbation::QueryScore;
using perturbation::Squeezer;
using vedette::ErrorCode;
using vedette::testing::code_of;
using vedette::testing::LinearSoftmax;
using Floats = std::vector<float>;
using View = vedette::MatrixView<float>;

constexpr std::size_t width = 36, classes = 5;
constexpr perturbation::ImageShape shape{6, 6, 1};
constexpr float infinite = std::numeric_limits<float>::infinity();

Floats rows(std::size_t count, std::uint64_t seed) {
    vedette::Random random(seed);
    Floats values(count * width);
    for (float& x : values) x = static_cast<float>(random.uniform());
    return values;
}

QueryScore squeezing() {
    return QueryScore::feature_squeezing(
        {.shape = shape,
         .squeezers = {Squeezer::bit_depth(1), Squeezer::median(2), Squeezer::median(3),
                       Squeezer::non_local_means({.search_window = 3, .patch = 3, .strength = 0.3F})}});
}

std::vector<QueryScore> every_kind() {
    static const Floats reference = rows(20, 5);
    const auto view = View::row_major(reference.data(), 20, width);
    return {squeezing(), QueryScore::strip(view), QueryScore::noise_stability({.width = width}),
            QueryScore::marginal_resampling(view)};
}

Answer ask(const QueryScore& score, const Floats& row, const PredictModel& model) {
    Floats workspace(score.workspace_size(model));
    return score.score(row, model, workspace);
}

double l1(const Floats& a, const Floats& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    return sum;
}

}  // namespace

TEST_CASE("feature squeezing: the largest change of the prediction over its filters") {
    LinearSoftmax network(width, classes, 1);
    const auto predict = [&](const Floats& row) {
        Floats out(classes);
        network.predict(row.data(), out.data());
        return out;
    };
    const Floats row = rows(1, 2);
    Floats squeezed(width), workspace(10000);
    double expected = 0.0;
    const auto take = [&] { expected = std::max(expected, l1(predict(row), predict(squeezed))); };
    perturbation::reduce_bits(row, 1, 1.0F, squeezed);
    take();
    for (const unsigned window : {2U, 3U}) {
        perturbation::median_filter(row, shape, window, squeezed);
        take();
    }
    perturbation::non_local_means(row, shape, {.search_window = 3, .patch = 3, .strength = 0.3F}, squeezed, workspace);
    take();
    const Answer answer = ask(squeezing(), row, network.model());
    CHECK(answer.score == expected);
    CHECK(answer.queries.rows == 5);
    CHECK(expected > 0.1);
    // What no filter changes is not strange.
    CHECK(ask(squeezing(), Floats(width, 1.0F), network.model()).score < 1e-5);
}

TEST_CASE("STRIP: the mean entropy in bits of each prediction over classes, not over copies") {
    const Floats overlays = rows(7, 3), row = rows(1, 4);
    LinearSoftmax network(width, classes, 1);
    std::vector<Floats> predictions;
    for (std::size_t k = 0; k < 7; ++k) {
        Floats blend(width), p(classes);
        for (std::size_t j = 0; j < width; ++j) blend[j] = 0.5F * row[j] + 0.5F * overlays[k * width + j];
        network.predict(blend.data(), p.data());
        predictions.push_back(p);
    }
    double over_classes = 0.0, over_copies = 0.0;
    for (const Floats& p : predictions)
        for (const float x : p) over_classes -= static_cast<double>(x) * std::log2(static_cast<double>(x)) / 7.0;
    // ART's `scipy.stats.entropy(predictions, axis=0)`: one number per class, of the copies' shares in it.
    for (std::size_t c = 0; c < classes; ++c) {
        double total = 0.0;
        for (const Floats& p : predictions) total += static_cast<double>(p[c]);
        for (const Floats& p : predictions) {
            const double share = static_cast<double>(p[c]) / total;
            over_copies -= share * std::log2(share) / static_cast<double>(classes);
        }
    }
    const Answer answer = ask(QueryScore::strip(View::row_major(overlays.data(), 7, width)), row, network.model());
    CHECK(answer.score == doctest::Approx(-over_classes).epsilon(1e-6));
    CHECK(std::fabs(over_copies - over_classes) > 0.1);
    CHECK(answer.queries.rows == 7);
    // The bounds: certain, and evenly undecided.
    LinearSoftmax even(width, 4, 1, 0.0), certain(width, 4, 1, 0.0);
    certain.bias[2] = 500.0F;
    const QueryScore strip = QueryScore::strip(View::row_major(overlays.data(), 7, width));
    CHECK(ask(strip, row, even.model()).score == doctest::Approx(-2.0));
    CHECK(ask(strip, row, certain.model()).score == 0.0);
}

TEST_CASE("STRIP: weights of 1 and clipping are the paper's blend") {
    const Floats overlay(width, 0.75F), row(width, 0.5F);
    Floats seen;
    const auto look = [&](View x, std::span<float> out) {
        seen.assign(x.data(), x.data() + width);
        out[0] = out[1] = 0.5F;
        return 0;
    };
    const auto strip = QueryScore::strip(View::row_major(overlay.data(), 1, width),
                                         {.row_weight = 1.0F, .overlay_weight = 1.0F, .lowest = 0.0F, .highest = 1.0F});
    CHECK(ask(strip, row, {.predict = perturbation::PredictFunction(look), .features = width, .classes = 2}).score ==
          -1.0);
    CHECK(seen == Floats(width, 1.0F));
}

TEST_CASE("stability: rows at the boundary change more; seeds repeat") {
    LinearSoftmax network(2, 2, 1, 0.0);
    network.weights = {4.0F, 0.0F, 0.0F, 0.0F};
    const QueryScore score = QueryScore::noise_stability({.width = 2, .copies = 64, .seed = 3});
    const double near = ask(score, {0.0F, 5.0F}, network.model()).score;
    CHECK(near > 20.0 * ask(score, {2.0F, 5.0F}, network.model()).score);
    // 2 E|sigmoid(4 x) - 1/2| for x normal with deviation 0.1, by the sigmoid's slope 1/4.
    CHECK(near == doctest::Approx(2.0 * 0.1 * std::sqrt(2.0 / 3.14159265)).epsilon(0.25));
    CHECK(
        ask(QueryScore::noise_stability({.width = 2, .copies = 64, .seed = 3}), {0.0F, 5.0F}, network.model()).score ==
        near);
    CHECK(
        ask(QueryScore::noise_stability({.width = 2, .copies = 64, .seed = 4}), {0.0F, 5.0F}, network.model()).score !=
        near);
}

TEST_CASE("marginal resampling: copies take values of the same column, and at least one") {
    Floats reference;
    for (int i = 0; i < 10; ++i)
        for (int j = 0; j < 3; ++j) reference.push_back(static_cast<float>(100 * (j + 1) + i));
    std::size_t changed = 0, rows_seen = 0, least = 9;
    bool is_of_column = true;
    const auto look = [&](View x, std::span<float> out) {
        for (std::size_t i = 0; i < x.rows(); ++i) {
            std::size_t changes = 0;
            for (std::size_t j = 0; j < 3; ++j) {
                if (x(i, j) == 0.0F) continue;
                ++changes;
                const auto base = static_cast<float>(100 * (j + 1));
                is_of_column = is_of_column && x(i, j) >= base && x(i, j) < base + 10.0F;
            }
            if (rows_seen++ > 0) {
                changed += changes;
                least = std::min(least, changes);
            }
            out[2 * i] = 1.0F;
            out[2 * i + 1] = 0.0F;
        }
        return 0;
    };
    const auto score =
        QueryScore::marginal_resampling(View::row_major(reference.data(), 10, 3), {.copies = 3000, .share = 0.2});
    CHECK(ask(score, Floats(3, 0.0F), {.predict = perturbation::PredictFunction(look), .features = 3, .classes = 2})
              .score == 0.0);
    CHECK(rows_seen == 3001);
    CHECK(is_of_column);
    CHECK(least == 1);
    // 3 x 0.2, and one where there were none: 0.8^3.
    CHECK(static_cast<double>(changed) / 3000.0 == doctest::Approx(0.6 + 0.512).epsilon(0.03));
}

TEST_CASE("query scores: batches only change the number of calls; logits are as their softmax") {
    const Floats row = rows(1, 9);
    for (const QueryScore& score : every_kind()) {
        LinearSoftmax whole(width, classes, 1), single(width, classes, 1), logits(width, classes, 1);
        logits.as_logits = true;
        const Answer a = ask(score, row, whole.model(1000)), b = ask(score, row, single.model(3));
        CHECK(a.status == AnswerStatus::answered);
        CHECK(a.score == b.score);
        CHECK(a.queries.calls == 1);
        CHECK(a.queries.rows == score.queries_per_row());
        CHECK(b.queries.rows == score.queries_per_row());
        CHECK(b.queries.calls == (score.queries_per_row() + 2) / 3);
        CHECK(single.calls == b.queries.calls);
        CHECK(single.largest_batch == 3);
        CHECK(single.rows == b.queries.rows);
        CHECK(ask(score, row, logits.model()).score == doctest::Approx(a.score).epsilon(1e-5));
    }
}

TEST_CASE("query scores: a failing callback stops them, says why, and its cost is counted") {
    const Floats row = rows(1, 9);
    for (const QueryScore& score : every_kind()) {
        LinearSoftmax network(width, classes, 1);
        network.fail_at_call = 2;
        const Answer answer = ask(score, row, network.model(2));
        CHECK(answer.status == AnswerStatus::aborted);
        CHECK(answer.callback_status == 42);
        CHECK(std::isnan(answer.score));
        CHECK(answer.queries.calls == 2);
        CHECK(answer.queries.rows == network.rows);
        network.fail_at_call = 0;
        CHECK(ask(score, row, network.model(2)).status == AnswerStatus::answered);

        const auto throws = [](View, std::span<float>) -> int { throw std::runtime_error("no model"); };
        const Answer thrown =
            ask(score, row, {.predict = perturbation::PredictFunction(throws), .features = width, .classes = classes});
        CHECK(thrown.status == AnswerStatus::aborted);
        CHECK(thrown.callback_status == perturbation::PredictFunction::threw);

        perturbation::ModelQueries queries;
        network.fail_at_call = network.calls + 3;
        const Floats benign = rows(30, 10);
        CHECK(code_of([&] {
                  (void)score.calibrate(View::row_major(benign.data(), 30, width), network.model(), {}, &queries);
              }) == ErrorCode::callback_aborted);
        CHECK(queries.calls == 3);
    }
}

TEST_CASE("query scores: hostile rows, models and predictions are told apart") {
    const Floats row = rows(1, 9);
    for (const QueryScore& score : every_kind()) {
        LinearSoftmax network(width, classes, 1);
        for (const float bad : {std::nanf(""), infinite, -infinite}) {
            Floats hostile = row;
            hostile[7] = bad;
            CHECK(ask(score, hostile, network.model()).status == AnswerStatus::invalid_row);
        }
        CHECK(ask(score, Floats(width - 1), network.model()).status == AnswerStatus::invalid_row);
        CHECK(ask(score, {}, network.model()).status == AnswerStatus::invalid_row);
        CHECK(network.calls == 0);
        CHECK(ask(score, Floats(width, std::numeric_limits<float>::denorm_min()), network.model()).status ==
              AnswerStatus::answered);

        PredictModel model = network.model();
        Floats workspace(score.workspace_size(model));
        CHECK(score.score(row, model, std::span(workspace).first(workspace.size() - 1)).status ==
              AnswerStatus::workspace_too_small);
        model.classes = 0;
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_model);
        model = network.model();
        model.batch_rows = 0;
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_model);
        model = network.model();
        model.features = width + 1;
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_model);
        model = network.model();
        model.predict = {};
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_model);
        model = network.model();
        model.batch_rows = std::numeric_limits<std::size_t>::max();
        CHECK(score.workspace_size(model) == std::numeric_limits<std::size_t>::max());
        CHECK(score.score(row, model, workspace).status == AnswerStatus::workspace_too_small);

        // Not finite, negative, no sum of 1, and not written at all.
        for (const float first : {std::nanf(""), infinite, -0.5F, 0.9F, 2.0F}) {
            const auto lies = [&](View x, std::span<float> out) {
                std::fill(out.begin(), out.end(), 0.2F);
                out[(x.rows() - 1) * classes] = first;
                return 0;
            };
            model = network.model();
            model.predict = perturbation::PredictFunction(lies);
            const Answer answer = ask(score, row, model);
            CHECK(answer.status == AnswerStatus::invalid_prediction);
            CHECK(std::isnan(answer.score));
        }
        const auto silent = [](View, std::span<float>) { return 0; };
        model.predict = perturbation::PredictFunction(silent);
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_prediction);
        model.output = perturbation::ModelOutput::logits;
        CHECK(ask(score, row, model).status == AnswerStatus::invalid_prediction);
        const auto huge = [](View, std::span<float> out) {
            std::fill(out.begin(), out.end(), -3e38F);
            for (std::size_t i = 0; i < out.size(); i += classes) out[i] = 3e38F;
            return 0;
        };
        model.predict = perturbation::PredictFunction(huge);
        CHECK(ask(score, row, model).score == 0.0);
    }
}

TEST_CASE("query scores: no allocation but the model's own") {
    const auto fixed = [](View, std::span<float> out) {
        std::fill(out.begin(), out.end(), 0.2F);
        return 0;
    };
    const PredictModel model{
        .predict = perturbation::PredictFunction(fixed), .features = width, .classes = classes, .batch_rows = 4};
    const Floats row = rows(1, 9);
    for (const QueryScore& score : every_kind()) {
        Floats workspace(score.workspace_size(model));
        const std::size_t before = allocation_count();
        const Answer answer = score.score(row, model, workspace);
        CHECK(allocation_count() == before);
        CHECK(answer.status == AnswerStatus::answered);
    }
}

TEST_CASE("query scores: misuse at set-up") {
    const auto squeeze = [](const perturbation::FeatureSqueezingOptions& options) {
        return code_of([&] { (void)QueryScore::feature_squeezing(options); });
    };
    CHECK(squeeze({.shape = shape, .squeezers = {}}) == ErrorCode::invalid_argument);
    CHECK(squeeze({.shape = {0, 3, 1}, .squeezers = {Squeezer::median(2)}}) == ErrorCode::invalid_argument);
    CHECK(squeeze({.shape = shape, .squeezers = {Squeezer::median(4)}}) == ErrorCode::invalid_argument);
    CHECK(squeeze({.shape = shape, .squeezers = {Squeezer::bit_depth(0)}}) == ErrorCode::invalid_argument);
    CHECK(squeeze({.shape = shape, .highest = -1.0F, .squeezers = {Squeezer::median(2)}}) ==
          ErrorCode::invalid_argument);
    CHECK(squeeze({.shape = shape, .squeezers = {Squeezer::non_local_means({})}}) == ErrorCode::invalid_argument);
    Floats overlay(width);
    const auto strip = [&](std::size_t count, const perturbation::StripOptions& options) {
        return code_of([&] { (void)QueryScore::strip(View::row_major(overlay.data(), count, width), options); });
    };
    CHECK(strip(0, {}) == ErrorCode::not_enough_data);
    CHECK(strip(1, {.row_weight = infinite}) == ErrorCode::invalid_argument);
    CHECK(strip(1, {.lowest = 1.0F, .highest = 0.0F}) == ErrorCode::invalid_argument);
    CHECK(strip(1, {.lowest = std::nanf("")}) == ErrorCode::invalid_argument);
    overlay[3] = std::nanf("");
    CHECK(strip(1, {}) == ErrorCode::invalid_argument);
    const auto noise = [](const perturbation::NoiseStabilityOptions& options) {
        return code_of([&] { (void)QueryScore::noise_stability(options); });
    };
    CHECK(noise({}) == ErrorCode::invalid_argument);
    CHECK(noise({.width = 3, .copies = 0}) == ErrorCode::invalid_argument);
    CHECK(noise({.width = 3, .standard_deviation = 0.0}) == ErrorCode::invalid_argument);
    CHECK(noise({.width = std::size_t{1} << 40U, .copies = std::size_t{1} << 40U}) == ErrorCode::overflow);
    const Floats reference = rows(2, 1);
    for (const double share : {0.0, -0.1, 1.1, std::nan("")})
        CHECK(code_of([&] {
                  (void)QueryScore::marginal_resampling(View::row_major(reference.data(), 2, width), {.share = share});
              }) == ErrorCode::invalid_argument);
}

TEST_CASE("bytes: each kind comes back asking the same and scoring the same bits, and lies are refused") {
    LinearSoftmax network(width, classes, 1);
    const Floats row = rows(1, 2);
    for (const QueryScore& score : every_kind()) {
        CAPTURE(perturbation::query_score_name(score.kind()));
        const std::vector<std::byte> bytes = score.serialize();
        const QueryScore again = QueryScore::deserialize(bytes);
        CHECK(again.serialize() == bytes);
        CHECK(again.kind() == score.kind());
        CHECK(again.width() == score.width());
        CHECK(ask(again, row, network.model()).score == ask(score, row, network.model()).score);
        for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 50)
            CHECK(code_of([&] { (void)QueryScore::deserialize(std::span(bytes).first(length)); }) ==
                  ErrorCode::corrupt_data);
        std::vector<std::byte> changed = bytes;
        changed.back() ^= std::byte{1};
        CHECK(code_of([&] { (void)QueryScore::deserialize(changed); }) == ErrorCode::corrupt_data);
    }
}

TEST_CASE("queries: what is written is what the model is asked, in that order") {
    LinearSoftmax network(width, classes, 1);
    const Floats row = rows(1, 2);
    for (const QueryScore& score : every_kind()) {
        Floats asked, queries(score.queries_per_row() * width);
        const auto record = [&](View x, std::span<float> outputs) {
            asked.insert(asked.end(), x.data(), x.data() + x.rows() * width);
            return network(x, outputs);
        };
        PredictModel model = network.model(3);
        model.predict = perturbation::PredictFunction(record);
        CHECK(std::isfinite(ask(score, row, model).score));
        score.write_queries(row, queries);
        CHECK(asked == queries);
        CHECK(code_of([&] { score.write_queries(std::span(row).first(3), queries); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { score.write_queries(row, std::span(queries).first(3)); }) == ErrorCode::dimension_mismatch);
    }
}
