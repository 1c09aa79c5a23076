// SPDX-License-Identifier: Apache-2.0
// Every score, calibrated: the false-alarm rate is the nominal one on benign requests, and shifted requests alarm.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/perturbation/any_score.hpp"
#include "vedette/perturbation/embedding_scores.hpp"
#include "vedette/perturbation/half_space_trees.hpp"
#include "vedette/perturbation/histogram_score.hpp"
#include "vedette/perturbation/isolation_forest.hpp"
#include "vedette/perturbation/local_outlier_factor.hpp"
#include "vedette/perturbation/loda.hpp"
#include "vedette/perturbation/logit_scores.hpp"
#include "vedette/perturbation/mixture_score.hpp"
#include "vedette/perturbation/neighbour_score.hpp"
#include "vedette/perturbation/tail_scores.hpp"
#include "vedette/stats/conformal.hpp"

namespace perturbation = vedette::perturbation;

namespace {

constexpr std::size_t width = 12;
constexpr std::uint32_t classes = 3;
constexpr double level = 0.05;
constexpr std::size_t calibration_count = 199;  // (199 + 1) * 0.05 is whole: the rate is exact

// Rows of a mixture with heavy tails and correlated columns.
void draw_row(vedette::Random& random, std::uint32_t label, float* row) {
    const double scale = 1.0 / std::sqrt(0.2 + random.uniform());
    double previous = 0.0;
    for (std::size_t j = 0; j < width; ++j) {
        previous = 0.6 * previous + scale * random.normal();
        row[j] = static_cast<float>(previous + (j % classes == label ? 4.0 : 0.0));
    }
}

std::uint32_t draw_label(vedette::Random& random) {
    return static_cast<std::uint32_t>(random() % classes);
}

// Confident for benign rows, flat for others.
void draw_logits(vedette::Random& random, bool benign, float* row) {
    for (std::size_t j = 0; j < width; ++j) row[j] = static_cast<float>(random.normal());
    if (benign) row[random() % width] += static_cast<float>(6.0 + random.normal());
}

// Rounded to nearest, ties to even; of numbers that either type holds as normal ones or 0.
std::uint16_t half_of(float x, vedette::Dtype dtype) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (dtype == vedette::Dtype::bf16) return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
    const std::uint32_t sign = bits >> 16U & 0x8000U, size = bits & 0x7FFFFFFFU;
    if (size < 0x38800000U) return static_cast<std::uint16_t>(sign);  // below 2^-14
    const std::uint32_t rounded = size + 0xFFFU + (size >> 13U & 1U);
    return static_cast<std::uint16_t>(sign | (rounded - 0x38000000U) >> 13U);
}

// `draw(random, benign, row)`; each run has a calibration sample of its own and one live row of either kind.
template <class Score, class Draw>
void check(const std::string& name, std::uint64_t stream, const Score& score, const Draw& draw, double least_power,
           int runs = 4000) {
    vedette::Random random(51, stream);
    Rate alarms, found;
    std::vector<double> scores(calibration_count);
    std::vector<float> row(width);
    const auto next = [&](bool benign) {
        draw(random, benign, row.data());
        return score.score(row);
    };
    for (int run = 0; run < runs; ++run) {
        for (double& each : scores) each = next(true);
        const vedette::stats::ConformalCalibration calibration(scores);
        alarms.add(calibration.decide(next(true), level) == vedette::Decision::alarm);
        found.add(calibration.decide(next(false), level) == vedette::Decision::alarm);
    }
    MESSAGE(name, ": false alarms ", alarms.value(), ", found ", found.value());
    CHECK(alarms.at_most(level));
    CHECK(alarms.at_least(level));
    CHECK(found.at_least(least_power));
}

}  // namespace

TEST_CASE("logit scores keep the false-alarm rate and find flat rows") {
    for (unsigned kind = 0; kind < 6; ++kind) {
        const auto of = static_cast<perturbation::LogitScoreKind>(kind);
        check(logit_score_name(of), kind, perturbation::LogitScore(of), draw_logits, 0.9);
    }
}

