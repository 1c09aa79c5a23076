// SPDX-License-Identifier: Apache-2.0
// Repeated values by sorting, order by the value before.
#include "validation/sequence.hpp"

#include <algorithm>
#include <type_traits>

#include "validation/column_values.hpp"

namespace vedette::inline v0::validation {

namespace {

// Every row but the first with its key.
template <class Key>
void mark_repeated(std::vector<std::pair<Key, std::size_t>>& keys, FailedRows& failed) {
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 1; i < keys.size(); ++i) {
        if (keys[i].first == keys[i - 1].first) failed[Check::unique].set(keys[i].second, failed.rows);
    }
    keys.clear();
}

template <class T>
bool is_in_order(Order order, T before, T now) noexcept {
    switch (order) {
        case Order::any: return true;
        case Order::increasing: return now >= before;
        case Order::strictly_increasing: return now > before;
        case Order::decreasing: return now <= before;
        case Order::strictly_decreasing: return now < before;
    }
    return true;
}

}  // namespace

void Sequence::add_keys(const Column& column, bool is_lasting, std::size_t first) {
    if (!column.is_numeric()) {
        for (std::size_t i = 0; i < column.size(); ++i) {
            if (!column.is_valid(i)) continue;
            const std::string_view text = column.text(i);
            texts_.emplace_back(is_lasting ? text : copies_.emplace_back(text), first + i);
        }
        return;
    }
    for_each_number(column, [&](std::size_t row, auto x) {
        if constexpr (std::is_same_v<decltype(x), double>) {
            if (x == x) doubles_.emplace_back(x, first + row);
        } else {
            // Two's complement keeps integers of either sign apart.
            integers_.emplace_back(static_cast<std::uint64_t>(x), first + row);
        }
    });
}

// Of the values of type T: a column holds one type, so the others find none.
template <class T>
void Sequence::judge_order(Order order, const Column& column, Before<T>& before, FailedRows& failed) {
    for_each_number(column, [&](std::size_t row, auto x) {
        if constexpr (std::is_same_v<decltype(x), T>) {
            if (!(x == x)) return;
            if (before.is_given && !is_in_order(order, before.value, x))
                failed[Check::monotonic].set(failed.first + row, failed.rows);
            before = {x, true};
        }
    });
}

void Sequence::add(const Feature& feature, const Column& column, bool is_lasting, FailedRows& failed) {
    if (feature.unique) add_keys(column, is_lasting, failed.first);
    if (feature.order == Order::any || !column.is_numeric()) return;
    judge_order(feature.order, column, before_double_, failed);
    judge_order(feature.order, column, before_signed_, failed);
    judge_order(feature.order, column, before_unsigned_, failed);
}

void Sequence::add_read(std::size_t row, const Value& number, const FailedRows& failed) {
    read_.push_back({failed.first + row, number.number, number.integer});
    are_read_integers_ = are_read_integers_ && number.is_integer;
}

void Sequence::finish_read(const Feature& feature, FailedRows& failed) {
    const ReadNumber* before = nullptr;
    for (const ReadNumber& now : read_) {
        if (!(now.number == now.number)) continue;
        if (feature.unique && are_read_integers_) {
            integers_.emplace_back(static_cast<std::uint64_t>(now.integer), now.row);
        } else if (feature.unique) {
            doubles_.emplace_back(now.number, now.row);
        }
        const bool is_right =
            before == nullptr || (are_read_integers_ ? is_in_order(feature.order, before->integer, now.integer)
                                                     : is_in_order(feature.order, before->number, now.number));
        if (!is_right) failed[Check::monotonic].set(now.row, failed.rows);
        before = &now;
    }
    read_.clear();
}

void Sequence::finish(const Feature& feature, FailedRows& failed) {
    finish_read(feature, failed);
    mark_repeated(doubles_, failed);
    mark_repeated(integers_, failed);
    mark_repeated(texts_, failed);
}

}  // namespace vedette::inline v0::validation
