// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model, calibrated: the false-alarm rate is the nominal one, and what each is for is found.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "unit/perturbation/toy_models.hpp"
#include "vedette/perturbation/query_score.hpp"

namespace perturbation = vedette::perturbation;

namespace {

using perturbation::QueryScore;
using perturbation::Squeezer;
using vedette::MatrixView;
using vedette::Random;
using vedette::testing::BackdooredNetwork;
using vedette::testing::LinearSoftmax;

constexpr double level = 0.05;
constexpr std::size_t calibration_count = 199;  // (199 + 1) * 0.05 is whole: the rate is exact

// `draw(random, benign, row)`; each run has a calibration sample of its own and one live row of either kind.
template <class Draw>
void check(const std::string& name, std::uint64_t stream, const QueryScore& score,
           const perturbation::PredictModel& model, const Draw& draw, int runs, double least_power) {
    Random random(61, stream);
    Rate alarms, found;
    std::vector<float> benign(calibration_count * score.width()), row(score.width());
    std::vector<float> workspace(score.workspace_size(model));
    for (int run = 0; run < runs; ++run) {
        for (std::size_t i = 0; i < calibration_count; ++i) draw(random, true, &benign[i * score.width()]);
        const auto calibration =
            score.calibrate(MatrixView<float>::row_major(benign.data(), calibration_count, score.width()), model);
        for (const bool is_benign : {true, false}) {
            draw(random, is_benign, row.data());
            const auto answer = score.score(row, model, workspace);
            (is_benign ? alarms : found).add(calibration.decide(answer.score, level) == vedette::Decision::alarm);
        }
    }
    MESSAGE(name, ": false alarms ", alarms.value(), ", found ", found.value());
    CHECK(alarms.at_most(level));
    CHECK(alarms.at_least(level));
    CHECK(found.at_least(least_power));
}

}  // namespace

TEST_CASE("STRIP keeps the false-alarm rate and finds the trigger of a planted backdoor") {
    const BackdooredNetwork network(3);
    Random random(62);
    std::vector<float> overlays(10 * BackdooredNetwork::features);
    for (std::size_t i = 0; i < 10; ++i)
        network.draw(random, random() % BackdooredNetwork::classes, &overlays[i * BackdooredNetwork::features]);
    const auto strip =
        QueryScore::strip(MatrixView<float>::row_major(overlays.data(), 10, BackdooredNetwork::features));
    std::size_t hijacked = 0, asked = 0;
    const auto draw = [&](Random& source, bool benign, float* row) {
        const std::size_t label = source() % BackdooredNetwork::classes;
        network.draw(source, label, row);
        if (benign) return;
        for (const std::size_t j : BackdooredNetwork::trigger()) row[j] = 1.0F;
        float p[BackdooredNetwork::classes];
        (void)network(MatrixView<float>::row_major(row, 1, BackdooredNetwork::features), p);
        ++asked;
        hijacked += p[0] > 0.99F ? 1U : 0U;
    };
    check("strip", 0, strip, network.model(), draw, 600, 0.95);
    CHECK(hijacked == asked);  // the backdoor works: there is something to find
}

TEST_CASE("feature squeezing keeps the false-alarm rate and finds noise that a median takes away") {
    // Two classes by the sum of differences of neighbours, which a checkerboard of small amplitude drives.
    constexpr std::size_t side = 8, width = side * side;
    LinearSoftmax network(width, 2, 1, 0.0);
    for (std::size_t j = 0; j < width; ++j) network.weights[j] = (j / side + j % side) % 2 == 0 ? 1.0F : -1.0F;
    const auto draw = [](Random& random, bool benign, float* row) {
        const double slope = random.uniform(), level_of = random.uniform();
        for (std::size_t j = 0; j < width; ++j) {
            const double x = static_cast<double>(j % side) / side;
            row[j] = static_cast<float>(0.25 + 0.25 * level_of + 0.25 * slope * x + 0.02 * random.normal() +
                                        (benign ? 0.0 : ((j / side + j % side) % 2 == 0 ? 0.05 : -0.05)));
        }
    };
    const auto score = QueryScore::feature_squeezing(
        {.shape = {side, side, 1}, .squeezers = {Squeezer::bit_depth(5), Squeezer::median(3)}});
    check("feature squeezing", 1, score, network.model(), draw, 1500, 0.95);
    const auto averaging = QueryScore::feature_squeezing(
        {.shape = {side, side, 1},
         .squeezers = {Squeezer::non_local_means({.search_window = 5, .patch = 3, .strength = 0.1F})}});
    check("feature squeezing by non-local means", 4, averaging, network.model(), draw, 300, 0.0);
}

TEST_CASE("stability keeps the false-alarm rate and finds rows moved to the boundary") {
    constexpr std::size_t width = 6;
    LinearSoftmax network(width, 2, 1, 0.0);
    network.weights[0] = 4.0F;
    const auto draw = [](Random& random, bool benign, float* row) {
        for (std::size_t j = 0; j < width; ++j) row[j] = static_cast<float>(random.normal());
        row[0] = static_cast<float>((random.uniform() < 0.5 ? -1.0 : 1.0) * (1.0 + random.uniform()));
        if (!benign) row[0] = row[0] > 0.0F ? 0.05F : -0.05F;
    };
    check("noise", 2, QueryScore::noise_stability({.width = width, .copies = 8, .standard_deviation = 0.2}),
          network.model(), draw, 2500, 0.95);
    Random random(63);
    std::vector<float> reference(50 * width);
    for (std::size_t i = 0; i < 50; ++i) draw(random, true, &reference[i * width]);
    // Benign rows rest on many features alike, the strange one on the first alone.
    LinearSoftmax many(width, 2, 1, 0.0);
    for (std::size_t j = 0; j < width; ++j) many.weights[j] = 2.0F;
    const auto draw_many = [](Random& source, bool benign, float* row) {
        const double side = source.uniform() < 0.5 ? -1.0 : 1.0;
        for (std::size_t j = 0; j < width; ++j)
            row[j] = static_cast<float>(side * (1.0 + 0.3 * source.normal()) * (benign ? 1.0 : (j == 0 ? 5.0 : -0.8)));
    };
    for (std::size_t i = 0; i < 50; ++i) draw_many(random, true, &reference[i * width]);
    check("resampling", 3,
          QueryScore::marginal_resampling(MatrixView<float>::row_major(reference.data(), 50, width), {.copies = 16}),
          many.model(), draw_many, 1200, 0.9);
}
