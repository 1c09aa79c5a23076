// SPDX-License-Identifier: Apache-2.0
// Columns held against features: kernels find what numbers and codes are outside, and only those are looked at; a
// dictionary's texts are judged once each.
#include "validation/batch_column.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/number_text.hpp"
#include "kernels/dispatch.hpp"
#include "validation/column_values.hpp"
#include "validation/row_words.hpp"

namespace vedette::inline v0::validation {

namespace {

using Words = std::array<std::uint64_t, tile_rows / 64>;

void mark_null(const FeatureRules& rules, std::size_t row, FailedRows& failed) {
    failed.mark_null(row);
    failed.mark(rules.rule.of_null(), row);
}

void mark_nulls(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    const bool is_dictionary = column.kind() == ColumnKind::dictionary;
    const Validity validity = column.validity();
    if (validity.bits == nullptr && !is_dictionary) return;
    const kernels::ColumnKernels& kernel = kernels::kernels().columns;
    Words nulls{};
    for (std::size_t begin = 0; begin < column.size(); begin += tile_rows) {
        const std::size_t count = std::min(tile_rows, column.size() - begin);
        std::uint64_t found = 0;
        if (is_dictionary) {
            found = kernel.mark_negative(static_cast<const std::int32_t*>(column.data()) + begin, count, nulls.data());
        } else {
            nulls.fill(0);
        }
        for (std::size_t k = 0; validity.bits != nullptr && 64 * k < count; ++k) {
            const std::size_t rows = std::min<std::size_t>(64, count - 64 * k);
            nulls[k] |= valid_word(validity, begin + 64 * k, rows) ^ valid_word({}, 0, rows);
            found |= nulls[k];
        }
        if (found == 0) continue;
        const std::span<const std::uint64_t> words(nulls.data(), (count + 63) / 64);
        failed.null.add(failed.first + begin, words, failed.rows);
        failed.mark(rules.rule.of_null(), begin, words);
    }
}

// Takes the rows that are null out of a tile's marks; the number that is left.
std::uint64_t keep_valid(const Validity& validity, std::size_t begin, std::size_t count, std::uint64_t marked,
                         Words& words) noexcept {
    if (validity.bits == nullptr || marked == 0) return marked;
    std::uint64_t left = 0;
    for (std::size_t k = 0; 64 * k < count; ++k) {
        words[k] &= valid_word(validity, begin + 64 * k, std::min<std::size_t>(64, count - 64 * k));
        left += static_cast<std::uint64_t>(std::popcount(words[k]));
    }
    return left;
}

template <class Take>
void for_each_marked(const Words& words, std::size_t count, Take&& take) {
    for (std::size_t k = 0; 64 * k < count; ++k) {
        for (std::uint64_t left = words[k]; left != 0; left &= left - 1)
            take(64 * k + static_cast<std::size_t>(std::countr_zero(left)));
    }
}

template <class T>
const kernels::IntervalsView<T>& interval_of(const FeatureRules& rules) noexcept {
    if constexpr (std::is_same_v<T, float>) {
        return rules.f32;
    } else {
        return rules.f64;
    }
}

// Tells a tile's failures apart a check at a time, so that a flood of them costs no more than a few passes.
template <class T>
void attribute_tile(const kernels::IntervalsView<T>& interval, const T* x, std::size_t begin, std::size_t count,
                    const Words& outside, FailedRows& failed) {
    constexpr T infinity = std::numeric_limits<T>::infinity(), largest = std::numeric_limits<T>::max();
    const kernels::IntervalKernels<T>& kernel = kernels::intervals<T>(kernels::kernels());
    const std::size_t size = (count + 63) / 64;
    Words nan{}, found{};
    const auto mark = [&](std::uint32_t check, const Words& words) {
        failed.mark(check & static_cast<CheckSet>(interval.wanted[0]), begin, {words.data(), size});
    };
    kernel.mark_outside(x, count, -infinity, infinity, nan.data());
    for (std::size_t k = 0; k < size; ++k) nan[k] &= outside[k];
    mark(kernels::found_nan, nan);
    const auto ask = [&](std::uint32_t check, T lower, T upper) {
        if ((check & interval.wanted[0]) == 0) return;
        if (kernel.mark_outside(x, count, lower, upper, found.data()) == 0) return;
        for (std::size_t k = 0; k < size; ++k) found[k] &= outside[k] & ~nan[k];
        mark(check, found);
    };
    ask(kernels::found_infinity, -largest, largest);
    ask(kernels::found_low, interval.minimum[0], infinity);
    ask(kernels::found_high, -infinity, interval.maximum[0]);
    ask(kernels::found_far, interval.score_low[0], interval.score_high[0]);
}

// Floating features: only what is outside the one interval that holds all rules is looked at.
template <class T>
void judge_floats(const FeatureRules& rules, const Column& column, FailedRows& failed, ColumnCounter* counter) {
    constexpr std::uint64_t many = tile_rows / 16;
    const kernels::IntervalKernels<T>& kernel = kernels::intervals<T>(kernels::kernels());
    const kernels::IntervalsView<T>& interval = interval_of<T>(rules);
    const Validity validity = column.validity();
    Words outside{};
    for_each_tile<T>(column, [&](std::size_t begin, std::size_t count, const T* x) {
        std::uint64_t marked = kernel.mark_outside(x, count, interval.lower[0], interval.upper[0], outside.data());
        marked = keep_valid(validity, begin, count, marked, outside);
        if (marked > many) {
            attribute_tile(interval, x, begin, count, outside, failed);
        } else if (marked != 0) {
            for_each_marked(outside, count, [&](std::size_t i) {
                failed.mark(kernels::attribute_value(x[i], interval, 0), begin + i);
            });
        }
        for (std::size_t i = 0; rules.rule.asks_more() && i < count; ++i) {
            if (validity[begin + i]) failed.mark(rules.rule.of_fraction(static_cast<double>(x[i])), begin + i);
        }
        if (counter != nullptr) counter->add(column, begin, count, x);
    });
}

// The integers, or their bits with the sign flipped, that a feature of integers or booleans lets pass.
struct WholeInterval {
    std::int64_t lower = std::numeric_limits<std::int64_t>::min();
    std::int64_t upper = std::numeric_limits<std::int64_t>::max();
    std::uint64_t flip = 0;
};
constexpr WholeInterval no_integer{1, 0, 0};

// The bounds that are asked for; of a boolean 0 and 1.
Bounds<std::int64_t> bounds_of(const Rule& rule) {
    Bounds<std::int64_t> bounds;
    if (rule.type == FeatureType::boolean) {
        if (contains(rule.wanted, Check::type)) bounds.minimum = 0, bounds.maximum = 1;
        return bounds;
    }
    if (rule.has_minimum && contains(rule.wanted, Check::minimum)) bounds.minimum = rule.minimum;
    if (rule.has_maximum && contains(rule.wanted, Check::maximum)) bounds.maximum = rule.maximum;
    bounds.exclusive_minimum = rule.is_minimum_open;
    bounds.exclusive_maximum = rule.is_maximum_open;
    return bounds;
}

WholeInterval signed_interval(const Bounds<std::int64_t>& bounds) noexcept {
    WholeInterval given;
    if (bounds.minimum) {
        if (bounds.exclusive_minimum && *bounds.minimum == given.upper) return no_integer;
        given.lower = *bounds.minimum + (bounds.exclusive_minimum ? 1 : 0);
    }
    if (bounds.maximum) {
        if (bounds.exclusive_maximum && *bounds.maximum == std::numeric_limits<std::int64_t>::min()) return no_integer;
        given.upper = *bounds.maximum - (bounds.exclusive_maximum ? 1 : 0);
    }
    return given;
}

WholeInterval unsigned_interval(const Bounds<std::int64_t>& bounds) noexcept {
    constexpr std::uint64_t sign = std::uint64_t{1} << 63U;
    std::uint64_t lower = 0, upper = ~std::uint64_t{0};
    if (bounds.minimum && *bounds.minimum >= 0)
        lower = static_cast<std::uint64_t>(*bounds.minimum) + (bounds.exclusive_minimum ? 1U : 0U);
    if (bounds.maximum) {
        if (*bounds.maximum < (bounds.exclusive_maximum ? 1 : 0)) return no_integer;
        upper = static_cast<std::uint64_t>(*bounds.maximum) - (bounds.exclusive_maximum ? 1U : 0U);
    }
    return {static_cast<std::int64_t>(lower ^ sign), static_cast<std::int64_t>(upper ^ sign), sign};
}

// Features of integers and booleans, from columns of integers.
void judge_integers(const FeatureRules& rules, const Column& column, FailedRows& failed, ColumnCounter* counter) {
    const Rule& rule = rules.rule;
    const bool is_unsigned = column.dtype() == Dtype::u64;
    const WholeInterval interval = is_unsigned ? unsigned_interval(bounds_of(rule)) : signed_interval(bounds_of(rule));
    const kernels::ColumnKernels& kernel = kernels::kernels().columns;
    const Validity validity = column.validity();
    const auto judge = [&](std::uint64_t bits) {
        const Whole whole = is_unsigned ? Whole::of(bits) : Whole::of(static_cast<std::int64_t>(bits));
        if (rule.type == FeatureType::integer) return rule.of_integer(whole);
        return bits <= 1 ? CheckSet{0} : set_of(Check::type) & rule.wanted;
    };
    const bool asks_each = rule.type == FeatureType::integer &&
                           (rule.reference || (rule.integer_step != 1 && contains(rule.wanted, Check::step)));
    Words outside{};
    for_each_tile<std::uint64_t>(column, [&](std::size_t begin, std::size_t count, const std::uint64_t* x) {
        if (asks_each) {
            for (std::size_t i = 0; i < count; ++i) {
                if (validity[begin + i]) failed.mark(judge(x[i]), begin + i);
            }
        } else {
            const std::uint64_t marked =
                kernel.mark_integers(x, count, interval.flip, interval.lower, interval.upper, outside.data());
            if (keep_valid(validity, begin, count, marked, outside) != 0)
                for_each_marked(outside, count, [&](std::size_t i) { failed.mark(judge(x[i]), begin + i); });
        }
        if (counter != nullptr) counter->add(column, begin, count, x);
    });
}

// Any other feature, from a column of floats.
void judge_numbers(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    const bool is_whole = rules.rule.type == FeatureType::integer || rules.rule.type == FeatureType::boolean;
    for_each_number(column, [&](std::size_t row, auto x) {
        if (is_whole && !(x == x)) return mark_null(rules, row, failed);
        failed.mark(rules.rule.of_number(static_cast<double>(x)), row);
    });
}

void judge_dictionary(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    const std::size_t size = column.dictionary().size();
    std::array<std::vector<std::uint32_t>, check_count> sets;
    CheckSet any = 0;
    for (std::size_t code = 0; code < size; ++code) {
        const CheckSet found = rules.rule.of_text(column.dictionary()[code]);
        any |= found;
        for (CheckSet left = found; left != 0; left &= left - 1) {
            std::vector<std::uint32_t>& set = sets[static_cast<std::size_t>(std::countr_zero(left))];
            set.resize((size + 31) / 32);
            set[code / 32] |= 1U << (code % 32);
        }
    }
    const kernels::ColumnKernels& kernel = kernels::kernels().columns;
    Words marks{};
    for (std::size_t begin = 0; any != 0 && begin < column.size(); begin += tile_rows) {
        const std::size_t count = std::min(tile_rows, column.size() - begin);
        for (CheckSet left = any; left != 0; left &= left - 1) {
            const kernels::CodeSet set{sets[static_cast<std::size_t>(std::countr_zero(left))].data(), size};
            std::uint64_t marked =
                kernel.mark_codes(static_cast<const std::int32_t*>(column.data()) + begin, count, &set, marks.data());
            if (keep_valid(column.validity(), begin, count, marked, marks) == 0) continue;
            failed.mark(left & ~(left - 1), begin, {marks.data(), (count + 63) / 64});
        }
    }
}

void judge_texts(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    if (column.kind() == ColumnKind::dictionary) return judge_dictionary(rules, column, failed);
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) failed.mark(rules.rule.of_text(column.text(i)), i);
    }
}

