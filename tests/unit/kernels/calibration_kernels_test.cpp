// SPDX-License-Identifier: Apache-2.0
// The kernels of performance without labels beside what one row by itself takes, bit for bit, on every instruction set
// that this CPU has.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "drift/performance_state.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/random.hpp"

namespace {

using namespace vedette::kernels;
using vedette::drift::ScoreTable;
using vedette::stats::IsotonicMap;

// Where the nearest unit is hard to tell, wherever scores crowd, and the ends.
std::vector<double> hard_scores(vedette::Random& random, double power) {
    std::vector<double> scores{0.0, 1.0, 1.0 - 0x1p-53, 0x1p-31, 0x1p-32, 0x1p-33, 5e-324};
    for (int i = 0; i < 60; ++i) {
        const double half = (2.0 * std::floor(random.uniform() * 0x1p31) + 1.0) * 0x1p-32;
        for (const double score : {half, std::nextafter(half, 0.0), std::nextafter(half, 1.0)})
            if (score <= 1.0) scores.push_back(score);
    }
    for (int i = 0; i < 500; ++i) scores.push_back(std::pow(random.uniform(), power));
    return scores;
}

struct Block {
    std::vector<double> values;
    std::vector<std::uint32_t> cells;
    std::vector<double> totals;
    std::vector<std::uint32_t> predictions;
};

void check_block(const CalibrationKernels& kernel, const ScoreTable& table, Block block, std::size_t cells,
                 bool is_divided) {
    const std::size_t rows = block.values.size();
    constexpr double even = 0.125;
    constexpr std::uint32_t positive = 3;
    std::vector<std::uint64_t> expected(6 * cells), counters(6 * cells);
    std::vector<double> probabilities, totals = block.totals;
    for (std::size_t i = 0; i < rows; ++i) {
        const auto place = table.find(block.values[i]);
        totals[i] += place.probability;
        const double share = is_divided ? (totals[i] > 0.0 ? place.probability / totals[i] : even) : place.probability;
        probabilities.push_back(share);
        vedette::drift::tally(expected.data() + 3 * (place.cell + (block.predictions[i] == positive ? cells : 0)),
                              vedette::drift::probability_units(share));
    }
    const ScorePieces pieces = table.view();
    kernel.calibrate(&pieces, block.values.data(), block.cells.data(), block.totals.data(), rows);
    CHECK(block.totals == totals);
    const CalibratedRows counted{.probabilities = block.values.data(),
                                 .totals = is_divided ? totals.data() : nullptr,
                                 .even = even,
                                 .cells = block.cells.data(),
                                 .predictions = block.predictions.data(),
                                 .positive = positive,
                                 .rows = rows,
                                 .counters = counters.data(),
                                 .predicted = 3 * cells};
    kernel.count(&counted);
    CHECK(block.values == probabilities);
    CHECK(counters == expected);
}

TEST_CASE("rows of scores are calibrated and counted as each by itself, bit for bit") {
    vedette::Random random(11);
    for (const double power : {1.0, 12.0, 40.0}) {
        std::vector<double> edges;
        for (int i = 0; i < 40; ++i) edges.push_back(std::pow(random.uniform(), power));
        std::sort(edges.begin(), edges.end());
        edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
        std::vector<double> x{0.0, 0.25, 0.5, 1.0}, y{0.0, 0.1, 0.9, 1.0};
        for (const IsotonicMap& map : {IsotonicMap(), IsotonicMap::from_knots(x, y)}) {
            const ScoreTable table(map, edges);
            const std::vector<double> scores = hard_scores(random, power);
            for (const KernelTable* each : available_tables()) {
                CAPTURE(each->name);
                CAPTURE(power);
                std::size_t first = 0;
                for (const std::size_t rows : {0U, 1U, 3U, 8U, 13U, 64U, 127U, 128U, 128U, 128U}) {
                    CAPTURE(rows);
                    Block block{{}, std::vector<std::uint32_t>(rows), std::vector<double>(rows), {}};
                    for (std::size_t i = 0; i < rows; ++i) {
                        block.values.push_back(scores[(first + i) % scores.size()]);
                        block.predictions.push_back(static_cast<std::uint32_t>(random() % 5));
                    }
                    first += rows;
                    check_block(each->calibration, table, block, edges.size() + 1, false);
                    // Totals of 0 where the score is 0.
                    check_block(each->calibration, table, block, edges.size() + 1, true);
                    for (double& total : block.totals) total = random.uniform();
                    check_block(each->calibration, table, block, edges.size() + 1, true);
                }
            }
        }
    }
}

}  // namespace
