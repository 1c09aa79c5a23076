// SPDX-License-Identifier: Apache-2.0
// The inputs of the parity table: values by formula from a seed, the same bits as parity_inputs.py gives.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace parity {

/// SplitMix64's output at that place of its sequence, as a fraction of 53 bits.
inline double uniform(std::uint64_t seed, std::uint64_t place) {
    std::uint64_t z = seed + (place + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
}

/// Sums of three uniforms, cut to `levels` steps per unit, scaled by a power of 2, the first of `d` columns moved; a
/// NaN at every `nan`-th place. Row after row. Every step is one rounding, so that no compiler can change it.
inline std::vector<double> draw(const nlohmann::json& spec) {
    const std::uint64_t seed = spec["seed"];
    const std::size_t columns = spec.value("d", std::size_t{1});
    const std::size_t nan = spec.value("nan", std::size_t{0});
    const double levels = spec.value("levels", 0.0);
    const double scale = spec.value("scale", 1.0);
    const double shift = spec.value("shift", 0.0);
    std::vector<double> values(spec["n"].get<std::size_t>() * columns);
    for (std::size_t i = 0; i < values.size(); ++i) {
        double value = uniform(seed, 3 * i) + uniform(seed, 3 * i + 1);
        value = value + uniform(seed, 3 * i + 2) - 1.5;
        if (levels > 0.0) value = std::floor(value * levels);
        value *= scale;
        if (i % columns == 0) value += shift;
        if (nan > 0 && (i + 1) % nan == 0) value = std::numeric_limits<double>::quiet_NaN();
        values[i] = value;
    }
    return values;
}

/// What the oracle expects; null where it has no value.
inline std::optional<double> number(const nlohmann::json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

}  // namespace parity
