// SPDX-License-Identifier: Apache-2.0
// Pooling adjacent violators, and the question whether to calibrate at all.
#include "vedette/stats/isotonic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::stats {
namespace {

// Points nearer than this are one: scikit-learn's rule for doubles.
constexpr double same_point = 1e-15;
constexpr std::size_t split_count = 10;
constexpr std::size_t group_count = 10;
constexpr double nearly_perfect = 0.999;

struct Block {
    double x;
    double sum;
    double weight;
    std::size_t points;  // distinct x that were pooled
    double last_x;

    [[nodiscard]] double mean() const noexcept { return sum / weight; }
};

void check(std::span<const double> x, std::span<const double> y) {
    if (x.size() != y.size())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("isotonic: {} values of x but {} of y", x.size(), y.size()));
    if (x.empty()) throw Error(ErrorCode::not_enough_data, "isotonic: no point to fit");
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(x.begin(), x.end(), is_finite) || !std::all_of(y.begin(), y.end(), is_finite))
        throw Error(ErrorCode::invalid_argument, "isotonic: values must be finite");
}

std::vector<std::size_t> order_of(std::span<const double> x) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // By place as well: the order of equal scores must not depend on the sort.
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : a < b; });
    return order;
}

// Blocks of distinct x, pooled until their means ascend strictly.
std::vector<Block> pool(std::span<const double> x, std::span<const double> y) {
    std::vector<Block> blocks;
    Block point{};
    const auto push = [&] {
        if (point.weight == 0.0) return;
        blocks.push_back(point);
        while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() >= blocks.back().mean()) {
            const Block top = blocks.back();
            blocks.pop_back();
            Block& under = blocks.back();
            under.sum += top.sum;
            under.weight += top.weight;
            under.points += top.points;
            under.last_x = top.last_x;
        }
    };
    for (const std::size_t i : order_of(x)) {
        if (point.weight > 0.0 && x[i] - point.x < same_point) {
            point.sum += y[i];
            point.weight += 1.0;
            continue;
        }
        push();
        point = {x[i], y[i], 1.0, 1, x[i]};
    }
    push();
    return blocks;
}

// The rows of each class in a drawn order: of every ten, one is for judging.
struct Split {
    std::vector<std::size_t> fit;
    std::vector<std::size_t> judge;
};

void shuffle(std::vector<std::size_t>& rows, Random& random) {
    for (std::size_t i = rows.size(); i > 1; --i) {
        const auto j = static_cast<std::size_t>(random.uniform() * static_cast<double>(i));
        std::swap(rows[i - 1], rows[std::min(j, i - 1)]);
    }
}

Split draw_split(std::array<std::vector<std::size_t>, 2>& classes, Random& random) {
    Split split;
    for (auto& rows : classes) {
        shuffle(rows, random);
        const std::size_t judged = std::clamp<std::size_t>((rows.size() + 5) / 10, 1, rows.size() - 1);
        split.judge.insert(split.judge.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(judged));
        split.fit.insert(split.fit.end(), rows.begin() + static_cast<std::ptrdiff_t>(judged), rows.end());
    }
    // Calibrated scores are often equal; their labels must not be in order.
    shuffle(split.judge, random);
    return split;
}

double calibration_error(std::span<const double> scores, std::span<const double> labels) {
    const std::vector<std::size_t> order = order_of(scores);
    const std::size_t n = order.size();
    const std::size_t width = n <= 2 * group_count ? n / (n / 2) : n / group_count;
    double error = 0.0;
    // What is left behind the last whole group joins it.
    for (std::size_t begin = 0; begin + width <= n; begin += width) {
        const std::size_t end = begin + 2 * width > n ? n : begin + width;
        double gap = 0.0;
        for (std::size_t i = begin; i < end; ++i) gap += scores[order[i]] - labels[order[i]];
        error += std::abs(gap);
    }
    return error / static_cast<double>(n);
}

