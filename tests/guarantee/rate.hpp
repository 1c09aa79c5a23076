// SPDX-License-Identifier: Apache-2.0
// How often something happened in seeded runs, judged by its exact binomial band.
#pragma once

#include <cstdint>

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
