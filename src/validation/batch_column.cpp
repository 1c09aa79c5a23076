// SPDX-License-Identifier: Apache-2.0
// Columns held against features: floats by a kernel that finds what is outside, integers exactly, a dictionary's texts
// once each.
#include "validation/batch_column.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/number_text.hpp"
#include "kernels/dispatch.hpp"
#include "validation/column_values.hpp"

namespace vedette::inline v0::validation {

namespace {

void mark_null(const FeatureRules& rules, std::size_t row, FailedRows& failed) {
    failed.null.set(row, failed.rows);
    failed.mark(rules.rule.of_null(), row);
}

template <class T>
const kernels::IntervalsView<T>& interval_of(const FeatureRules& rules) noexcept {
    if constexpr (std::is_same_v<T, float>) {
        return rules.f32;
    } else {
        return rules.f64;
    }
}

// Floating features: only what is outside the one interval that holds all rules is looked at, value by value.
template <class T>
void judge_floats(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    const kernels::IntervalKernels<T>& kernel = kernels::intervals<T>(kernels::kernels());
    const kernels::IntervalsView<T>& interval = interval_of<T>(rules);
    const Validity validity = column.validity();
    std::array<std::uint64_t, tile_rows / 64> outside{};
    for_each_tile<T>(column, [&](std::size_t begin, std::size_t count, const T* x) {
        if (kernel.mark_outside(x, count, interval.lower[0], interval.upper[0], outside.data()) != 0) {
            for (std::size_t k = 0; k < (count + 63) / 64; ++k) {
                for (std::uint64_t left = outside[k]; left != 0; left &= left - 1) {
                    const std::size_t i = k * 64 + static_cast<std::size_t>(std::countr_zero(left));
                    if (validity[begin + i]) failed.mark(kernels::attribute_value(x[i], interval, 0), begin + i);
                }
            }
        }
        if (!rules.rule.asks_more()) return;
        for (std::size_t i = 0; i < count; ++i) {
            if (validity[begin + i]) failed.mark(rules.rule.of_fraction(static_cast<double>(x[i])), begin + i);
        }
    });
}

// Any other feature, from a column of numbers.
void judge_numbers(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    for_each_number(column, [&](std::size_t row, auto x) {
        if constexpr (std::is_same_v<decltype(x), double>) {
            if (std::isnan(x) && (rules.rule.type == FeatureType::integer || rules.rule.type == FeatureType::boolean))
                return mark_null(rules, row, failed);
            failed.mark(rules.rule.of_number(x), row);
        } else if (rules.rule.type == FeatureType::integer) {
            failed.mark(rules.rule.of_integer(Whole::of(x)), row);
        } else {
            failed.mark(rules.rule.of_number(static_cast<double>(x)), row);
        }
    });
}

void judge_texts(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    if (column.kind() == ColumnKind::strings) {
        for (std::size_t i = 0; i < column.size(); ++i) {
            if (column.is_valid(i)) failed.mark(rules.rule.of_text(column.text(i)), i);
        }
        return;
    }
    std::vector<CheckSet> of_code;
    for (const std::string_view text : column.dictionary()) of_code.push_back(rules.rule.of_text(text));
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) failed.mark(of_code[static_cast<std::size_t>(column.code(i))], i);
    }
}

// Every row but the first with its key.
template <class Key>
void mark_repeated(std::vector<std::pair<Key, std::size_t>>& keys, FailedRows& failed) {
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 1; i < keys.size(); ++i) {
        if (keys[i].first == keys[i - 1].first) failed[Check::unique].set(keys[i].second, failed.rows);
    }
}

template <class Key>
void judge_unique_numbers(const Column& column, FailedRows& failed) {
    std::vector<std::pair<Key, std::size_t>> keys;
    keys.reserve(column.size());
    for_each_number(column, [&](std::size_t row, auto x) {
        if (x == x) keys.emplace_back(static_cast<Key>(x), row);
    });
    mark_repeated(keys, failed);
}

