// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/logit_scores.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"

namespace {

using vedette::Dtype;
using vedette::ErrorCode;
using vedette::perturbation::LogitScore;
using vedette::perturbation::LogitScoreKind;
using vedette::perturbation::LogitScores;
using vedette::testing::code_of;

static_assert(vedette::Score<LogitScore>);

constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr LogitScoreKind kinds[] = {LogitScoreKind::max_softmax, LogitScoreKind::max_logit,
                                    LogitScoreKind::energy,      LogitScoreKind::generalised_entropy,
                                    LogitScoreKind::entropy,     LogitScoreKind::margin};

double value_of(const LogitScores& scores, LogitScoreKind kind) {
    const double values[] = {scores.max_softmax,         scores.max_logit, scores.energy,
                             scores.generalised_entropy, scores.entropy,   scores.margin};
    return values[static_cast<std::size_t>(kind)];
}

std::vector<float> random_logits(std::size_t count, double scale, std::uint64_t seed) {
    std::vector<float> logits;
    for (const double z : vedette::testing::normals(count, seed)) logits.push_back(static_cast<float>(scale * z));
    return logits;
}

// In double, by the definition.
double generalised_entropy_plainly(const std::vector<float>& logits, double gamma, std::size_t largest) {
    std::vector<double> p(logits.begin(), logits.end());
    const double top = *std::max_element(p.begin(), p.end());
    double total = 0.0;
    for (double& x : p) total += x = std::exp(x - top);
    for (double& x : p) x /= total;
    std::sort(p.rbegin(), p.rend());
    p.resize(std::min(p.size(), largest));
    double sum = 0.0;
    for (const double x : p) sum += std::pow(x, gamma) * std::pow(1.0 - x, gamma);
    return sum;
}

}  // namespace

TEST_CASE("logit scores: against sixty digits") {
    for (const auto& each : oracle_data("logit_scores.json")["cases"]) {
        CAPTURE(each["name"].get<std::string>());
        std::vector<float> logits;
        for (const auto& z : each["logits"]) logits.push_back(z.is_string() ? -infinite : z.get<float>());
        for (const LogitScoreKind kind : kinds) {
            const LogitScore score(kind, {each["temperature"], each["gamma"], each["largest"]});
            CAPTURE(logit_score_name(kind));
            const double expected = each[logit_score_name(kind)];
            // Below 1e-37 a float's exponential is 0, and far from 1 its argument is rounded.
            const double bound = std::abs(expected) < 1e-20 ? 1e-5 : 2e-6;
            CHECK(std::abs(score.score(logits) - expected) <= bound * std::abs(expected) + 1e-37);
            CHECK(score.score(logits) == value_of(score.all(logits), kind));
        }
    }
}

TEST_CASE("logit scores: the largest classes are found whatever the logits' shape") {
    for (const std::size_t count : {1UL, 63UL, 64UL, 65UL, 1000UL, 5000UL}) {
        for (int shape = 0; shape < 7; ++shape) {
            std::vector<float> logits = random_logits(count, 2.0, 7 + count);
            for (std::size_t i = 0; i < count; ++i) {
                float& z = logits[i];
                if (shape == 1) z = std::round(z);
                if (shape == 2) z = static_cast<float>(-std::exp(3.0 * static_cast<double>(z)));
                if (shape == 3)
                    z = static_cast<float>(std::ldexp(static_cast<double>(z), static_cast<int>(i % 200) - 100));
                if (shape == 4) z = i % 3 == 0 ? -0.0F : i % 3 == 1 ? 0.0F : -1e-42F;
                if (shape == 5) z = i == 0 ? 3.0F : -3e38F;
                // Zeros wherever the sample of the guess looks.
                if (shape == 6) z = i % 31 == 6 ? 2.0F : i % 31 == 8 ? -2.0F : 0.0F;
            }
            for (const std::size_t largest : {1UL, 2UL, 17UL, 100UL, 999UL, 100000UL}) {
                for (const double gamma : {0.1, 1.0}) {
                    CAPTURE(count);
                    CAPTURE(shape);
                    CAPTURE(largest);
                    const LogitScore score(LogitScoreKind::generalised_entropy, {1.0, gamma, largest});
                    const double expected = generalised_entropy_plainly(logits, gamma, largest);
                    CHECK(score.score(logits) == doctest::Approx(expected).epsilon(3e-6));
                }
            }
        }
    }
}

