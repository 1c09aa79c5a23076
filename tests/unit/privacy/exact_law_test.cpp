// SPDX-License-Identifier: Apache-2.0
// Exactness: integer masses against 60 digits, what is left over, the lazy paths, and the arithmetic beneath.
#include "privacy/exact_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fixed_keystream.hpp"
#include "privacy/draws.hpp"
#include "privacy/fixed_exp.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;

Natural natural_of(const std::string& hex) {
    Natural value;
    for (const char c : hex.substr(2)) {
        const unsigned digit = c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'a' + 10);
        value = (value << 4) + Natural(digit);
    }
    return value;
}

ExactLaw law_of(const nlohmann::json& entry) {
    const std::string name = entry["name"];
    const double parameter = entry["parameter"];
    const LawShape shape = name == "folded_gaussian"       ? LawShape::folded_gaussian
                           : name == "half_gaussian"       ? LawShape::half_gaussian
                           : name == "geometric"           ? LawShape::geometric
                           : name == "truncated_geometric" ? LawShape::truncated_geometric
                                                           : LawShape::signed_geometric;
    const bool gaussian = shape <= LawShape::folded_gaussian;
    return {shape, gaussian ? Rate::gaussian(parameter) : Rate::inverse(parameter), entry["outcomes"]};
}

// Pearson's statistic of counts against shares, cells below an expectation of 5 pooled; its upper tail.
double chi_squared_tail(const std::vector<double>& counts, const std::vector<double>& shares) {
    double total = 0.0, statistic = 0.0, rare_count = 0.0, rare_share = 0.0, cells = 0.0;
    for (const double c : counts) total += c;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (total * shares[i] < 5.0) {
            rare_count += counts[i];
            rare_share += shares[i];
            continue;
        }
        statistic += std::pow(counts[i] - total * shares[i], 2) / (total * shares[i]);
        cells += 1.0;
    }
    if (total * rare_share > 1.0) {
        statistic += std::pow(rare_count - total * rare_share, 2) / (total * rare_share);
        cells += 1.0;
    }
    return vedette::stats::chi_squared_sf(statistic, cells - 1.0);
}

// The derivation in secure_random.hpp: what tables leave open, and what that makes per value.
TEST_CASE("the lazy path has a probability below 2^-55 per value") {
    const auto rest = [](const ExactLaw& law) {  // words of 2^63
        return (std::uint64_t{1} << 63U) - 1 - static_cast<std::uint64_t>(law.thresholds().back());
    };
    const auto check = [&](const ExactLaw& law, std::size_t most) {
        const std::size_t thresholds = law.thresholds().size();
        CHECK(thresholds <= most);
        CHECK(rest(law) < thresholds + 4);
    };
    constexpr double coin = 2.0 * static_cast<double>(FixedExp::error) + 1.0, kept = 0.87;
    for (double sigma = 0.01; sigma <= 20.0; sigma = std::max(sigma + 0.37, 1.03 * sigma))
        check({LawShape::folded_gaussian, Rate::gaussian(sigma)}, 180);
    check({LawShape::folded_gaussian, Rate::gaussian(20.0)}, 180);
    CHECK((180.0 + 4.0) / 0x1p63 < 0x1p-55);
    for (double sigma = 3.0; sigma < 6.0; sigma += 0.0731) check({LawShape::half_gaussian, Rate::gaussian(sigma)}, 55);
    CHECK((55.0 + 4.0 + coin) / kept / 0x1p63 < 0x1p-55);
    for (double scale = 0.01; scale <= 1.0; scale += 0.0173)
        check({LawShape::geometric, Rate::inverse(scale)}, scale <= 0.5 ? 22 : 44);
    for (const double scale : {1.0, 3.7, 8.0, 4096.0}) {
        check({LawShape::truncated_geometric, Rate::inverse(scale), 32}, 32);
        check({LawShape::signed_geometric, Rate::inverse(scale), 32}, 32);
    }
    CHECK((22.0 + 3.0 * 32.0 + 4.0 * 4.0) / 0x1p63 < 0x1p-55);
    CHECK((22.0 + 32.0 + 2.0 * 4.0 + coin) / kept / 0x1p63 < 0x1p-55);
    CHECK(std::exp(-1.0 / 8.0) > kept);  // of the Laplace law's candidates
}

