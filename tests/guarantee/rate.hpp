// SPDX-License-Identifier: Apache-2.0
// How often something happened in seeded runs, judged by its exact binomial band.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "vedette/stats/intervals.hpp"

// At a confidence that all checks of one file together fail less than once in a hundred runs of fresh seeds.
inline const vedette::stats::Confidence band(1.0 - 1e-4);

struct Rate {
    std::uint64_t runs = 0;
    std::uint64_t alarms = 0;

    void add(bool alarm) {
        ++runs;
        alarms += alarm ? 1U : 0U;
    }
    [[nodiscard]] bool at_most(double level) const {
        return vedette::stats::clopper_pearson(alarms, runs, band).lower <= level;
    }
    [[nodiscard]] bool at_least(double level) const {
        return vedette::stats::clopper_pearson(alarms, runs, band).upper >= level;
    }
    [[nodiscard]] double value() const { return static_cast<double>(alarms) / static_cast<double>(runs); }
};

/// How many runs: `usual` of them, or as many times more as VEDETTE_RUNS says (ctest -C slow -L slow).
inline std::uint64_t runs_of(std::uint64_t usual) {
    const char* const times = std::getenv("VEDETTE_RUNS");
    const long factor = times == nullptr ? 1 : std::strtol(times, nullptr, 10);
    return usual * static_cast<std::uint64_t>(factor < 1 ? 1 : factor);
}

/// The largest evidence of each run, where P(ever 1/level or more) <= level at all levels at once. `claimed`: as if
/// evidence were so many times larger; a test that passes with 2 could not fail.
struct Largest {
    static constexpr std::array<double, 4> levels = {0.25, 0.1, 0.05, 0.01};
    std::vector<double> evidence;

    void add(double largest) { evidence.push_back(largest); }
    void add(const Largest& other) { evidence.insert(evidence.end(), other.evidence.begin(), other.evidence.end()); }
    [[nodiscard]] Rate rate(double level, double claimed = 1.0) const {
        Rate rate;
        for (const double each : evidence) rate.add(claimed * each >= 1.0 / level);
        return rate;
    }
    [[nodiscard]] bool keeps_levels(double claimed = 1.0) const {
        bool keeps = true;
        for (const double level : levels) keeps = keeps && rate(level, claimed).at_most(level);
        return keeps;
    }
};

/// The mean of values that are not negative, and its standard error.
struct Mean {
    double sum = 0.0;
    double squares = 0.0;
    double count = 0.0;

    void add(double value) {
        sum += value;
        squares += value * value;
        count += 1.0;
    }
    [[nodiscard]] double value() const { return sum / count; }
    [[nodiscard]] double error() const { return std::sqrt((squares / count - value() * value()) / count); }
    [[nodiscard]] bool at_most(double limit) const { return value() - 4.0 * error() <= limit; }
};