// The numbers that texts stand for; what stands for none is judged, and has no place in the sequence.
void judge_read_texts(const FeatureRules& rules, const Column& column, FailedRows& failed, Sequence& sequence) {
    const bool is_sequence = !rules.is_listed && (rules.feature.unique || rules.feature.order != Order::any);
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        const Value value = read_text(rules.rule.type, column.text(i));
        const bool is_number = value.kind == Value::Kind::number;
        if (is_number && std::isnan(value.number) && rules.rule.type != FeatureType::floating) {
            mark_null(rules, i, failed);
            continue;
        }
        failed.mark(judge_value(rules.rule, rules.f64, value), i);
        if (is_number && is_sequence) sequence.add_read(i, value, failed);
    }
}

// Whether the column was counted along.
bool judge_values(const FeatureRules& rules, const Column& column, FailedRows& failed, ColumnCounter* counter) {
    const auto tiled = [&]<class T>(T /*type*/) { return ColumnCounter::takes<T>(column.dtype()) ? counter : nullptr; };
    if (!column.is_numeric()) {
        judge_texts(rules, column, failed);
        return false;
    }
    ColumnCounter* along = nullptr;
    if (rules.feature.type == FeatureType::floating) {
        along = column.dtype() == Dtype::f32 ? tiled(float{}) : tiled(double{});
        if (along != nullptr) along->begin(column);
        column.dtype() == Dtype::f32 ? judge_floats<float>(rules, column, failed, along)
                                     : judge_floats<double>(rules, column, failed, along);
    } else if (is_floating(column.dtype()) || rules.rule.type == FeatureType::text ||
               rules.rule.type == FeatureType::bytes) {
        judge_numbers(rules, column, failed);
    } else {
        along = tiled(std::uint64_t{});
        if (along != nullptr) along->begin(column);
        judge_integers(rules, column, failed, along);
    }
    if (along != nullptr) along->finish();
    return along != nullptr;
}

