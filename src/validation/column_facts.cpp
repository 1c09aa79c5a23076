// SPDX-License-Identifier: Apache-2.0
// One column's values counted for the rules that they may give.
#include "validation/column_facts.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/category_table.hpp"
#include "core/number_text.hpp"
#include "validation/code_points.hpp"
#include "validation/column_values.hpp"

namespace vedette::inline v0::validation {

namespace {

// As a batch reads it for a numeric feature; of a boolean one, "true" and "false" are numbers, too.
Value read(std::string_view text) {
    const std::string folded = text.size() <= 5 ? CategoryTable::folded(text) : std::string();
    if (folded == "true") return 1;
    if (folded == "false") return 0;
    return number_or_text(text);
}

bool is_word(std::string_view text) {
    return text.size() <= 5 && (CategoryTable::folded(text) == "true" || CategoryTable::folded(text) == "false");
}

bool is_code(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t+-");
    return first != std::string_view::npos && first + 1 < text.size() && text[first] == '0' && text[first + 1] >= '0' &&
           text[first + 1] <= '9';
}

// The narrowest type of numbers.
FeatureType type_of_numbers(const std::vector<Value>& values, bool is_boolean) {
    bool are_integers = true, has_one = is_boolean, are_bits = true;
    for (const Value& value : values) {
        if (value.kind == Value::Kind::null) continue;
        if (!value.is_integer) {
            // Beyond int64 an integer column still holds integers, which are no bits.
            are_integers = false;
            continue;
        }
        are_bits = are_bits && (value.integer == 0 || value.integer == 1);
        has_one = has_one || value.integer == 1;
    }
    if (!are_integers) return FeatureType::floating;
    return are_bits && has_one ? FeatureType::boolean : FeatureType::integer;
}

FeatureType type_of_texts(const Column& column, bool read_texts) {
    bool is_utf8 = true, are_numbers = read_texts, has_word = false, has_value = false;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        const std::string_view text = column.text(i);
        has_value = true;
        is_utf8 = is_utf8 && validation::is_utf8(text);
        if (!are_numbers) continue;
        has_word = has_word || is_word(text);
        are_numbers = !is_code(text) && read(text).kind == Value::Kind::number;
    }
    if (!are_numbers || !has_value) return is_utf8 ? FeatureType::text : FeatureType::bytes;
    const FeatureType type = type_of_numbers(values_of(column, true), has_word);
    // Words stand for truth values only.
    return has_word && type != FeatureType::boolean ? FeatureType::text : type;
}

void count_sequence(const std::vector<Value>& values, ColumnFacts& facts) {
    const bool exact = std::all_of(values.begin(), values.end(), [](const Value& value) {
        return value.kind == Value::Kind::null || value.is_integer;
    });
    const Value* before = nullptr;
    for (const Value& value : values) {
        if (value.kind != Value::Kind::number || std::isnan(value.number)) continue;
        if (before != nullptr) {
            const bool rises = exact ? value.integer > before->integer : value.number > before->number;
            const bool falls = exact ? value.integer < before->integer : value.number < before->number;
            facts.rises += rises ? 1U : 0U;
            facts.falls += falls ? 1U : 0U;
            facts.ties += !rises && !falls ? 1U : 0U;
        }
        before = &value;
    }
}

// Counts runs of equal keys and gives each first one.
template <class Key, class Take>
void count_distinct(std::vector<Key>& keys, ColumnFacts& facts, Take&& take) {
    std::sort(keys.begin(), keys.end());
    for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
        while (end < keys.size() && keys[end] == keys[begin]) ++end;
        ++facts.distinct;
        facts.repeated += end - begin - 1;
        facts.seen_once += end - begin == 1 ? 1U : 0U;
        take(keys[begin]);
    }
}

void count_numbers(const std::vector<Value>& values, ColumnFacts& facts) {
    std::vector<std::int64_t> keys;
    for (const Value& value : values) {
        if (value.kind != Value::Kind::number) continue;
        if (std::isnan(value.number)) {
            ++facts.not_a_number;
        } else if (std::isinf(value.number)) {
            ++(value.number > 0 ? facts.high_infinite : facts.low_infinite);
        } else {
            facts.numbers.add(value.number);
            facts.fractions += value.number != std::trunc(value.number) ? 1U : 0U;
        }
        if (facts.type == FeatureType::floating) continue;
        const bool is_whole = value.number == std::trunc(value.number) && std::abs(value.number) < 0x1p63;
        facts.fits_integers = facts.fits_integers && (value.is_integer || is_whole);
        if (!value.is_integer && !is_whole) continue;
        keys.push_back(value.is_integer ? value.integer : static_cast<std::int64_t>(value.number));
        facts.integers.add(keys.back());
    }
    if (facts.type == FeatureType::integer && facts.fits_integers) count_distinct(keys, facts, [](std::int64_t) {});
    count_sequence(values, facts);
}

void count_texts(const Column& column, ColumnFacts& facts) {
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) continue;
        const std::string_view text = column.text(i);
        keys.push_back(text);
        const auto points = facts.type == FeatureType::text ? count_code_points(text) : std::optional(text.size());
        if (points) facts.lengths.add(*points);
    }
    count_distinct(keys, facts, [&](std::string_view text) { facts.texts.push_back(text); });
}

}  // namespace

std::vector<Value> values_of(const Column& column, bool read_texts) {
    std::vector<Value> values(column.size());
    if (column.is_numeric()) {
        for_each_number(column, [&](std::size_t row, auto x) { values[row] = x; });
        return values;
    }
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) values[i] = read_texts ? read(column.text(i)) : Value(column.text(i));
    }
    return values;
}

FeatureType type_of(const Column& column, bool read_texts) {
    if (!column.is_numeric()) return type_of_texts(column, read_texts);
    if (is_floating(column.dtype())) return FeatureType::floating;
    const std::vector<Value> values = values_of(column, false);
    const FeatureType type = type_of_numbers(values, column.dtype() == Dtype::boolean);
    return type == FeatureType::floating ? FeatureType::integer : type;
}

ColumnFacts facts_of(const Column& column, FeatureType type, bool read_texts) {
    ColumnFacts facts;
    facts.type = type;
    facts.rows = column.size();
    for (std::size_t i = 0; i < column.size(); ++i) facts.nulls += column.is_valid(i) ? 0U : 1U;
    const bool is_text = type == FeatureType::text || type == FeatureType::bytes;
    if (!is_text) {
        for (std::size_t i = 0; read_texts && !column.is_numeric() && i < column.size(); ++i)
            facts.words += column.is_valid(i) && is_word(column.text(i)) ? 1U : 0U;
        count_numbers(values_of(column, read_texts), facts);
    } else if (!column.is_numeric()) {
        count_texts(column, facts);
    }
    return facts;
}

}  // namespace vedette::inline v0::validation
