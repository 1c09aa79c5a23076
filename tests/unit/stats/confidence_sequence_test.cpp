// SPDX-License-Identifier: Apache-2.0
#include "vedette/stats/confidence_sequence.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

using vedette::ErrorCode;
using vedette::stats::MeanConfidenceSequence;
using vedette::stats::ProportionConfidenceSequence;
using vedette::testing::code_of;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("The mixture's bounds are those of the definition with 60 digits") {
    for (const auto& item : oracle_data("confidence_sequence.json")["proportions"]) {
        CAPTURE(item.dump());
        ProportionConfidenceSequence sequence({item["level"], item["a"], item["b"]});
        REQUIRE(sequence.update(item["successes"].get<std::uint64_t>(), item["trials"].get<std::uint64_t>()));
        CHECK(sequence.bounds().lower == doctest::Approx(item["lower"].get<double>()).epsilon(1e-10).scale(1e-12));
        CHECK(sequence.bounds().upper == doctest::Approx(item["upper"].get<double>()).epsilon(1e-10));
    }
}

TEST_CASE("The mean's bounds are those of Howard et al., on any range") {
    const auto& item = oracle_data("performance.json")["sequence"];
    const double level = item["level"];
    MeanConfidenceSequence unit({.level = 2.0 * level, .intrinsic_time = item["intrinsic"]});
    MeanConfidenceSequence wide({.level = 2.0 * level, .intrinsic_time = item["intrinsic"], .lower = -4, .upper = 4});
    CHECK(wide.bounds().lower == -4.0);
    std::size_t seen = 0;
    for (const auto& loss : item["losses"]) {
        CHECK(unit.update(loss.get<double>()));
        CHECK(wide.update(8.0 * loss.get<double>() - 4.0));
        if (++seen % 50 != 0) continue;
        const double expected = item["lower"][seen / 50 - 1];
        CHECK(unit.bounds().lower == doctest::Approx(std::max(0.0, expected)).epsilon(1e-12));
        CHECK(wide.bounds().upper == doctest::Approx(8.0 * unit.bounds().upper - 4.0).epsilon(1e-9));
    }
}

TEST_CASE("The stitched curve, the mean's bounds and the mixture's are those of the package confseq") {
    const auto& data = oracle_data("confseq.json");
    for (const auto& item : data["curve"]) {
        CAPTURE(item.dump());
        const vedette::stats::StitchedBoundary boundary(item["level"], item["intrinsic_time"]);
        CHECK(boundary.at(item["squares"]) == doctest::Approx(item["bound"].get<double>()).epsilon(1e-12));
    }
    std::vector<double> values;
    for (const auto& item : data["sequences"]) {
        CAPTURE(item["name"].get<std::string>());
        if (!item["values"].is_null()) values = item["values"].get<std::vector<double>>();
        MeanConfidenceSequence sequence({.level = item["level"]});
        std::size_t look = 0;
        for (const double value : values) {
            CHECK(sequence.update(value));
            if (sequence.count() != data["looks"][look].get<std::size_t>()) continue;
            const auto& expected = item["empirical_bernstein"][look++];
            CHECK(sequence.bounds().lower == doctest::Approx(expected[0].get<double>()).epsilon(1e-12));
            CHECK(sequence.bounds().upper == doctest::Approx(expected[1].get<double>()).epsilon(1e-12));
        }
        CHECK(look == data["looks"].size());
    }
    for (const auto& item : data["mixtures"]) {
        CAPTURE(item.dump());
        ProportionConfidenceSequence sequence({item["level"], item["prior"], item["prior"]});
        const auto successes = item["successes"].get<std::uint64_t>();
        const auto trials = item["trials"].get<std::uint64_t>();
        REQUIRE(sequence.update(successes, trials));
        const auto bounds = sequence.bounds();
        CHECK((2 * successes < trials ? bounds.upper : bounds.lower) == doctest::Approx(0.5).epsilon(1e-8));
    }
}

TEST_CASE("Sequences are saved, resumed and merged; nonsense changes nothing") {
    vedette::Random random(7);
    MeanConfidenceSequence mean;
    ProportionConfidenceSequence rate;
    for (const double bad : {std::nan(""), infinity, -infinity, -0x1p-1074, 1.0000001}) CHECK_FALSE(mean.update(bad));
    CHECK(mean.count() == 0);
    CHECK(rate.bounds().lower == 0.0);
    CHECK(rate.bounds().upper == 1.0);
    for (int i = 0; i < 200; ++i) {
        MeanConfidenceSequence mean_copy = MeanConfidenceSequence::deserialize(mean.serialize());
        ProportionConfidenceSequence rate_copy = ProportionConfidenceSequence::deserialize(rate.serialize());
        const double value = random.uniform();
        CHECK((mean.update(value) && mean_copy.update(value)));
        CHECK((rate.update(value < 0.3) && rate_copy.update(value < 0.3)));
        CHECK(mean.serialize() == mean_copy.serialize());
        CHECK(rate.serialize() == rate_copy.serialize());
    }
    CHECK_FALSE(rate.update(2, 1));
    CHECK_FALSE(rate.update(0, std::uint64_t{1} << 53U));
    CHECK(rate.trials() == 200);
    const double narrow = mean.bounds().upper - mean.bounds().lower;
    const auto successes = rate.successes();
    const auto before = mean.serialize();
    CHECK(code_of([&] { mean.merge(mean); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { rate.merge(rate); }) == ErrorCode::invalid_argument);
    CHECK(mean.serialize() == before);
    mean.merge(MeanConfidenceSequence(mean));
    rate.merge(ProportionConfidenceSequence(rate));
    CHECK(mean.count() == 400);
    CHECK(mean.bounds().upper - mean.bounds().lower < narrow);
    CHECK(rate.successes() == 2 * successes);
    CHECK(code_of([&] { mean.merge(MeanConfidenceSequence({.level = 0.1})); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { rate.merge(ProportionConfidenceSequence({.level = 0.1})); }) == ErrorCode::invalid_argument);
    ProportionConfidenceSequence full;
    CHECK(full.update(1, std::uint64_t{1} << 53U));
    CHECK_FALSE(full.update(true));
    CHECK(full.bounds().lower > 0.0);
    CHECK(code_of([&] { rate.merge(full); }) == ErrorCode::overflow);
    CHECK(code_of([&] { (void)MeanConfidenceSequence::deserialize(rate.serialize()); }) == ErrorCode::corrupt_data);
    CHECK(code_of([] { MeanConfidenceSequence({.level = 0.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { MeanConfidenceSequence({.lower = 1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { MeanConfidenceSequence({.upper = infinity}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { MeanConfidenceSequence({.intrinsic_time = 0.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { ProportionConfidenceSequence({.prior_failures = 0.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { ProportionConfidenceSequence({.level = std::nan("")}); }) == ErrorCode::invalid_argument);
}
