// SPDX-License-Identifier: Apache-2.0
// Edges, ranks and urn as lists, read without believing them.
#include "drift/rank_bets_codec.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace vedette::inline v0::drift {
namespace {

constexpr std::uint64_t largest_count = std::uint64_t{1} << 50U;

}  // namespace

// Numbers: edges, places, learned, their sum, weight. Integers: ranks, live counts.
void RankBetsCodec::write(const RankBets& bets, MonitorCodec& file) {
    const std::size_t edges = bets.ranks_.size();
    file.settings.push_back(bets.seed_);
    file.settings.push_back(bets.reference_size_);
    file.numbers.insert(file.numbers.end(), bets.edges_.begin(),
                        bets.edges_.begin() + static_cast<std::ptrdiff_t>(edges));
    file.numbers.insert(file.numbers.end(), bets.places_.begin(), bets.places_.end());
    file.numbers.insert(file.numbers.end(), bets.learned_.begin(), bets.learned_.end());
    file.numbers.push_back(bets.learned_sum_);
    file.numbers.push_back(bets.weight_);
    file.integers.insert(file.integers.end(), bets.ranks_.begin(), bets.ranks_.end());
    std::uint64_t below = 0;
    for (std::size_t j = 0; j <= edges; ++j) {
        const std::uint64_t above = j < edges ? bets.ranks_[j] : bets.reference_size_ + 1;
        file.integers.push_back(static_cast<std::uint64_t>(bets.mass_[j]) - (above - below));
        below = above;
    }
}

RankBets RankBetsCodec::read(const MonitorCodec& file, std::size_t first_setting, std::size_t own_numbers) {
    const auto require = [](bool condition, const char* what) { MonitorCodec::require(condition, what); };
    require(file.integers.size() % 2 == 1 && file.integers.size() >= 7, "a number of cells out of range");
    const std::size_t edges = file.integers.size() / 2;
    require(edges < stats::maximum_grid_cells, "a number of cells out of range");
    require(file.numbers.size() == 3 * edges + 3 + own_numbers, "a state of another length");
    RankBets bets;
    bets.seed_ = file.settings[first_setting];
    bets.reference_size_ = file.settings[first_setting + 1];
    require(bets.reference_size_ <= largest_count, "a reference size out of range");
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < edges; ++i) {
        const double edge = file.numbers[i];
        const double place = file.numbers[edges + i];
        require(std::abs(edge) <= 1e100 && place >= 0.0 && place < 1.0, "an edge out of range");
        const bool tie = i > 0 && edge == bets.edges_.back();
        require(i == 0 || edge > bets.edges_.back() || (tie && place >= bets.places_.back()), "edges out of order");
        require(file.integers[i] > last && file.integers[i] <= bets.reference_size_, "ranks out of order");
        last = file.integers[i];
        bets.edges_.push_back(edge);
        bets.places_.push_back(place);
        bets.ranks_.push_back(last);
    }
    bets.prepare();
    double sum = 0.0;
    for (std::size_t j = 0; j <= edges; ++j) {
        const std::uint64_t live = file.integers[edges + j];
        require(live <= largest_count, "a count out of range");
        bets.observations_ += live;
        bets.mass_[j] += static_cast<double>(live);
        bets.total_ += static_cast<double>(live);
        for (std::size_t k = 0; k < 2; ++k) bets.score_sums_[k] += static_cast<double>(live) * bets.scores_[j][k];
        bets.learned_[j] = file.numbers[2 * edges + j];
        MonitorCodec::require_within(bets.learned_[j], 0.0, 0x1p70, "a weighted count out of range");
        sum += bets.learned_[j];
    }
    bets.learned_sum_ = file.numbers[3 * edges + 1];
    bets.weight_ = file.numbers[3 * edges + 2];
    require(std::abs(bets.learned_sum_ - sum) <= 1e-6 * sum, "a sum that is none");
    MonitorCodec::require_within(bets.weight_, 1.0, 0x1p60, "a weight out of range");
    return bets;
}

}  // namespace vedette::inline v0::drift
