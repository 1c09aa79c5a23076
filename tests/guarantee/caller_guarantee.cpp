// SPDX-License-Identifier: Apache-2.0
// Accusing a caller: benign ones ever with at most the promised probability, attackers soon, however they hide; and
// fusion of dependent scores at its level.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/perturbation/calibrated_score.hpp"
#include "vedette/perturbation/caller_evidence.hpp"
#include "vedette/stats/conformal.hpp"

namespace perturbation = vedette::perturbation;
using perturbation::CallerEvidence;

namespace {

constexpr std::array<std::uint64_t, 2> key{7, 8};
constexpr double level = 0.05;

}  // namespace

TEST_CASE("caller evidence: ever accused at most at the level, for uniform p-values and more callers than places") {
    vedette::Random random(61);
    Rate accused;
    // Each run is a table of its own, of one set: 20 callers take turns, so that most share or come back.
    for (int run = 0; run < 400; ++run) {
        CallerEvidence table({.level = level, .capacity = 8, .idle_time = 15, .key = key});
        std::vector<bool> ever(20);
        for (std::uint64_t time = 0; time < 3000; ++time) {
            const std::uint64_t caller = random() % ever.size();
            if (table.update("caller " + std::to_string(caller), 1.0 - random.uniform(), time).is_alarm)
                ever[caller] = true;
        }
        // One caller of a run: those that share a place stand and fall together.
        accused.add(ever[static_cast<std::size_t>(run) % ever.size()]);
    }
    MESSAGE("ever accused ", accused.value());
    CHECK(accused.at_most(level));
}

TEST_CASE("caller evidence: with conditional p-values the level and the failure probability hold together") {
    vedette::Random random(62);
    constexpr double failure = 0.05;
    Rate conditional, marginal;
    std::vector<double> scores(1000);
    for (int run = 0; run < 1500; ++run) {
        for (double& score : scores) score = random.normal();
        const vedette::stats::ConformalCalibration simes(
            scores, {vedette::stats::ConformalGuarantee::conditional_simes, failure});
        const vedette::stats::ConformalCalibration plain(scores);
        CallerEvidence with_simes({.level = level, .capacity = 8, .key = key});
        CallerEvidence with_plain({.level = level, .capacity = 8, .key = key});
        bool is_accused = false, is_accused_plainly = false;
        for (std::uint64_t time = 0; time < 1000; ++time) {
            const double live = random.normal();
            is_accused = with_simes.update("a", simes.p_value(live), time).is_alarm;
            is_accused_plainly = with_plain.update("a", plain.p_value(live), time).is_alarm;
        }
        conditional.add(is_accused);
        marginal.add(is_accused_plainly);
    }
    MESSAGE("ever accused: conditional ", conditional.value(), ", marginal ", marginal.value());
    CHECK(conditional.at_most(level + failure));
}

TEST_CASE("caller evidence: an attack is found soon, after much benign traffic and among it too") {
    vedette::Random random(63);
    const auto delay = [&](int benign_before, double share_of_attack) {
        double total = 0.0;
        for (int run = 0; run < 100; ++run) {
            CallerEvidence table({.level = 1e-4, .capacity = 8, .key = key});
            for (int i = 0; i < benign_before; ++i) table.update("a", 1.0 - random.uniform(), 0);
            int attacks = 0;
            for (int i = 0; i < 100'000; ++i) {
                const bool attacks_now = random.uniform() < share_of_attack;
                attacks += attacks_now ? 1 : 0;
                if (table.update("a", (1.0 - random.uniform()) * (attacks_now ? 0.01 : 1.0), 0).is_alarm) break;
            }
            total += attacks;
        }
        return total / 100.0;
    };
    const double plain = delay(0, 1.0), padded = delay(10'000, 1.0), mixed = delay(0, 0.2);
    MESSAGE("attacks until the alarm: ", plain, ", after 10,000 benign requests ", padded, ", a fifth of requests ",
            mixed);
    CHECK(plain < 8.0);
    CHECK(padded < 16.0);
    CHECK(mixed < 40.0);
}

TEST_CASE("fusion by e-values: the level holds for scores that are all but copies") {
    vedette::Random random(64);
    Rate alarms, found;
    std::vector<double> first(1999), second(1999);
    for (int run = 0; run < 3'000; ++run) {
        const auto draw = [&](double& a, double& b, double shift) {
            const double common = random.normal();
            a = common + 0.1 * random.normal();
            b = common + 0.1 * random.normal() + shift;
        };
        for (std::size_t i = 0; i < first.size(); ++i) draw(first[i], second[i], 0.0);
        const vedette::stats::ConformalCalibration one(first), two(second);
        double a = 0.0, b = 0.0;
        draw(a, b, 0.0);
        const double benign[] = {one.p_value(a), two.p_value(b)};
        alarms.add(perturbation::fused_e_value(benign) >= 1.0 / 0.2);
        draw(a, b, 5.0);
        const double attacked[] = {one.p_value(a), two.p_value(b)};
        found.add(perturbation::fused_e_value(attacked) >= 1.0 / 0.2);
    }
    MESSAGE("false alarms at 0.2: ", alarms.value(), ", found ", found.value());
    CHECK(alarms.at_most(0.2));
    CHECK(found.at_least(0.9));
}

TEST_CASE("a learned combination, calibrated, keeps the rate and finds more than its best part") {
    vedette::Random random(65);
    const auto draw = [&](bool attacked, float* row) {
        row[0] = static_cast<float>(random.normal() + (attacked ? 2.0 : 0.0));
        row[1] = static_cast<float>(random.normal() + (attacked ? 2.0 : 0.0));
        row[2] = static_cast<float>(random.normal());
    };
    std::vector<float> rows(1000 * 3);
    std::vector<std::uint32_t> labels(1000);
    for (std::size_t i = 0; i < labels.size(); ++i) draw((labels[i] = i % 5 == 0 ? 1 : 0) == 1, &rows[i * 3]);
    const auto score = perturbation::fit_score(
        "combination", "", {.rows = vedette::MatrixView<float>::row_major(rows.data(), 1000, 3), .labels = labels});
    Rate alarms, found, found_by_first;
    std::vector<float> benign(199 * 3), row(3);
    std::vector<double> first(199);
    for (int run = 0; run < 4'000; ++run) {
        for (std::size_t i = 0; i < 199; ++i) {
            draw(false, &benign[i * 3]);
            first[i] = static_cast<double>(benign[i * 3]);
        }
        const auto calibrated = perturbation::CalibratedScore::calibrate(
            score, {.rows = vedette::MatrixView<float>::row_major(benign.data(), 199, 3)});
        draw(false, row.data());
        alarms.add(calibrated.decide(calibrated.evaluate(row), level) == vedette::Decision::alarm);
        draw(true, row.data());
        found.add(calibrated.decide(calibrated.evaluate(row), level) == vedette::Decision::alarm);
        found_by_first.add(vedette::stats::ConformalCalibration(first).decide(static_cast<double>(row[0]), level) ==
                           vedette::Decision::alarm);
    }
    MESSAGE("false alarms ", alarms.value(), ", found ", found.value(), ", by one score ", found_by_first.value());
    CHECK(alarms.at_most(level));
    CHECK(alarms.at_least(0.03));  // ties of the tails count against an alarm
    CHECK(found.value() > found_by_first.value() + 0.1);
}
