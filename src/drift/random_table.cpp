// SPDX-License-Identifier: Apache-2.0
// Hypergeometric counts, column after column.
#include "drift/random_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace vedette::inline v0::drift {
namespace {

// The natural logarithm of a positive normal number, without the C library's, whose last bit depends on the processor.
double plain_log(double x) {
    int exponent = 0;
    double mantissa = std::frexp(x, &exponent);
    if (mantissa < 0.5 * std::numbers::sqrt2) {
        mantissa *= 2.0;
        --exponent;
    }
    const double s = (mantissa - 1.0) / (mantissa + 1.0);
    const double square = s * s;
    double series = 0.0;
    for (double k = 21.0; k >= 3.0; k -= 2.0) series = square * (1.0 / k + series);
    return static_cast<double>(exponent) * std::numbers::ln2 + 2.0 * (s + s * series);
}

// Below `bound`, exactly uniform.
std::uint64_t below(Random& random, std::uint64_t bound) {
    const std::uint64_t reject_below = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t word = random();
        if (word >= reject_below) return word % bound;
    }
}

std::uint64_t one_by_one(Random& random, std::uint64_t successes, std::uint64_t failures, std::uint64_t draws) {
    std::uint64_t drawn = 0;
    for (std::uint64_t left = successes + failures; draws > 0; --draws, --left)
        drawn += below(random, left) < successes - drawn ? 1U : 0U;
    return drawn;
}

// At most half are drawn, and successes are the rarer kind: what the other cases reduce to.
std::uint64_t ratio_of_uniforms(Random& random, const LogFactorials& log_factorial, std::uint64_t successes,
                                std::uint64_t failures, std::uint64_t draws) {
    const auto good = static_cast<double>(successes);
    const auto taken = static_cast<double>(draws);
    const double total = good + static_cast<double>(failures);
    const double share = good / total;
    const double variance = (total - taken) * taken * share * (1.0 - share) / (total - 1.0);
    const double centre = taken * share + 0.5;
    const double spread = std::sqrt(variance + 0.5);
    // Stadlober's constants, 2 sqrt(2/e) and 3 - 2 sqrt(3/e): the hat that covers every such law.
    const double width = 1.7155277699214135 * spread + 0.8989161620588988;
    const double end = std::min(std::min(taken, good) + 1.0, std::floor(centre + 16.0 * spread));
    const auto weight = [&](std::uint64_t k) {
        return log_factorial(k) + log_factorial(successes - k) + log_factorial(draws - k) +
               log_factorial(failures - draws + k);
    };
    const auto mode = static_cast<std::uint64_t>((taken + 1.0) * (good + 1.0) / (total + 2.0));
    const double most = weight(std::min({mode, draws, successes}));
    for (;;) {
        const double u = 1.0 - random.uniform();
        const double x = centre + width * (random.uniform() - 0.5) / u;
        if (x < 0.0 || x >= end) continue;
        const auto k = static_cast<std::uint64_t>(x);
        const double log_ratio = most - weight(k);
        // Bounds of the logarithm decide most cases.
        if (u * (4.0 - u) - 3.0 <= log_ratio) return k;
        if (u * (u - log_ratio) >= 1.0) continue;
        if (2.0 * plain_log(u) <= log_ratio) return k;
    }
}

}  // namespace

LogFactorials::LogFactorials(std::size_t table_size) : table_(std::max<std::size_t>(table_size, 16)) {
    double factorial = 1.0;
    for (std::size_t k = 0; k < table_.size(); ++k) {
        if (k > 1 && k < 16) factorial *= static_cast<double>(k);
        table_[k] = k < 16 ? plain_log(factorial) : stirling(k);
    }
}

double LogFactorials::stirling(std::uint64_t k) {
    const double x = static_cast<double>(k) + 1.0;
    const double inverse = 1.0 / x;
    const double square = inverse * inverse;
    const double series =
        inverse * (1.0 / 12.0 + square * (-1.0 / 360.0 + square * (1.0 / 1260.0 + square * (-1.0 / 1680.0))));
    constexpr double half_log_two_pi = 0.91893853320467274178;
    return (x - 0.5) * plain_log(x) - x + half_log_two_pi + series;
}

std::uint64_t random_hypergeometric(Random& random, const LogFactorials& log_factorial, std::uint64_t successes,
                                    std::uint64_t failures, std::uint64_t draws) {
    if (successes == 0 || draws == 0) return 0;
    if (failures == 0) return draws;
    const std::uint64_t total = successes + failures;
    // What is left behind, and the failures, are hypergeometric too.
    if (draws > total - draws)
        return successes - random_hypergeometric(random, log_factorial, successes, failures, total - draws);
    if (draws < 10) return one_by_one(random, successes, failures, draws);
    if (successes > failures) return draws - random_hypergeometric(random, log_factorial, failures, successes, draws);
    if (successes < 10) return one_by_one(random, draws, total - draws, successes);
    return ratio_of_uniforms(random, log_factorial, successes, failures, draws);
}

void random_table(Random& random, const LogFactorials& log_factorial, std::span<const std::uint64_t> rows,
                  std::span<const std::uint64_t> columns, std::span<std::uint64_t> cells) {
    const std::size_t width = columns.size();
    // The last row holds what the others leave.
    const auto left = cells.subspan((rows.size() - 1) * width);
    std::copy(columns.begin(), columns.end(), left.begin());
    std::uint64_t items = std::accumulate(columns.begin(), columns.end(), std::uint64_t{0});
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
        std::uint64_t draws = rows[i];
        std::uint64_t behind = items;  // of this column and those after it
        for (std::size_t j = 0; j < width; ++j) {
            behind -= left[j];
            const std::uint64_t drawn = random_hypergeometric(random, log_factorial, left[j], behind, draws);
            cells[i * width + j] = drawn;
            left[j] -= drawn;
            draws -= drawn;
        }
        items -= rows[i];
    }
}

}  // namespace vedette::inline v0::drift
