// SPDX-License-Identifier: Apache-2.0
// The unit of distances between samples.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

namespace vedette::inline v0::drift {

/// The population's, as distances are. Centred on some value, since only spread is asked for: not all of what the mean
/// of values far from 0 rounds away is lost then. In lanes, so that vectors serve.
template <class T>
double standard_deviation(std::span<const T> values) {
    constexpr std::size_t lanes = 8;
    const double centre = static_cast<double>(values[values.size() / 2]);
    std::array<double, lanes> sums{};
    std::array<double, lanes> squares{};
    const auto add = [&](std::size_t i, std::size_t lane) {
        const double difference = static_cast<double>(values[i]) - centre;
        sums[lane] += difference;
        squares[lane] += difference * difference;
    };
    const std::size_t whole = values.size() - values.size() % lanes;
    for (std::size_t i = 0; i < whole; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) add(i + lane, lane);
    for (std::size_t i = whole; i < values.size(); ++i) add(i, i - whole);
    const double n = static_cast<double>(values.size());
    const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / n;
    const double square = std::accumulate(squares.begin(), squares.end(), 0.0) / n;
    return std::sqrt(std::max(0.0, square - mean * mean));
}

}  // namespace vedette::inline v0::drift
