// SPDX-License-Identifier: Apache-2.0
// Ertl's estimator: "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6.
#include "vedette/stats/hyper_log_log.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {

namespace {

constexpr unsigned longest = 64 - HyperLogLog::precision;  // q: ranks go to q + 1

double sigma(double x) noexcept {
    if (x == 1.0) return std::numeric_limits<double>::infinity();
    double y = 1.0, z = x, before = -1.0;
    while (z != before) {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    }
    return z;
}

double tau(double x) noexcept {
    if (x == 0.0 || x == 1.0) return 0.0;
    double y = 1.0, z = 1.0 - x, before = -1.0;
    while (z != before) {
        x = std::sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
    }
    return z / 3.0;
}

}  // namespace

void HyperLogLog::merge(const HyperLogLog& other) noexcept {
    for (std::size_t i = 0; i < register_count; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HyperLogLog::estimate() const noexcept {
    std::array<std::uint32_t, longest + 2> counts{};
    for (const std::uint8_t rank : registers_) ++counts.at(rank);
    constexpr auto m = static_cast<double>(register_count);
    if (counts[0] == register_count) return 0.0;
    double z = m * tau(1.0 - counts[longest + 1] / m);
    for (unsigned k = longest; k >= 1; --k) z = 0.5 * (z + counts.at(k));
    z += m * sigma(counts[0] / m);
    return m * m / (2.0 * std::log(2.0)) / z;
}

HyperLogLog HyperLogLog::from_registers(std::span<const std::uint8_t, register_count> registers) {
    if (std::any_of(registers.begin(), registers.end(), [](std::uint8_t rank) { return rank > longest + 1; }))
        throw Error(ErrorCode::corrupt_data, "a register beyond what a hash can give");
    HyperLogLog sketch;
    std::copy(registers.begin(), registers.end(), sketch.registers_.begin());
    return sketch;
}

}  // namespace vedette::inline v0::stats