TEST_CASE("natural numbers") {
    const Natural one(1), big = Natural::power_of_two(130);
    CHECK((big - one).bit_width() == 130);
    CHECK(((big - one) + one) == big);
    CHECK((big >> 130) == one);
    CHECK((big >> 131).is_zero());
    CHECK(shift_up(big + one, 130) == Natural(2));
    CHECK(shift_up(big, 130) == one);
    CHECK(((one << 67) * (one << 63)) == big);
    CHECK((Natural() * big).is_zero());
    Natural third = big;
    CHECK(third.divide_by(3));
    CHECK((third + third + third + one) == big);
    const auto [quotient, rest] = divide(big * big - one, big - one);
    CHECK(quotient == big + one);
    CHECK_FALSE(rest);
    CHECK(divide(big, big + one).first.is_zero());
    CHECK(one < big);
    CHECK((big.bit(130) && !big.bit(129) && !big.bit(1000)));
}

TEST_CASE("enclosures hold what they enclose, and are narrow") {
    const Intervals coarse(80), fine(400);
    for (const double x : {1e-30, 0.01, 0.7, 3.0, 24.9, 50.0}) {
        const auto [mantissa, rate] = Rate::split(x);
        const Enclosure wide = coarse.exp_minus(Natural(mantissa), rate),
                        narrow = fine.exp_minus(Natural(mantissa), rate);
        CHECK(wide.low <= (narrow.low >> 320));
        CHECK(shift_up(narrow.high, 320) <= wide.high);
        CHECK(wide.high - wide.low <= Natural(4));
        CHECK(narrow.high - narrow.low <= Natural(4));
        CHECK(std::ldexp(static_cast<double>((wide.low >> 17).low()), -63) ==
              doctest::Approx(std::exp(-x)).epsilon(1e-15));
    }
    const Enclosure two = fine.log_two();
    CHECK((two.low >> 337).low() == 0x58B90BFBE8E7BCD5U);  // 2^63 log 2
    CHECK(two.high - two.low < Natural(1000));
}

TEST_CASE("masses are floor(2^63 p), to the last unit") {
    for (const auto& entry : oracle_data("privacy_noise.json")["laws"]) {
        const ExactLaw law = law_of(entry);
        CAPTURE(entry["name"].get<std::string>());
        REQUIRE(law.thresholds().size() == entry["masses"].size());
        std::int64_t before = -1;
        for (std::size_t k = 0; k < law.thresholds().size(); ++k) {
            CHECK(std::to_string(law.thresholds()[k] - before) == entry["masses"][k].get<std::string>());
            before = law.thresholds()[k];
        }
    }
}

TEST_CASE("what is left over goes to each outcome in its exact share") {
    FixedKeystream stream(11);
    for (const auto& entry : oracle_data("privacy_noise.json")["laws"]) {
        CAPTURE(entry["name"].get<std::string>());
        const ExactLaw law = law_of(entry);
        const std::vector<double> shares = entry["shares"];
        const auto start = static_cast<std::uint64_t>(law.thresholds().back() + 1);
        // The last piece of the real numbers above the thresholds is a part of a unit wide or none: all pieces by
        // turns.
        const UniformInteger piece((std::uint64_t{1} << 63U) - start);
        std::vector<double> counts(shares.size());
        std::vector<std::uint64_t> pieces(1500);
        piece.sample(pieces, stream);
        for (const std::uint64_t u : pieces) {
            REQUIRE(law.is_left_over(start + u));
            counts[std::min<std::size_t>(law.resolve(start + u, stream), shares.size() - 1)] += 1.0;
        }
        CHECK_FALSE(law.is_left_over(start - 1));
        CHECK(chi_squared_tail(counts, shares) > 1e-5);
    }
}

TEST_CASE("an outcome beyond every double's tail needs bits, not luck") {
    // p_1 = 2 exp(-5000): the word of ones belongs to 0 as soon as a further bit is 0.
    FixedKeystream stream(3);
    const ExactLaw law(LawShape::folded_gaussian, Rate::gaussian(0.01));
    REQUIRE(law.thresholds().size() == 1);
    CHECK(law.thresholds()[0] == std::int64_t{0x7FFFFFFFFFFFFFFE});
    for (int i = 0; i < 20; ++i) CHECK(law.resolve(0x7FFFFFFFFFFFFFFFU, stream) == 0);
}

TEST_CASE("the fixed-point exponential stays within its proven error") {
    std::int64_t worst = 0;
    for (const auto& entry : oracle_data("privacy_noise.json")["exponentials"]) {
        const unsigned width = entry["width"];
        const Natural n = natural_of(entry["n"]);
        const std::uint64_t top = width <= 64 ? (n << (64 - width)).low() : (n >> (width - 64)).low();
        const auto expected = static_cast<std::int64_t>(
            std::min(std::stoull(entry["value"].get<std::string>()), ~0ULL >> 1U));  // 2^63 itself does not fit
        const std::int64_t got = FixedExp(Rate::gaussian(entry["sigma"]), width)(top);
        CAPTURE(entry.dump());
        worst = std::max(worst, std::abs(got - expected));
        CHECK(std::abs(got - expected) <= 39);
    }
    MESSAGE("largest error in units of 2^-63: " << worst);
}