TEST_CASE("logit scores: halves are scored as the floats they stand for") {
    for (const std::size_t count : {5UL, 1000UL, 4096UL, 4097UL, 100'000UL}) {
        std::vector<std::uint16_t> bits(count);
        vedette::Random random(3, count);
        for (std::uint16_t& each : bits) {
            do each = static_cast<std::uint16_t>(random());
            while ((each & 0x7C00U) == 0x7C00U);  // finite in both types
        }
        bits[1] = 0x8000U;
        bits[2] = 0x0001U;  // a subnormal
        for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
            std::vector<float> logits(count);
            std::transform(bits.begin(), bits.end(), logits.begin(), [&](std::uint16_t each) {
                return dtype == Dtype::f16 ? vedette::half_to_float(each) : vedette::bfloat16_to_float(each);
            });
            const LogitScore score(LogitScoreKind::energy);
            const LogitScores halves = score.all(bits, dtype), floats = score.all(logits);
            for (const LogitScoreKind kind : kinds) CHECK(value_of(halves, kind) == value_of(floats, kind));
        }
    }
    const std::vector<std::uint16_t> special{0x7C00U, 0x3C00U};  // infinity, 1
    CHECK(std::isnan(LogitScore(LogitScoreKind::energy).score(special, Dtype::f16)));
    const std::vector<std::uint16_t> ruled_out{0xFC00U, 0x3C00U};
    CHECK(LogitScore(LogitScoreKind::energy).score(ruled_out, Dtype::f16) == -1.0);
    CHECK(std::isnan(LogitScore(LogitScoreKind::energy).score(ruled_out, Dtype::u16)));
}

TEST_CASE("logit scores: hostile rows have no score") {
    const std::vector<float> rows[] = {{},
                                       {not_a_number},
                                       {1.0F, not_a_number, 3.0F},
                                       {1.0F, infinite},
                                       {-infinite, -infinite},
                                       std::vector<float>(200, -infinite)};
    for (const LogitScoreKind kind : kinds)
        for (const auto& row : rows) CHECK(std::isnan(LogitScore(kind).score(row)));
    for (std::size_t at = 0; at < 130; ++at) {
        std::vector<float> row(130, 0.5F);
        row[at] = not_a_number;
        REQUIRE(std::isnan(LogitScore(LogitScoreKind::max_logit).score(row)));
    }
}

TEST_CASE("logit scores: options out of range") {
    const auto code = [](LogitScoreKind kind, double temperature, double gamma, std::size_t largest) {
        return code_of([&] { LogitScore(kind, {temperature, gamma, largest}); });
    };
    constexpr auto refused = ErrorCode::invalid_argument;
    CHECK(code(static_cast<LogitScoreKind>(6), 1.0, 0.1, 100) == refused);
    CHECK(code(LogitScoreKind::energy, 0.0, 0.1, 100) == refused);
    CHECK(code(LogitScoreKind::energy, std::nan(""), 0.1, 100) == refused);
    CHECK(code(LogitScoreKind::energy, 1.0, 0.0, 100) == refused);
    CHECK(code(LogitScoreKind::energy, 1.0, 1.5, 100) == refused);
    CHECK(code(LogitScoreKind::energy, 1.0, 0.1, 0) == refused);
}

TEST_CASE("logit scores: no allocation, and the same bits on every instruction set") {
    const std::vector<float> logits = random_logits(1000, 3.0, 11);
    const std::vector<std::uint16_t> halves(20'000, 0x3C01U);
    const LogitScore score(LogitScoreKind::generalised_entropy);
    const std::size_t before = allocation_count();
    const LogitScores all = score.all(logits);
    double sum = 0.0;
    for (const LogitScoreKind kind : kinds) sum += value_of(all, kind);
    sum += score.score(halves, Dtype::f16);
    CHECK(allocation_count() == before);
    CHECK(std::isfinite(sum));
    // Recorded once: what every kernel must give to the last bit.
    CHECK(all.energy == -0x1.7dfbba8cea989p+3);
    CHECK(all.entropy == 0x1.6f5c28678d6fap+1);
    CHECK(score.score(std::span<const float>(logits).first(70)) == 0x1.a7d4418d49673p+4);
}
