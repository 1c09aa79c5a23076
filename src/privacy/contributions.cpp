// SPDX-License-Identifier: Apache-2.0
// Rows of a user in the order of the choice, pruned as they come.
#include "vedette/privacy/contributions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "privacy/keystream.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

template <class Value>
LimitedRows<Value>::LimitedRows(const PrivacyUnit& unit, ContributionChoice choice) : unit_(unit), choice_(choice) {
    if (!unit.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a record: contributions are limited by user");
}

template <class Value>
std::uint32_t LimitedRows<Value>::partition_number(std::string_view name) {
    const std::string text(name);
    if (const auto known = partition_numbers_.find(text); known != partition_numbers_.end()) return known->second;
    if (partitions_.size() >= std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::overflow, "partition: more than 2^32 - 1 of them");
    const auto number = static_cast<std::uint32_t>(partitions_.size());
    partitions_.push_back(text);
    try {
        partition_numbers_.emplace(text, number);
    } catch (...) {
        partitions_.pop_back();
        throw;
    }
    return number;
}

template <class Value>
void LimitedRows<Value>::insert(std::vector<Row>& rows, const Row& row) const {
    const auto place =
        std::upper_bound(rows.begin(), rows.end(), row, [](const Row& a, const Row& b) { return a.rank < b.rank; });
    const ContributionLimit& limit = unit_.limit();
    if (place == rows.end() && rows.size() == unit_.rows()) return;
    rows.insert(place, row);
    std::unordered_map<std::uint32_t, std::uint64_t> kept;
    const auto is_too_many = [&](const Row& each) {
        auto known = kept.find(each.partition);
        if (known == kept.end()) {
            if (kept.size() == limit.partitions) return true;
            known = kept.emplace(each.partition, 0).first;
        }
        return ++known->second > limit.rows;
    };
    std::size_t left = 0;
    for (const Row& each : rows)
        if (!is_too_many(each)) rows[left++] = each;
    rows.resize(left);
}

template <class Value>
void LimitedRows<Value>::add(std::string_view user, Value value, std::string_view partition) {
    std::uint64_t rank = next_rank_;
    if (choice_ == ContributionChoice::random) {
        detail::Keystream& keystream = detail::Keystream::of_this_thread();
        rank = keystream.word();
        keystream.forget();
    }
    const std::uint32_t number = partition_number(partition);
    insert(users_[std::string(user)], {rank, value, number});
    ++next_rank_;
}

template <class Value>
void LimitedRows<Value>::merge(const LimitedRows& other) {
    if (!(other.unit_ == unit_) || other.choice_ != choice_)
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit or choice is another one's");
    const LimitedRows copy = &other == this ? other : LimitedRows(unit_, choice_);
    const LimitedRows& from = &other == this ? copy : other;
    for (const auto& [user, rows] : from.users_)
        for (const Row& row : rows) {
            const std::uint64_t rank = choice_ == ContributionChoice::first ? row.rank + next_rank_ : row.rank;
            insert(users_[user], {rank, row.value, partition_number(from.partitions_[row.partition])});
        }
    next_rank_ += from.next_rank_;
}

template <class Value>
std::size_t LimitedRows<Value>::rows() const noexcept {
    std::size_t count = 0;
    for (const auto& [user, rows] : users_) count += rows.size();
    return count;
}

template class LimitedRows<double>;
template class LimitedRows<ValuePair>;
template class LimitedRows<Outcome>;

std::string TableContributions::cell_name(std::string_view row, std::string_view column) {
    return fmt::format("{}:{}{}", row.size(), row, column);
}

std::pair<std::string_view, std::string_view> TableContributions::names_of(std::string_view cell) noexcept {
    const std::size_t colon = cell.find(':');
    std::size_t length = 0;
    std::from_chars(cell.data(), cell.data() + colon, length);
    const std::string_view names = cell.substr(colon + 1);
    return {names.substr(0, length), names.substr(length)};
}

}  // namespace vedette::inline v0::privacy
