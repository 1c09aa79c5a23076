// SPDX-License-Identifier: Apache-2.0
// References and traffic for the guard's benchmarks: typical, and what an attacker would send.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/guard/baseline.hpp"

namespace bench {

inline constexpr std::size_t features = 100;

/// The law of the reference data.
enum class Shape {
    normal,
    lognormal,   ///< sigma 2
    duplicated,  ///< nine in ten values are one value
    few,         ///< ten distinct values
    clustered,   ///< half the values within one part in a million
};

inline float draw(Shape shape, vedette::Random& random) {
    const double x = random.normal();
    switch (shape) {
        case Shape::normal: break;
        case Shape::lognormal: return static_cast<float>(std::exp(2.0 * x));
        case Shape::duplicated: return random.uniform() < 0.9 ? 1.0F : static_cast<float>(x);
        case Shape::few: return static_cast<float>(std::floor(10.0 * random.uniform()));
        case Shape::clustered: return static_cast<float>(random.uniform() < 0.5 ? 1.0 + 1e-6 * x : 1e6 * x);
    }
    return static_cast<float>(x);
}

/// What is sent. All but `reference` and `shifted` are what an attacker, or a broken pipeline, would send.
enum class Kind {
    reference,  ///< the reference's own law
    shifted,    ///< by half a deviation
    ties,
    nan,
    infinite,
    outside,
    edge,   ///< every value equals an edge
    mixed,  ///< each of the five before by chance
};

inline std::vector<std::string> numbered(const char* prefix, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
    return names;
}

/// Built once per process: the benchmarks share it.
inline const vedette::Baseline& numeric_baseline(Shape shape, std::size_t cells) {
    static std::map<std::pair<Shape, std::size_t>, vedette::Baseline> built;
    if (const auto known = built.find({shape, cells}); known != built.end()) return known->second;
    constexpr std::size_t rows = 20'000;
    vedette::Random random(1, 0);
    const std::vector<std::string> names = numbered("feature_", features);
    std::vector<std::vector<float>> data(features, std::vector<float>(rows));
    std::vector<vedette::NamedColumn> columns;
    for (std::size_t f = 0; f < features; ++f) {
        for (float& x : data[f]) x = draw(shape, random);
        columns.push_back({names[f], vedette::Column::numeric(data[f])});
    }
    auto made = vedette::Baseline::build(vedette::Table(columns), {.cells = cells});
    return built.emplace(std::pair{shape, cells}, std::move(made)).first->second;
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

/// Rows of `features` values each.
inline std::vector<float> traffic(Kind kind, Shape shape, std::size_t rows, const vedette::Baseline& baseline,
                                  std::uint64_t seed = 3) {
    vedette::Random random(seed, 1);
    constexpr Kind mixture[] = {Kind::ties, Kind::nan, Kind::infinite, Kind::outside, Kind::edge, Kind::reference};
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::vector<float> values(rows * features);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& edges = baseline.features()[i % features].grid.edges;
        const bool upwards = random() % 2 == 0;
        float& x = values[i];
        switch (kind == Kind::mixed ? mixture[random() % std::size(mixture)] : kind) {
            case Kind::shifted: x = draw(shape, random) + 0.5F; break;
            case Kind::ties: x = static_cast<float>(edges[edges.size() / 2]); break;
            case Kind::nan: x = std::numeric_limits<float>::quiet_NaN(); break;
            case Kind::infinite: x = upwards ? infinity : -infinity; break;
            case Kind::outside: x = upwards ? 1e30F : -1e30F; break;
            case Kind::edge: x = static_cast<float>(edges[random() % (edges.size() - 1)]); break;
            case Kind::reference:
            case Kind::mixed: x = draw(shape, random); break;
        }
    }
    return values;
}

}  // namespace bench
