// SPDX-License-Identifier: Apache-2.0
#include "vedette/stats/betting_sequence.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/stats/confidence_sequence.hpp"

using vedette::ErrorCode;
using vedette::stats::BettingConfidenceSequence;
using vedette::stats::BettingSequenceOptions;
using vedette::testing::code_of;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

BettingSequenceOptions options_of(const nlohmann::json& item) {
    return {.level = item["level"], .cells = item["cells"], .largest_bet = item["largest_bet"]};
}
}  // namespace

TEST_CASE("The bounds by betting are those of the definition with 40 digits, on any range") {
    const auto& data = oracle_data("betting_sequence.json");
    std::vector<double> values;
    for (const auto& item : data["cases"]) {
        CAPTURE(item["name"].get<std::string>());
        if (!item["values"].is_null()) values = item["values"].get<std::vector<double>>();
        BettingConfidenceSequence unit(options_of(item));
        BettingSequenceOptions wider = options_of(item);
        wider.lower = -8.0;
        wider.upper = 8.0;
        BettingConfidenceSequence wide(wider);
        std::size_t look = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            CHECK(unit.update(values[i]));
            CHECK(wide.update(16.0 * values[i] - 8.0));
            if (i + 1 != data["looks"][look].get<std::size_t>()) continue;
            const auto& expected = item["bounds"][look++];
            CAPTURE(i);
            if (expected.is_null()) {
                CHECK((std::isnan(unit.bounds().lower) && std::isnan(unit.bounds().upper)));
                continue;
            }
            // Borders of cells: equal or a cell apart.
            CHECK(unit.bounds().lower == doctest::Approx(expected[0].get<double>()).epsilon(1e-12));
            CHECK(unit.bounds().upper == doctest::Approx(expected[1].get<double>()).epsilon(1e-12));
            CHECK(wide.bounds().upper == doctest::Approx(16.0 * expected[1].get<double>() - 8.0).epsilon(1e-12));
        }
        CHECK(look == data["looks"].size());
    }
}

TEST_CASE("The bounds by betting are those of the package confseq") {
    const auto& data = oracle_data("confseq.json");
    std::vector<double> values;
    for (const auto& item : data["sequences"]) {
        CAPTURE(item["name"].get<std::string>());
        if (!item["values"].is_null()) values = item["values"].get<std::vector<double>>();
        BettingConfidenceSequence sequence({.level = item["level"], .cells = item["cells"]});
        std::size_t look = 0;
        for (const double value : values) {
            CHECK(sequence.update(value));
            if (sequence.count() != data["looks"][look].get<std::size_t>()) continue;
            const auto& expected = item["betting"][look++];
            CHECK(sequence.bounds().lower == expected[0].get<double>());
            CHECK(sequence.bounds().upper == expected[1].get<double>());
        }
        CHECK(look == data["looks"].size());
    }
}

TEST_CASE("Bounds by betting are narrower than the stitched ones, and contradicted by values without one mean") {
    BettingConfidenceSequence betting;
    vedette::stats::MeanConfidenceSequence stitched;
    for (int i = 0; i < 2000; ++i) {
        const double value = i * 7919 % 1009 / 1009.0;
        betting.update(value);
        stitched.update(value);
    }
    const double narrow = betting.bounds().upper - betting.bounds().lower;
    CHECK(narrow < 0.9 * (stitched.bounds().upper - stitched.bounds().lower));
    CHECK(betting.bounds().lower < betting.mean());
    CHECK(betting.mean() < betting.bounds().upper);
    // Never a value at the mean: wealth against each candidate grows.
    BettingConfidenceSequence zeros({.cells = 64, .largest_bet = 0.99});
    BettingConfidenceSequence ones({.cells = 64, .largest_bet = 0.99});
    for (int i = 0; i < 3000; ++i) {
        zeros.update(0.0);
        ones.update(1.0);
    }
    CHECK(zeros.bounds().upper == 1.0 / 64.0);
    CHECK(ones.bounds().lower == 63.0 / 64.0);
}

TEST_CASE("Betting sequences are saved, resumed and merged; nonsense changes nothing") {
    vedette::Random random(7);
    BettingConfidenceSequence sequence({.cells = 50});
    for (const double bad : {std::nan(""), infinity, -infinity, -0x1p-1074, 1.0000001})
        CHECK_FALSE(sequence.update(bad));
    CHECK(sequence.count() == 0);
    CHECK(std::isnan(sequence.mean()));
    CHECK((sequence.bounds().lower == 0.0 && sequence.bounds().upper == 1.0));
    const BettingConfidenceSequence empty = sequence;
    for (int i = 0; i < 200; ++i) {
        BettingConfidenceSequence copy = BettingConfidenceSequence::deserialize(sequence.serialize());
        const double value = random.uniform();
        CHECK((sequence.update(value) && copy.update(value)));
        CHECK(sequence.serialize() == copy.serialize());
    }
    // Many values without a look, through all the moves of powers of two.
    BettingConfidenceSequence once = BettingConfidenceSequence::deserialize(sequence.serialize());
    BettingConfidenceSequence often = sequence;
    for (int i = 0; i < 100; ++i) {
        const double value = random.uniform();
        once.update(value);
        often.update(value);
        often = BettingConfidenceSequence::deserialize(often.serialize());
    }
    CHECK(once.serialize() == often.serialize());
    const double narrow = sequence.bounds().upper - sequence.bounds().lower;
    BettingConfidenceSequence merged = empty;
    merged.merge(sequence);
    CHECK(merged.serialize() == sequence.serialize());
    CHECK(code_of([&] { merged.merge(merged); }) == ErrorCode::invalid_argument);
    merged.merge(sequence);
    CHECK(merged.count() == 400);
    CHECK(merged.bounds().upper - merged.bounds().lower < narrow);
    merged.reset();
    CHECK(merged.serialize() == empty.serialize());
    CHECK(code_of([&] { merged.merge(BettingConfidenceSequence()); }) == ErrorCode::invalid_argument);

    auto bytes = sequence.serialize();
    bytes.back() ^= std::byte{1};
    CHECK(code_of([&] { (void)BettingConfidenceSequence::deserialize(bytes); }) == ErrorCode::corrupt_data);
    CHECK(code_of([] {
              (void)BettingConfidenceSequence::deserialize(vedette::stats::MeanConfidenceSequence().serialize());
          }) == ErrorCode::corrupt_data);
    for (const BettingSequenceOptions& wrong :
         {BettingSequenceOptions{.level = 0.0}, BettingSequenceOptions{.level = 1.0},
          BettingSequenceOptions{.level = std::nan("")}, BettingSequenceOptions{.lower = 1.0},
          BettingSequenceOptions{.upper = infinity}, BettingSequenceOptions{.cells = 15},
          BettingSequenceOptions{.cells = 65537}, BettingSequenceOptions{.largest_bet = 0.0},
          BettingSequenceOptions{.largest_bet = 1.0}})
        CHECK(code_of([&] { BettingConfidenceSequence{wrong}; }) == ErrorCode::invalid_argument);
}

TEST_CASE("Wealths of many values at both ends stay numbers") {
    for (const double most : {0.01, 0.99}) {
        BettingConfidenceSequence sequence({.level = 1e-300, .cells = 16, .largest_bet = most});
        for (int i = 0; i < 100'000; ++i) sequence.update(i % 2 == 0 ? 0.0 : 1.0);
        CHECK(sequence.bounds().lower <= 0.5);
        CHECK(sequence.bounds().upper >= 0.5);
        CHECK(BettingConfidenceSequence::deserialize(sequence.serialize()).count() == 100'000);
    }
}
