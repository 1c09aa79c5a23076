// SPDX-License-Identifier: Apache-2.0
// The recursion of optimal partition selection, rounded so that it never gives more than it may.
#include "vedette/privacy/partition_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bernoulli.hpp"

namespace vedette::inline v0::privacy {

namespace {

// Both bounds are taken with a loss smaller by more than their arithmetic errs, so that they hold at the loss itself:
// of either side, relative errors of a few units of 2^-53 against a margin of 2^-40.
constexpr double margin = 1.0 - 0x1p-40;

double share_of_delta(Delta delta, std::uint64_t partitions) {
    return -std::expm1(std::log1p(-delta.value()) / static_cast<double>(partitions)) * margin;
}

// pi up to 1/2, and 1 - pi from then on: the one of the two that has all its digits.
struct Table {
    std::vector<double> rarer;
    std::size_t turn = 0;  // the first that holds 1 - pi
};

Table table_of(double epsilon, double delta) {
    const double grow = std::exp(epsilon * margin) * margin;
    const double shrink = std::exp(-epsilon * margin) * (1.0 + 0x1p-40);
    Table table;
    double told = 0.0, hidden = 1.0;
    while (hidden > 0.0) {
        const bool is_rare = told < 0.5;
        table.rarer.push_back(is_rare ? told : hidden);
        table.turn += is_rare ? 1 : 0;
        const double most = told * grow + delta, least = shrink * (hidden - delta);
        if (most < 0.5 && most < 1.0 - least) {
            told = most;
            hidden = 1.0 - told;
        } else {
            hidden = std::max({0.0, least, (1.0 - most) * (1.0 + 0x1p-40)});
            told = 1.0 - hidden;
        }
    }
    return table;
}

Epsilon checked(const PrivacyUnit& unit, Epsilon epsilon) {
    if (unit.neighbouring() != Neighbouring::add_remove)
        throw Error(ErrorCode::invalid_argument, "unit: partition selection is for users who are added or removed");
    if (unit.limit().rows != 1)
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("unit has {} rows per category: it must be 1, since users are counted", unit.limit().rows));
    const double share = epsilon.value() / static_cast<double>(unit.limit().partitions);
    if (!(share >= PartitionSelection::least_epsilon && share <= 700.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {} per category: it must be from 0.001 to 700", share));
    return epsilon;
}

}  // namespace

PartitionSelection::PartitionSelection(const PrivacyUnit& unit, Epsilon epsilon, Delta delta)
    : unit_(unit), epsilon_(checked(unit, epsilon)), delta_(delta) {
    const std::uint64_t partitions = unit.limit().partitions;
    const double share = share_of_delta(delta, partitions);
    // Below, roundings are no longer relative ones, and a share of 0 would never tell anything.
    if (!(share >= least_delta))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("delta is {} per category: it must be at least 1e-290", share));
    Table table = table_of(share_of(epsilon, partitions).value(), share);
    rarer_ = std::move(table.rarer);
    turn_ = table.turn;
}

double PartitionSelection::probability(std::uint64_t users) const noexcept {
    if (users >= rarer_.size()) return 1.0;
    return users < turn_ ? rarer_[users] : 1.0 - rarer_[users];
}

SelectedPartitions PartitionSelection::select(const std::map<std::string, std::uint64_t, std::less<>>& users,
                                              ReleaseBudget& budget, detail::Keystream* keystream) const {
    SelectedPartitions selected{{}, {epsilon_.value(), delta_.value()}};
    budget.spend(selected.spent);
    detail::Keystream& stream = own_unless(keystream);
    for (const auto& [name, count] : users) {
        std::uint8_t coin = 0;
        Bernoulli(count < rarer_.size() ? rarer_[count] : 0.0).sample({&coin, 1}, stream);
        if ((coin != 0) == (count < turn_)) selected.names.push_back(name);
    }
    return selected;
}

SelectedPartitions PartitionSelection::release(const std::map<std::string, std::uint64_t, std::less<>>& users,
                                               ReleaseBudget& budget, detail::Keystream* keystream) const {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a selection through Contributions");
    return select(users, budget, keystream);
}

SelectedPartitions PartitionSelection::release(const Contributions& rows, ReleaseBudget& budget,
                                               detail::Keystream* keystream) const {
    if (!(rows.unit() == unit_))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
    std::map<std::string, std::uint64_t, std::less<>> users;
    rows.for_each([&](double, std::string_view partition) { ++users[std::string(partition)]; });
    return select(users, budget, keystream);
}

}  // namespace vedette::inline v0::privacy
