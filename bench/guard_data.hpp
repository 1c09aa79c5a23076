// SPDX-License-Identifier: Apache-2.0
// References and traffic for the guard's benchmarks: typical, and what an attacker would send.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/guard/baseline.hpp"

namespace bench {

inline constexpr std::size_t features = 100;

/// Reference data by shape: "normal", "lognormal" (sigma 2), "duplicated" (nine in ten values are one value), "few"
/// (ten distinct values), "clustered" (half the values within one part in a million).
inline float draw(const std::string& shape, vedette::Random& random) {
    const double x = random.normal();
    if (shape == "lognormal") return static_cast<float>(std::exp(2.0 * x));
    if (shape == "duplicated") return random.uniform() < 0.9 ? 1.0F : static_cast<float>(x);
    if (shape == "few") return static_cast<float>(std::floor(10.0 * random.uniform()));
    if (shape == "clustered") return static_cast<float>(random.uniform() < 0.5 ? 1.0 + 1e-6 * x : 1e6 * x);
    return static_cast<float>(x);
}

inline std::vector<std::string> numbered(const char* prefix, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
    return names;
}

inline vedette::Baseline numeric_baseline(const std::string& shape, std::size_t cells) {
    constexpr std::size_t rows = 20'000;
    vedette::Random random(1, 0);
    const std::vector<std::string> names = numbered("feature_", features);
    std::vector<std::vector<float>> data(features, std::vector<float>(rows));
    std::vector<vedette::NamedColumn> columns;
    for (std::size_t f = 0; f < features; ++f) {
        for (float& x : data[f]) x = draw(shape, random);
        columns.push_back({names[f], vedette::Column::numeric(data[f])});
    }
    return vedette::Baseline::build(vedette::Table(columns), {.cells = cells});
}

/// Every feature categorical with `categories` texts of `length` characters.
inline std::string category(std::size_t number, std::size_t length) {
    std::string text = std::to_string(number);
    return std::string(length > text.size() ? length - text.size() : 0, 'c') + text;
}

inline vedette::Baseline categorical_baseline(std::size_t categories, std::size_t length) {
    constexpr std::size_t rows = 20'000;
    vedette::Random random(2, 0);
    const std::vector<std::string> names = numbered("feature_", features);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < categories; ++i) texts.push_back(category(i, length));
    const std::vector<std::string_view> dictionary(texts.begin(), texts.end());
    std::vector<std::vector<std::int32_t>> codes(features, std::vector<std::int32_t>(rows));
    std::vector<vedette::NamedColumn> columns;
    for (std::size_t f = 0; f < features; ++f) {
        for (auto& code : codes[f]) code = static_cast<std::int32_t>(random() % categories);
        columns.push_back({names[f], vedette::Column::dictionary(codes[f], dictionary)});
    }
    return vedette::Baseline::build(vedette::Table(columns));
}

/// Rows of `features` values by traffic: "typical" (the reference's own law), "shifted" (by half a deviation), "ties",
/// "nan", "infinite", "outside", "edge" (every value equals an edge), "mixed" (each of these by chance).
inline std::vector<float> traffic(const std::string& kind, const std::string& shape, std::size_t rows,
                                  const vedette::Baseline& baseline, std::uint64_t seed = 3) {
    vedette::Random random(seed, 1);
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> values(rows * features);
    for (std::size_t i = 0; i < values.size(); ++i) {
        float& x = values[i];
        const auto& edges = baseline.features()[i % features].grid.edges;
        x = draw(shape, random);
        const std::uint64_t chance = random() % 6;
        const auto is = [&](const char* name, std::uint64_t face) {
            return kind == name || (kind == "mixed" && chance == face);
        };
        if (kind == "shifted") x += 0.5F;
        if (is("ties", 0)) x = static_cast<float>(edges[edges.size() / 2]);
        if (is("nan", 1)) x = nan;
        if (is("infinite", 2)) x = random() % 2 == 0 ? infinity : -infinity;
        if (is("outside", 3)) x = random() % 2 == 0 ? 1e30F : -1e30F;
        if (is("edge", 4)) x = static_cast<float>(edges[random() % (edges.size() - 1)]);
    }
    return values;
}

}  // namespace bench