TEST_CASE("logit scores of halves keep the false-alarm rate") {
    // Ties among values of few bits are part of it: a calibration that breaks them by chance keeps the rate exactly,
    // and one that does not alarms no more often.
    for (const vedette::Dtype dtype : {vedette::Dtype::f16, vedette::Dtype::bf16}) {
        for (unsigned kind = 0; kind < 6; ++kind) {
            const auto of = static_cast<perturbation::LogitScoreKind>(kind);
            const perturbation::LogitScore score(of);
            vedette::Random random(56, kind + (dtype == vedette::Dtype::f16 ? 0U : 10U));
            Rate alarms, found;
            std::vector<double> scores(calibration_count);
            std::vector<float> row(width);
            std::vector<std::uint16_t> halves(width);
            const auto next = [&](bool benign) {
                draw_logits(random, benign, row.data());
                for (std::size_t j = 0; j < width; ++j) halves[j] = half_of(row[j], dtype);
                return score.score(halves, dtype);
            };
            for (int run = 0; run < 1500; ++run) {
                for (double& each : scores) each = next(true);
                const vedette::stats::ConformalCalibration calibration(scores);
                alarms.add(calibration.decide(next(true), level) == vedette::Decision::alarm);
                found.add(calibration.decide(next(false), level) == vedette::Decision::alarm);
            }
            MESSAGE(std::string(logit_score_name(of)), std::string(dtype == vedette::Dtype::f16 ? " f16" : " bf16"),
                    ": false alarms ", alarms.value(), ", found ", found.value());
            CHECK(alarms.at_most(level));
            CHECK(found.at_least(0.9));
        }
    }
}

TEST_CASE("logit scores of 100,000 classes keep the false-alarm rate") {
    // A row is a window of a long list of normal numbers, begun anywhere, with one class raised: drawn cheaply, and
    // alike from row to row. 19 rows calibrate: (19 + 1) * 0.05 is whole.
    constexpr std::size_t many = 100'000, rows = 19;
    vedette::Random random(57);
    std::vector<float> list(3 * many);
    for (float& x : list) x = static_cast<float>(random.normal());
    const auto all_of = [&](bool benign) {
        const std::span<float> row = std::span(list).subspan(random() % (2 * many), many);
        float& raised = row[random() % many];
        const float kept = raised;
        if (benign) raised += static_cast<float>(16.0 + random.normal());
        const perturbation::LogitScores scores =
            perturbation::LogitScore(perturbation::LogitScoreKind::energy).all(row);
        raised = kept;
        return std::array{scores.max_softmax,         scores.max_logit, scores.energy,
                          scores.generalised_entropy, scores.entropy,   scores.margin};
    };
    constexpr std::size_t kinds = 6;
    std::array<Rate, kinds> alarms, found;
    std::array<std::vector<double>, kinds> scores;
    for (auto& each : scores) each.resize(rows);
    for (int run = 0; run < 500; ++run) {
        for (std::size_t i = 0; i < rows; ++i) {
            const auto row = all_of(true);
            for (std::size_t k = 0; k < kinds; ++k) scores[k][i] = row[k];
        }
        const auto benign = all_of(true), flat = all_of(false);
        for (std::size_t k = 0; k < kinds; ++k) {
            const vedette::stats::ConformalCalibration calibration(scores[k]);
            alarms[k].add(calibration.decide(benign[k], level) == vedette::Decision::alarm);
            found[k].add(calibration.decide(flat[k], level) == vedette::Decision::alarm);
        }
    }
    for (std::size_t k = 0; k < kinds; ++k) {
        MESSAGE(std::string(logit_score_name(static_cast<perturbation::LogitScoreKind>(k))),
                " of 100,000: false alarms ", alarms[k].value(), ", found ", found[k].value());
        CHECK(alarms[k].at_most(level));
        CHECK(alarms[k].at_least(level));
        CHECK(found[k].at_least(0.9));
    }
}

TEST_CASE("Mahalanobis and tail scores keep the false-alarm rate and find shifted rows") {
    vedette::Random random(52);
    const std::size_t n = 400;
    std::vector<float> reference(n * width);
    std::vector<std::uint32_t> labels(n);
    for (std::size_t i = 0; i < n; ++i) draw_row(random, labels[i] = draw_label(random), &reference[i * width]);
    const auto view = vedette::MatrixView<float>::row_major(reference.data(), n, width);
    const auto draw = [](vedette::Random& generator, bool benign, float* row) {
        draw_row(generator, draw_label(generator), row);
        if (!benign)
            for (std::size_t j = 0; j < width; ++j) row[j] += j % 2 == 0 ? 9.0F : -9.0F;
    };
    std::uint64_t stream = 10;
    for (const bool relative : {false, true}) {
        for (const bool normalise : {false, true}) {
            const perturbation::MahalanobisScore score(view, labels, classes,
                                                       {.relative = relative, .normalise = normalise});
            check(std::string("Mahalanobis") + (relative ? ", relative" : "") + (normalise ? ", normalised" : ""),
                  stream++, score, draw, 0.5);
        }
    }
    check("Mahalanobis of rank 4", stream++, perturbation::MahalanobisScore(view, labels, classes, {.rank = 4}), draw,
          0.0, 2000);
    for (unsigned kind = 0; kind < 3; ++kind)
        check("tails " + std::to_string(kind), stream++,
              perturbation::TailScore(view, static_cast<perturbation::TailScoreKind>(kind)), draw, 0.5);
}