std::vector<double> picked(std::span<const double> values, const std::vector<std::size_t>& rows) {
    std::vector<double> out;
    out.reserve(rows.size());
    for (const std::size_t row : rows) out.push_back(values[row]);
    return out;
}

}  // namespace

IsotonicMap::IsotonicMap() : x_{0.0, 1.0}, y_{0.0, 1.0} {}

IsotonicMap IsotonicMap::fit(std::span<const double> x, std::span<const double> y) {
    check(x, y);
    std::vector<double> knots;
    std::vector<double> values;
    for (const Block& block : pool(x, y)) {
        knots.push_back(block.x);
        values.push_back(block.mean());
        if (block.points == 1) continue;
        knots.push_back(block.last_x);
        values.push_back(block.mean());
    }
    return from_knots(std::move(knots), std::move(values));
}

IsotonicMap IsotonicMap::from_knots(std::vector<double> x, std::vector<double> y) {
    const auto is_finite = [](double value) { return std::isfinite(value); };
    const bool well_formed =
        !x.empty() && x.size() == y.size() && std::all_of(x.begin(), x.end(), is_finite) &&
        std::all_of(y.begin(), y.end(), is_finite) && std::is_sorted(y.begin(), y.end()) &&
        std::adjacent_find(x.begin(), x.end(), [](double a, double b) { return a >= b; }) == x.end();
    if (!well_formed)
        throw Error(ErrorCode::invalid_argument, "isotonic: knots must ascend in x, and not descend in y");
    IsotonicMap map;
    map.x_ = std::move(x);
    map.y_ = std::move(y);
    return map;
}

double IsotonicMap::operator()(double x) const noexcept {
    if (std::isnan(x)) return x;
    if (x <= x_.front()) return y_.front();
    if (x >= x_.back()) return y_.back();
    const auto after = static_cast<std::size_t>(std::upper_bound(x_.begin(), x_.end(), x) - x_.begin());
    const std::size_t before = after - 1;
    const double slope = (y_[after] - y_[before]) / (x_[after] - x_[before]);
    return slope * (x - x_[before]) + y_[before];
}

double roc_auc(std::span<const double> scores, std::span<const double> labels) {
    const std::vector<std::size_t> order = order_of(scores);
    double wins = 0.0;
    double positives = 0.0;
    double negatives = 0.0;
    for (std::size_t i = 0; i < order.size();) {
        double up = 0.0;
        double down = 0.0;
        const double score = scores[order[i]];
        for (; i < order.size() && scores[order[i]] == score; ++i) (labels[order[i]] > 0.5 ? up : down) += 1.0;
        wins += up * (negatives + 0.5 * down);
        positives += up;
        negatives += down;
    }
    if (positives == 0.0 || negatives == 0.0) return std::numeric_limits<double>::quiet_NaN();
    return wins / (positives * negatives);
}

bool needs_calibration(std::span<const double> scores, std::span<const double> labels, std::uint64_t seed) {
    check(scores, labels);
    std::array<std::vector<std::size_t>, 2> classes;
    for (std::size_t i = 0; i < scores.size(); ++i) classes[labels[i] > 0.5 ? 1 : 0].push_back(i);
    if (scores.size() < 20 || classes[0].size() < 2 || classes[1].size() < 2) return false;
    if (roc_auc(scores, labels) > nearly_perfect) return false;
    Random random(seed);
    std::vector<double> raw;
    std::vector<double> calibrated;
    std::vector<double> truth;
    for (std::size_t i = 0; i < split_count; ++i) {
        const Split split = draw_split(classes, random);
        const IsotonicMap map = IsotonicMap::fit(picked(scores, split.fit), picked(labels, split.fit));
        for (const std::size_t row : split.judge) {
            raw.push_back(scores[row]);
            calibrated.push_back(map(scores[row]));
            truth.push_back(labels[row]);
        }
    }
    return calibration_error(raw, truth) > calibration_error(calibrated, truth);
}

}  // namespace vedette::inline v0::stats
