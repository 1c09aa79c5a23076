// SPDX-License-Identifier: Apache-2.0
// Edges of fixed ranks, their ties, and the urn's beginning.
#include "vedette/drift/rank_bets.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t least_reference = 8;
constexpr std::uint64_t largest_expansion = std::uint64_t{1} << 26U;

void require_size(std::uint64_t size) {
    if (size < least_reference)
        throw Error(ErrorCode::not_enough_data,
                    "rank bets: the reference has " + std::to_string(size) + " values, needs at least 8");
}

// Whether these are the counts of a grid of distinct values, whose cells depend on their number alone.
bool is_of_distinct_values(const stats::Grid& grid, std::uint64_t size) {
    std::uint64_t left = size;
    const std::size_t inner = grid.cells() - 2;
    for (std::size_t cell = 0; cell < inner; ++cell) {
        const double target = static_cast<double>(left) / static_cast<double>(inner - cell);
        auto count = static_cast<std::uint64_t>(std::max(1.0, std::floor(target + 0.5)));
        if (cell + 1 == inner) count = left;
        if (grid.reference_counts[cell + 1] != count) return false;
        left -= count;
    }
    return true;
}

double quantised(double x) {
    return std::nearbyint(x * 0x1p20) * 0x1p-20;
}

}  // namespace

RankBets::RankBets(std::span<const double> reference, std::size_t cells, std::uint64_t seed) : seed_(seed) {
    if (cells < stats::minimum_grid_cells || cells > stats::maximum_grid_cells)
        throw Error(ErrorCode::invalid_argument,
                    "rank bets: cells is " + std::to_string(cells) + ", must lie between 4 and 1024");
    require_size(reference.size());
    std::vector<double> sorted(reference.begin(), reference.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
        if (!(std::abs(sorted[i]) <= 1e100))
            throw Error(ErrorCode::invalid_argument, "rank bets: reference[" + std::to_string(i) + "] is " +
                                                         std::to_string(sorted[i]) + ", must lie within +-1e100");
    std::sort(sorted.begin(), sorted.end());
    place(sorted, cells);
}

RankBets::RankBets(const stats::Grid& grid, std::uint64_t seed) : seed_(seed) {
    std::uint64_t size = 0;
    for (const std::uint64_t in_cell : grid.reference_counts) size += in_cell;
    require_size(size);
    const std::size_t inner = grid.cells() - 2;
    if (grid.discrete) {
        if (size > largest_expansion)
            throw Error(ErrorCode::unsupported, "rank bets: a discrete grid of " + std::to_string(size) +
                                                    " values, at most 2^26 are supported");
        std::vector<double> sorted;
        for (std::size_t i = 0; i < inner; ++i)
            sorted.insert(sorted.end(), static_cast<std::size_t>(grid.reference_counts[i + 1]), grid.edges[i]);
        place(sorted, std::max(grid.cells(), stats::minimum_grid_cells));
        return;
    }
    if (!is_of_distinct_values(grid, size))
        throw Error(ErrorCode::unsupported,
                    "rank bets: ties moved the edges of the grid; give the reference values instead");
    Random random(seed_);
    std::uint64_t rank = 1;
    for (std::size_t i = 0; i < inner; ++i) {
        edges_.push_back(grid.edges[i]);
        ranks_.push_back(rank);
        rank += grid.reference_counts[i + 1];
    }
    if (ranks_.back() < size) {
        edges_.push_back(grid.maximum);
        ranks_.push_back(size);
    }
    for (std::size_t i = 0; i < edges_.size(); ++i) places_.push_back(random.uniform());
    reference_size_ = size;
    prepare();
}

// Ranks depend on sizes alone. The place of an edge among m equal values is an order statistic of m uniforms.
void RankBets::place(std::span<const double> sorted, std::size_t cells) {
    reference_size_ = sorted.size();
    const std::size_t edges = std::min(cells - 1, sorted.size());
    Random random(seed_);
    std::vector<double> uniforms;
    std::size_t begin = 0;
    std::size_t end = 0;
    for (std::size_t i = 0; i < edges; ++i) {
        const std::size_t index = i * (sorted.size() - 1) / (edges - 1);
        if (index >= end) {
            const auto ties = std::equal_range(sorted.begin(), sorted.end(), sorted[index]);
            begin = static_cast<std::size_t>(ties.first - sorted.begin());
            end = static_cast<std::size_t>(ties.second - sorted.begin());
            uniforms.resize(end - begin);
            for (double& uniform : uniforms) uniform = random.uniform();
            std::sort(uniforms.begin(), uniforms.end());
        }
        edges_.push_back(sorted[index]);
        ranks_.push_back(index + 1);
        places_.push_back(uniforms[index - begin]);
    }
    prepare();
}

void RankBets::prepare() {
    const std::size_t cells = ranks_.size() + 1;
    mass_.resize(cells);
    learned_.resize(cells);
    const double size = static_cast<double>(reference_size_ + 1);
    double below = 0.0;
    for (std::size_t j = 0; j < cells; ++j) {
        const double above = j < ranks_.size() ? static_cast<double>(ranks_[j]) : size;
        const double middle = (below + above) / size - 1.0;  // of the cell, on [-1, 1]
        scores_.push_back({quantised(middle), quantised(0.5 * (3.0 * middle * middle - 1.0))});
        below = above;
    }
    for (const double edge : edges_) keys_.push_back(key_of(edge));
    keys_.resize(std::max(std::bit_ceil(ranks_.size() + 1), std::size_t{8}), std::numeric_limits<std::uint64_t>::max());
    clear();
}

void RankBets::clear() noexcept {
    std::uint64_t below = 0;
    total_ = static_cast<double>(reference_size_ + 1);
    score_sums_ = {};
    learned_sum_ = 0.0;
    weight_ = 1.0;
    observations_ = 0;
    for (std::size_t j = 0; j < mass_.size(); ++j) {
        const std::uint64_t above = j < ranks_.size() ? ranks_[j] : reference_size_ + 1;
        mass_[j] = static_cast<double>(above - below);
        for (std::size_t k = 0; k < 2; ++k) score_sums_[k] += mass_[j] * scores_[j][k];
        learned_[j] = 0.0;
        below = above;
    }
}

void RankBets::shrink_weights() noexcept {
    for (double& learned : learned_) learned *= 0x1p-60;
    learned_sum_ *= 0x1p-60;
    weight_ *= 0x1p-60;
}

double RankBets::tie_breaker(std::uint64_t draw) const noexcept {
    Random random(seed_, draw + 1);
    return random.uniform();
}

}  // namespace vedette::inline v0::drift