TEST_CASE("the fixed-point exponential against intervals, on random arguments") {
    FixedKeystream stream(5);
    for (const auto& [sigma, width] : {std::pair{20.5, 12U}, {333.25, 20U}, {1e9, 63U}, {0x1p40, 83U}}) {
        const Rate rate = Rate::gaussian(sigma);
        const FixedExp exponential(rate, width);
        const Intervals intervals(128);
        for (int i = 0; i < 300; ++i) {
            const Natural n = (Natural(stream->word()) << 64 >> (128 - width));
            const std::uint64_t top = width <= 64 ? (n << (64 - width)).low() : (n >> (width - 64)).low();
            const auto expected = static_cast<std::int64_t>((intervals.exp_minus(n, rate).low >> 65).low());
            CHECK(std::abs(exponential(top) - expected) <= 40);
        }
    }
}

TEST_CASE("coins: the threshold, and the share of the open word") {
    FixedKeystream stream(6);
    for (const auto& entry : oracle_data("privacy_noise.json")["coins"]) {
        const double x = entry["x"];
        CAPTURE(x);
        const std::uint64_t threshold = exp_threshold(x);
        CHECK(std::to_string(threshold) == entry["threshold"].get<std::string>());
        const double rest = entry["rest"];
        int yes = 0;
        constexpr int runs = 600;
        for (int i = 0; i < runs; ++i) yes += resolve_exp_bernoulli(x, threshold, stream) ? 1 : 0;
        CHECK(std::abs(yes - runs * rest) <= 5.0 * std::sqrt(runs * rest * (1.0 - rest)) + 1e-6);
        if (threshold > 0) CHECK(resolve_exp_bernoulli(x, threshold - 1, stream));
        if (threshold < ~std::uint64_t{0}) CHECK_FALSE(resolve_exp_bernoulli(x, threshold + 1, stream));
    }
}

TEST_CASE("a probability of more than 64 bits goes on in further words") {
    FixedKeystream stream(8);
    const auto rate = [&](double p) {
        int yes = 0;
        for (int i = 0; i < 2000; ++i) yes += resolve_bernoulli(p, stream) ? 1 : 0;
        return yes / 2000.0;
    };
    CHECK(rate(0x1p-11) == 0.0);
    CHECK(rate(0.0) == 0.0);
    CHECK(rate(1.0) == 1.0);
    CHECK(rate(0x1p-65) == doctest::Approx(0.5).epsilon(0.1));
    CHECK(rate(0x1p-20 + 0x1.8p-65) == doctest::Approx(0.75).epsilon(0.1));
    CHECK(rate(0x1p-130) == 0.0);
    CHECK(top_word(0.5) == std::uint64_t{1} << 63U);
    CHECK(top_word(1.0) == ~std::uint64_t{0});
}

TEST_CASE("left-over words are settled in place, with their sign and above what stands there") {
    FixedKeystream stream(12);
    // All of the rest belongs to outcome 0 but for 2^-7000.
    const ExactLaw point(LawShape::folded_gaussian, Rate::gaussian(0.01));
    std::vector<std::uint64_t> words = {~std::uint64_t{0}, ~std::uint64_t{0} - 1, 5, 4};
    std::vector<std::int64_t> outcomes = {-1, 1, 70, 71};
    settle(point, words.data(), words.size(), 1, outcomes.data(), stream);
    CHECK(outcomes == std::vector<std::int64_t>{0, 0, 70, 71});
    outcomes = {161, 161, 70, 71};  // 160 + the number of thresholds
    settle(point, words.data(), words.size(), 0, outcomes.data(), stream);
    CHECK(outcomes == std::vector<std::int64_t>{160, 160, 70, 71});
    const ExactLaw wide(LawShape::folded_gaussian, Rate::gaussian(4.0));
    const auto count = static_cast<std::int64_t>(wide.thresholds().size());
    bool positive = false, negative = false;
    for (int i = 0; i < 50; ++i) {
        outcomes = {-count, count, 70, 71};
        settle(wide, words.data(), words.size(), 1, outcomes.data(), stream);
        CHECK((outcomes[0] <= 0 && outcomes[1] >= 0 && outcomes[2] == 70));
        positive |= outcomes[1] > 0;
        negative |= outcomes[0] < 0;
    }
    CHECK((positive && negative));
}

}  // namespace