TEST_CASE("neighbours and mixtures keep the false-alarm rate and find shifted rows") {
    vedette::Random random(54);
    const std::size_t n = 200;
    constexpr int runs = 1000;
    std::vector<float> reference(n * width);
    for (std::size_t i = 0; i < n; ++i) draw_row(random, draw_label(random), &reference[i * width]);
    const auto view = vedette::MatrixView<float>::row_major(reference.data(), n, width);
    const auto draw = [](vedette::Random& generator, bool benign, float* row) {
        draw_row(generator, draw_label(generator), row);
        if (!benign)
            for (std::size_t j = 0; j < width; ++j) row[j] += j % 2 == 0 ? 9.0F : -9.0F;
    };
    check("nearest neighbours", 50, perturbation::NeighbourScore(view, {.neighbours = 10}), draw, 0.5, runs);
    check("nearest neighbours of a coreset", 51, perturbation::NeighbourScore(view, {.neighbours = 3, .coreset = 60}),
          draw, 0.5, runs);
    check("nearest neighbours, scanned as floats", 58,
          perturbation::NeighbourScore(view, {.neighbours = 10, .scan = perturbation::NeighbourScan::float32}), draw,
          0.5, runs);
    check("local intrinsic dimensionality", 52,
          perturbation::NeighbourScore(
              view, {.kind = perturbation::NeighbourScoreKind::intrinsic_dimensionality, .neighbours = 20}),
          draw, 0.5, runs);
    std::uint64_t stream = 53;
    for (const auto kind :
         {perturbation::MixtureScoreKind::negative_log_likelihood, perturbation::MixtureScoreKind::typicality})
        for (const auto covariance : {perturbation::MixtureCovariance::diagonal, perturbation::MixtureCovariance::full})
            check(std::string(mixture_score_name(kind)), stream++,
                  perturbation::MixtureScore(view, {.kind = kind, .components = 3, .covariance = covariance}), draw,
                  0.5, runs);
}

TEST_CASE("scores with the last layer, of subspaces and of matching keep the false-alarm rate") {
    vedette::Random random(55);
    const std::size_t n = 300;
    constexpr int runs = 1000;
    std::vector<float> reference(n * width), logits(n * width), weights(classes * width);
    std::vector<std::uint32_t> labels(n);
    const auto draw = [](vedette::Random& generator, bool benign, float* row) {
        draw_row(generator, draw_label(generator), row);
        // Activations of a rectified layer, never all 0 (of which some kinds cannot tell); others light up where no
        // class does.
        for (std::size_t j = 0; j < width; ++j) row[j] = std::max(0.01F, benign ? row[j] : 9.0F - row[j]);
    };
    for (std::size_t i = 0; i < n; ++i) {
        draw_row(random, labels[i] = draw_label(random), &reference[i * width]);
        for (std::size_t j = 0; j < width; ++j) reference[i * width + j] = std::max(0.01F, reference[i * width + j]);
        draw_logits(random, true, &logits[i * width]);
    }
    for (std::size_t c = 0; c < classes; ++c)
        for (std::size_t j = 0; j < width; ++j)
            weights[c * width + j] = static_cast<float>((j % classes == c ? 1.0 : -0.4) + 0.1 * random.normal());
    const std::vector<float> bias{0.1F, -0.1F, 0.0F};
    const perturbation::ScoreReference given{
        .rows = vedette::MatrixView<float>::row_major(reference.data(), n, width),
        .labels = labels,
        .head_weights = vedette::MatrixView<float>::row_major(weights.data(), classes, width),
        .head_bias = bias};
    std::uint64_t stream = 70;
    // The rate is claimed of all; power of those that look at directions, the others see other kinds of novelty.
    const auto finds_them = [](std::string_view kind) { return kind == "fdbd" || kind == "nci" || kind == "react"; };
    for (const char* const kind :
         {"residual", "vim", "class_prototype", "fdbd", "nci", "react", "ash_p", "ash_b", "ash_s", "scale"})
        check(kind, stream++,
              perturbation::fit_score(
                  kind, std::string_view(kind) == "residual" || std::string_view(kind) == "vim" ? "dimension=4" : "",
                  given),
              draw, finds_them(kind) ? 0.5 : 0.0, runs);
    check("kl_matching", stream,
          perturbation::fit_score("kl_matching", {},
                                  {.rows = vedette::MatrixView<float>::row_major(logits.data(), n, width)}),
          draw_logits, 0.5, runs);
}