void judge_unique(const Column& column, FailedRows& failed) {
    if (!column.is_numeric()) {
        std::vector<std::pair<std::string_view, std::size_t>> keys;
        for (std::size_t i = 0; i < column.size(); ++i) {
            if (column.is_valid(i)) keys.emplace_back(column.text(i), i);
        }
        return mark_repeated(keys, failed);
    }
    if (is_floating(column.dtype())) return judge_unique_numbers<double>(column, failed);
    // Two's complement keeps integers of either sign apart.
    judge_unique_numbers<std::uint64_t>(column, failed);
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

// Of the values of type T: a column holds one type, so the others find none.
template <class T>
void judge_order(Order order, const Column& column, FailedRows& failed) {
    T before{};
    bool has_before = false;
    for_each_number(column, [&](std::size_t row, auto x) {
        if constexpr (std::is_same_v<decltype(x), T>) {
            if (!(x == x)) return;
            if (has_before && !is_in_order(order, before, x)) failed[Check::monotonic].set(row, failed.rows);
            before = x;
            has_before = true;
        }
    });
}

void judge_sequence(const Feature& feature, const Column& column, FailedRows& failed) {
    if (feature.unique) judge_unique(column, failed);
    if (feature.order == Order::any || !column.is_numeric()) return;
    judge_order<double>(feature.order, column, failed);
    judge_order<std::int64_t>(feature.order, column, failed);
    judge_order<std::uint64_t>(feature.order, column, failed);
}

// The numbers that texts stand for; what stands for none is judged, and has no place in the sequence.
void judge_read_texts(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    std::vector<double> numbers(column.size(), std::nan(""));
    std::vector<std::int64_t> integers(column.size());
    std::vector<std::uint8_t> valid((column.size() + 7) / 8);
    bool are_integers = true;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        const Value value = read_text(rules.rule.type, column.text(i));
        const bool is_number = value.kind == Value::Kind::number;
        if (is_number && std::isnan(value.number) && rules.rule.type != FeatureType::floating) {
            mark_null(rules, i, failed);
            continue;
        }
        failed.mark(judge_value(rules.rule, rules.f64, value), i);
        if (!is_number) continue;
        valid[i / 8] = static_cast<std::uint8_t>(valid[i / 8] | 1U << (i % 8));
        numbers[i] = value.number;
        integers[i] = value.integer;
        are_integers = are_integers && value.is_integer;
    }
    const Validity validity{valid.data(), 0};
    judge_sequence(rules.feature,
                   are_integers ? Column::numeric(integers, validity) : Column::numeric(numbers, validity), failed);
}

}  // namespace

Value read_text(FeatureType type, std::string_view text) noexcept {
    if (type == FeatureType::boolean) {
        if (CategoryTable::folded(text) == "true") return 1;
        if (CategoryTable::folded(text) == "false") return 0;
    }
    return number_or_text(text);
}

void judge_column(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    const Feature& feature = rules.feature;
    const bool is_text = feature.type == FeatureType::text || feature.type == FeatureType::bytes;
    for (std::size_t i = 0; column.validity().bits != nullptr || column.kind() == ColumnKind::dictionary; ++i) {
        if (i == column.size()) break;
        if (!column.is_valid(i)) mark_null(rules, i, failed);
    }
    if (!column.is_numeric() && rules.read_texts && !is_text) return judge_read_texts(rules, column, failed);
    if (!column.is_numeric()) {
        judge_texts(rules, column, failed);
    } else if (feature.type != FeatureType::floating) {
        judge_numbers(rules, column, failed);
    } else if (column.dtype() == Dtype::f32) {
        judge_floats<float>(rules, column, failed);
    } else {
        judge_floats<double>(rules, column, failed);
    }
    if (feature.dtype && (is_text || !column.is_numeric() || column.dtype() != *feature.dtype))
        failed[Check::type].set_all(failed.rows);
    judge_sequence(feature, column, failed);
}

}  // namespace vedette::inline v0::validation
