// SPDX-License-Identifier: Apache-2.0
// What holds for every score of raw features: exact contributions, NaN for what cannot be scored, files.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"

namespace vedette::testing {

inline std::vector<float> float_normals(std::size_t count, std::uint64_t seed) {
    const std::vector<double> values = normals(count, seed);
    return {values.begin(), values.end()};
}

/// Over rows of many scales: contributions sum to the score in either order.
template <Score S>
void check_contributions(const S& score, std::size_t rows) {
    const std::size_t d = score.dimension();
    std::vector<double> contributions(d);
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<float> row = float_normals(d, 1000 + i);
        for (float& x : row) x *= 0.25F * static_cast<float>(1 + i % 13);
        const double total = score.score(row, contributions);
        REQUIRE(std::isfinite(total));
        REQUIRE(total == score.score(row));
        REQUIRE(std::accumulate(contributions.begin(), contributions.end(), 0.0) == total);
        REQUIRE(std::accumulate(contributions.rbegin(), contributions.rend(), 0.0) == total);
    }
}

template <Score S>
void check_hostile_rows(const S& score) {
    std::vector<float> row(score.dimension() + 1, 0.1F);
    const std::span<const float> good = std::span(row).first(score.dimension());
    std::vector<double> contributions(score.dimension(), -1.0);
    const std::size_t before = allocation_count();
    const double usual = score.score(good);
    bool holds = std::isfinite(usual) && std::isnan(score.score(good.first(good.size() - 1)));
    holds = holds && std::isnan(score.score(row)) && std::isnan(score.score({}));
    holds = holds && std::isnan(score.score(good, std::span(contributions).first(good.size() - 1)));
    row[score.dimension() - 1] = std::numeric_limits<float>::quiet_NaN();
    holds = holds && std::isnan(score.score(good)) && std::isnan(score.score(good, contributions));
    const bool is_untouched = contributions[0] == -1.0;
    for (const float far : {-std::numeric_limits<float>::max(), std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::denorm_min(), -std::numeric_limits<float>::infinity()}) {
        row[score.dimension() - 1] = far;
        (void)score.score(good, contributions);
    }
    row[score.dimension() - 1] = 0.1F;
    holds = holds && score.score(good, contributions) == usual;
    CHECK(allocation_count() == before);
    CHECK(holds);
    CHECK(is_untouched);
}

/// Bytes round-trip, and cut or altered ones are refused.
template <Score S>
void check_file(const S& score, std::span<const float> row) {
    const auto bytes = score.serialize();
    const S read = S::deserialize(bytes);
    CHECK(read.serialize() == bytes);
    CHECK(read.score(row) == score.score(row));
    for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 61)
        REQUIRE(code_of([&] { (void)S::deserialize(std::span(bytes).first(cut)); }) == ErrorCode::corrupt_data);
    auto altered = bytes;
    altered.back() ^= std::byte{1};
    CHECK(code_of([&] { (void)S::deserialize(altered); }) == ErrorCode::corrupt_data);
}

}  // namespace vedette::testing