TEST_CASE("scores of raw features keep the false-alarm rate and find shifted rows") {
    vedette::Random random(53);
    const std::size_t n = 300;
    std::vector<float> reference(n * width);
    for (std::size_t i = 0; i < n; ++i) draw_row(random, draw_label(random), &reference[i * width]);
    const auto view = vedette::MatrixView<float>::row_major(reference.data(), n, width);
    const auto draw = [](vedette::Random& generator, bool benign, float* row) {
        draw_row(generator, draw_label(generator), row);
        if (!benign)
            for (std::size_t j = 0; j < width; ++j) row[j] += j % 2 == 0 ? 9.0F : -9.0F;
    };
    check("isolation forest", 30, perturbation::IsolationForest(view, {.trees = 32}), draw, 0.5);
    check("extended isolation forest", 31, perturbation::IsolationForest(view, {.trees = 16, .extension = 2}), draw,
          0.5);
    for (unsigned kind = 0; kind < 3; ++kind)
        check("histograms " + std::to_string(kind), 32 + kind,
              perturbation::HistogramScore(view, {.kind = static_cast<perturbation::HistogramScoreKind>(kind)}), draw,
              0.5);
    check("local outlier factor", 35, perturbation::LocalOutlierFactor(view), draw, 0.5);
    check("LODA", 36, perturbation::Loda(view), draw, 0.5);
    for (unsigned kind = 0; kind < 2; ++kind)
        check("half-space trees " + std::to_string(kind), 37 + kind,
              perturbation::HalfSpaceTrees(view, {.kind = static_cast<perturbation::HalfSpaceTreesKind>(kind)}), draw,
              0.5);
}

// Whatever kinds there are, by their names, from the vectors alone: none is left out. `check` above says what they
// find.
TEST_CASE("every kind of score by its name keeps the false-alarm rate") {
    constexpr std::size_t n = 300, few = 19;  // (19 + 1) * 0.05 is whole
    constexpr int runs = 400;
    vedette::Random random(58);
    // Activations of a rectified layer, never all 0; logits; a label of two, of which a combination tells the rows
    // apart.
    const auto draw = [](vedette::Random& generator, bool are_logits, std::uint32_t label, float* row) {
        if (are_logits) return draw_logits(generator, true, row);
        draw_row(generator, label, row);
        for (std::size_t j = 0; j < width; ++j) row[j] = std::max(0.01F, row[j]);
    };
    std::vector<float> reference(n * width), logits(n * width), weights(classes * width);
    std::vector<std::uint32_t> labels(n), halves(n);
    for (std::size_t i = 0; i < n; ++i) {
        draw(random, false, labels[i] = draw_label(random), &reference[i * width]);
        draw(random, true, 0, &logits[i * width]);
        halves[i] = labels[i] % 2;
    }
    for (float& x : weights) x = static_cast<float>(random.normal());
    const std::vector<float> bias{0.1F, -0.1F, 0.0F};
    const auto view_of = [&](const std::vector<float>& rows) {
        return vedette::MatrixView<float>::row_major(rows.data(), n, width);
    };
    std::size_t judged = 0;
    for (const perturbation::ScoreKindInfo& kind : perturbation::score_kinds()) {
        CAPTURE(kind.name);
        if (kind.input == perturbation::ScoreInput::model) continue;  // query_score_guarantee.cpp
        const bool are_logits = kind.input == perturbation::ScoreInput::logits;
        const bool are_scores = kind.input == perturbation::ScoreInput::scores;
        const std::string_view name = kind.name;
        std::vector<std::string> options{name == "residual" || name == "vim" ? "dimension=4" : ""};
        if (name == "mahalanobis") options.emplace_back("storage=int16");
        for (const std::string& option : options) {
            const perturbation::AnyScore score = perturbation::fit_score(
                name, option,
                {.rows = view_of(are_logits ? logits : reference),
                 .labels = are_scores ? std::span<const std::uint32_t>(halves) : labels,
                 .head_weights = vedette::MatrixView<float>::row_major(weights.data(), classes, width),
                 .head_bias = bias});
            Rate alarms;
            std::size_t untold = 0;
            std::vector<double> scores(few);
            std::vector<float> row(width);
            const auto next = [&] {
                draw(random, are_logits, draw_label(random), row.data());
                const double value = score.score(row);
                untold += std::isnan(value) ? 1U : 0U;
                return value;
            };
            for (int run = 0; run < runs; ++run) {
                for (double& each : scores) each = next();
                const vedette::stats::ConformalCalibration calibration(scores);
                alarms.add(calibration.decide(next(), level) == vedette::Decision::alarm);
            }
            CHECK(untold == 0);
            CHECK(alarms.at_most(level));
            CHECK(alarms.alarms > 0);  // of 400, where ties take no more than half of 5 % once in 20,000 seeds
            ++judged;
        }
    }
    CHECK(judged >= 35);
}
