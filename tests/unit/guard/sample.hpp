// SPDX-License-Identifier: Apache-2.0
// A small mixed data set for the guard's tests: smooth, tied, f32 and categorical features with nulls.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/core/view.hpp"
#include "vedette/guard/baseline.hpp"

namespace vedette::testing {

struct Sample {
    std::vector<double> income;
    std::vector<double> claims;  // 60 % zeros, else small integers
    std::vector<float> score;
    std::vector<std::string_view> country;
    std::vector<std::uint8_t> country_valid;

    [[nodiscard]] Table table() const {
        return Table({{"income", Column::numeric(income)},
                      {"claims", Column::numeric(claims)},
                      {"score", Column::numeric(score)},
                      {"country", Column::strings(country, Validity{country_valid.data(), 0})}});
    }
    [[nodiscard]] std::size_t rows() const { return income.size(); }
};

inline Sample draw_sample(std::size_t rows, std::uint64_t seed, double income_shift = 0.0) {
    static constexpr std::string_view countries[] = {"CH", "DE", "AT", "FR", "IT"};
    Random random(seed);
    Sample sample;
    sample.country_valid.assign(rows / 8 + 1, 0);
    for (std::size_t i = 0; i < rows; ++i) {
        sample.income.push_back(std::exp(random.normal() + income_shift));
        sample.claims.push_back(random.uniform() < 0.6 ? 0.0 : std::floor(random.uniform() * 5.0));
        sample.score.push_back(static_cast<float>(random.normal()));
        const double u = random.uniform();
        sample.country.push_back(countries[u < 0.5 ? 0 : u < 0.75 ? 1 : u < 0.9 ? 2 : u < 0.97 ? 3 : 4]);
        if (random.uniform() > 0.05) sample.country_valid[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
    }
    return sample;
}

inline Baseline sample_baseline(std::size_t rows = 2000) {
    return Baseline::build(draw_sample(rows, 1).table());
}

}  // namespace vedette::testing