// The ages of times.
void judge_ages(const FeatureRules& rules, const Column& column, FailedRows& failed) {
    if (column.is_numeric()) {
        for_each_number(column,
                        [&](std::size_t row, auto x) { failed.mark(rules.rule.of_age(Value(x), *rules.now), row); });
        return;
    }
    const bool reads = rules.read_texts && rules.rule.type != FeatureType::text;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        const Value value = reads ? read_text(rules.rule.type, column.text(i)) : Value(column.text(i));
        failed.mark(rules.rule.of_age(value, *rules.now), i);
    }
}

}  // namespace

Value read_text(FeatureType type, std::string_view text) noexcept {
    if (type == FeatureType::boolean) {
        if (CategoryTable::folded(text) == "true") return 1;
        if (CategoryTable::folded(text) == "false") return 0;
    }
    return number_or_text(text);
}

void judge_column(const FeatureRules& rules, const Column& column, FailedRows& failed, Sequence& sequence,
                  ColumnCounter* counter) {
    const Feature& feature = rules.feature;
    const bool is_text = feature.type == FeatureType::text || feature.type == FeatureType::bytes;
    mark_nulls(rules, column, failed);
    bool is_counted = false;
    if (!column.is_numeric() && rules.read_texts && !is_text) {
        judge_read_texts(rules, column, failed, sequence);
    } else {
        is_counted = judge_values(rules, column, failed, counter);
        if (feature.dtype && (is_text || !column.is_numeric() || column.dtype() != *feature.dtype))
            failed[Check::type].set_all(failed.first, failed.rows);
        if (!rules.is_listed) sequence.add(feature, column, rules.is_lasting, failed);
    }
    if (rules.now) judge_ages(rules, column, failed);
    if (counter != nullptr && !is_counted) counter->count(column);
}

}  // namespace vedette::inline v0::validation
