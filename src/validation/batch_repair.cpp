// SPDX-License-Identifier: Apache-2.0
// Values of a table repaired one by one, and columns written anew where something was changed.
#include "vedette/validation/batch_repair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "validation/batch_column.hpp"
#include "validation/column_values.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::validation {

namespace {

bool is_text(FeatureType type) noexcept {
    return type == FeatureType::text || type == FeatureType::bytes;
}

template <class T>
bool store_integer(const Value& value, std::byte* at) noexcept {
    using Limits = std::numeric_limits<T>;
    const std::optional<Whole> whole = value.is_integer ? Whole::of(value.integer) : Whole::of(value.number);
    if (!whole) return false;
    if constexpr (Limits::is_signed) {
        if (whole->is_below(Limits::min()) || whole->is_above(Limits::max())) return false;
    } else {
        if ((whole->is_negative && whole->magnitude != 0) || whole->magnitude > Limits::max()) return false;
    }
    const std::uint64_t bits = whole->is_negative ? std::uint64_t{0} - whole->magnitude : whole->magnitude;
    const T stored = static_cast<T>(bits);
    std::memcpy(at, &stored, sizeof stored);
    return true;
}

// Whether its number is the value: of an integer beyond 2^53 it is rounded.
bool is_exact(const Value& value) noexcept {
    if (!value.is_integer) return true;
    const std::optional<Whole> whole = Whole::of(value.number);
    return whole && !whole->is_below(value.integer) && !whole->is_above(value.integer);
}

template <class T>
bool store_float(const Value& value, std::byte* at) noexcept {
    const T stored = static_cast<T>(value.number);
    if (static_cast<double>(stored) != value.number || !is_exact(value)) return false;
    std::memcpy(at, &stored, sizeof stored);
    return true;
}

// What there is of a half float of so many fraction bits: exponents from `least` up, numbers up to `largest`.
struct HalfForm {
    int fraction_bits, least;
    double largest;
};
constexpr HalfForm binary16{10, -14, 65504.0}, bfloat16{7, -126, 0x1.FEp127};

// The distance of the numbers about x.
double spacing(double x, const HalfForm& form) noexcept {
    return std::ldexp(1.0, std::max(x == 0.0 ? form.least : std::ilogb(x), form.least) - form.fraction_bits);
}

bool store_half(const Value& value, const HalfForm& form, std::byte* at) noexcept {
    const double size = std::abs(value.number);
    if (!(size <= form.largest) || !is_exact(value)) return false;
    const double step = spacing(size, form), steps = size / step;
    if (steps != std::trunc(steps)) return false;
    // A larger exponent takes the place of the leading one, which subnormals do not have.
    const int exponent = std::ilogb(step) + form.fraction_bits;
    const auto fraction = static_cast<std::uint32_t>(steps);
    const std::uint32_t above = static_cast<std::uint32_t>(exponent - form.least) << form.fraction_bits;
    const auto bits = static_cast<std::uint16_t>((above + fraction) | (std::signbit(value.number) ? 0x8000U : 0U));
    std::memcpy(at, &bits, sizeof bits);
    return true;
}

// Whether the element type holds the value, which is then written.
bool store(const Value& value, Dtype dtype, std::byte* at) noexcept {
    if (value.kind != Value::Kind::number) return false;
    switch (dtype) {
        case Dtype::f32: return store_float<float>(value, at);
        case Dtype::f64: return store_float<double>(value, at);
        case Dtype::i8: return store_integer<std::int8_t>(value, at);
        case Dtype::i16: return store_integer<std::int16_t>(value, at);
        case Dtype::i32: return store_integer<std::int32_t>(value, at);
        case Dtype::i64: return store_integer<std::int64_t>(value, at);
        case Dtype::boolean:
            return (value.number == 0.0 || value.number == 1.0) && store_integer<std::uint8_t>(value, at);
        case Dtype::u8: return store_integer<std::uint8_t>(value, at);
        case Dtype::u16: return store_integer<std::uint16_t>(value, at);
        case Dtype::u32: return store_integer<std::uint32_t>(value, at);
        case Dtype::u64: return store_integer<std::uint64_t>(value, at);
        case Dtype::f16: return store_half(value, binary16, at);
        case Dtype::bf16: return store_half(value, bfloat16, at);
    }
    return false;
}

// `reads`: texts of the column stand for numbers; else a number is no value of it.
bool is_held(const Value& value, const Column& column, bool reads) noexcept {
    if (!column.is_numeric()) return reads || value.kind == Value::Kind::text;
    std::array<std::byte, sizeof(std::uint64_t)> room;
    return store(value, column.dtype(), room.data());
}

// Calls take(row, value) for every element; nulls after the others.
template <class Take>
void for_each_value(const Column& column, std::optional<FeatureType> read_as, Take&& take) {
    if (column.is_numeric()) {
        for_each_number(column, [&](std::size_t row, auto x) { take(row, Value(x)); });
    } else {
        for (std::size_t i = 0; i < column.size(); ++i) {
            if (!column.is_valid(i)) continue;
            take(i, read_as ? read_text(*read_as, column.text(i)) : Value(column.text(i)));
        }
    }
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (!column.is_valid(i)) take(i, Value());
    }
}

// The numbers of the column's type about x, the nearer one first.
std::array<double, 2> neighbours(double x, Dtype dtype) noexcept {
    if (dtype == Dtype::f32) {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const auto nearest = static_cast<float>(x);
        return {static_cast<double>(nearest),
                static_cast<double>(std::nextafter(nearest, static_cast<double>(nearest) > x ? -infinity : infinity))};
    }
    const double step = spacing(x, dtype == Dtype::f16 ? binary16 : bfloat16);
    const double low = std::floor(x / step) * step, high = low == x ? x : low + step;
    return x - low <= high - x ? std::array{low, high} : std::array{high, low};
}

// Makes a real number that was put in place of another one a number of the column's type: the nearest that may stand,
// which next to a bound is the one within.
bool make_narrow(const Validator& rules, std::size_t feature, Dtype dtype, Value& after) {
    const Feature& asked = rules.feature(feature);
    if (after.kind != Value::Kind::number || asked.type != FeatureType::floating) return true;
    const double largest = dtype == Dtype::f32 ? static_cast<double>(std::numeric_limits<float>::max())
                                               : (dtype == Dtype::f16 ? binary16 : bfloat16).largest;
    if (!(std::abs(after.number) <= largest)) return false;
    for (const double each : neighbours(after.number, dtype)) {
        const Value held = each;
        const CheckSet failed = rules.check(feature, held) & ~set_of(Check::freshness);  // repairs look at no age
        const bool may_stand = rules.verdict(feature, failed).severity != Severity::error &&
                               std::none_of(asked.repair.begin(), asked.repair.end(),
                                            [&](const auto& repaired) { return contains(failed, repaired.first); });
        if (!may_stand) continue;
        after = held;
        return true;
    }
    return false;
}

bool repair_one(const Validator& rules, std::size_t feature, const Column& column, Value& value, Repaired& done) {
    const Dtype dtype = column.is_numeric() ? column.dtype() : Dtype::f64;
    const bool is_half = dtype == Dtype::f16 || dtype == Dtype::bf16;
    if (dtype != Dtype::f32 && !is_half) return rules.repair_value(feature, value, done);
    if (is_half || value.kind != Value::Kind::number)
        return rules.repair_value(feature, value, done) && make_narrow(rules, feature, dtype, done.after);
    auto narrow = static_cast<float>(value.number);
    return rules.repair_value(feature, narrow, done);
}

}  // namespace

TableRepair::TableRepair(const Validator& rules, const Table& table, const BatchOptions& options)
    : rules_(rules), options_(options) {
    static_cast<void>(stats::Confidence(options.confidence));
    std::vector<NamedColumn> columns(table.columns().begin(), table.columns().end());
    std::unordered_map<std::string_view, Column*> by_name;
    for (NamedColumn& named : columns) by_name.emplace(named.name, &named.column);
    for (std::size_t f = 0; f < rules.feature_count(); ++f) {
        const Feature& feature = rules.feature(f);
        if (feature.repair.empty() || feature.stage != Stage::production) continue;
        const auto named = by_name.find(feature.name);
        if (named == by_name.end()) continue;
        Column& column = *named->second;
        const std::size_t before = cells_.size();
        repair_feature(f, column);
        const std::span<const CellRepair> cells(cells_.data() + before, cells_.size() - before);
        if (cells.empty()) continue;
        count_feature(cells, table.rows());
        column = rewritten(column, cells);
    }
    table_ = Table(std::move(columns));
}

TableRepair::TableRepair(const Validator& rules, const NestedTable& table, const BatchOptions& options)
    : TableRepair(rules, table.flat, options) {
    check_lists(table.flat, table.lists);
    lists_ = table.lists;
}

void TableRepair::repair_feature(std::size_t feature, const Column& column) {
    const FeatureType type = rules_.feature(feature).type;
    const bool reads = options_.read_texts && !is_text(type);
    const std::size_t before = cells_.size();
    for_each_value(column, reads ? std::optional(type) : std::nullopt, [&](std::size_t row, Value value) {
        Repaired done;
        if (repair_one(rules_, feature, column, value, done) && is_held(done.after, column, reads))
            cells_.push_back({row, done});
    });
    std::sort(cells_.begin() + static_cast<std::ptrdiff_t>(before), cells_.end(),
              [](const CellRepair& a, const CellRepair& b) { return a.row < b.row; });
}

void TableRepair::count_feature(std::span<const CellRepair> cells, std::size_t rows) {
    for (const Repair how : {Repair::clamp, Repair::impute}) {
        BatchRepair counted;
        counted.feature = cells.front().done.feature;
        counted.how = how;
        for (const CellRepair& cell : cells) {
            if (cell.done.how != how) continue;
            ++counted.count;
            counted.failed |= cell.done.failed;
            if (counted.offenders.size() < options_.offenders) counted.offenders.push_back(cell.row);
        }
        if (counted.count == 0) continue;
        counted.rate = stats::clopper_pearson(counted.count, rows, stats::Confidence(options_.confidence));
        counts_.push_back(std::move(counted));
    }
}

Column TableRepair::rewritten(const Column& column, std::span<const CellRepair> cells) {
    Storage& kept = storage_.emplace_back();
    const std::size_t size = column.size();
    kept.valid.assign((size + 7) / 8, 0);
    for (std::size_t i = 0; i < size; ++i) {
        if (column.is_valid(i)) kept.valid[i / 8] = static_cast<std::uint8_t>(kept.valid[i / 8] | 1U << (i % 8));
    }
    for (const CellRepair& cell : cells)
        kept.valid[cell.row / 8] = static_cast<std::uint8_t>(kept.valid[cell.row / 8] | 1U << (cell.row % 8));
    const Validity validity{kept.valid.data(), 0};
    if (column.is_numeric()) {
        const std::size_t element = dtype_size(column.dtype());
        kept.numbers.resize(size * element);
        const auto* from = static_cast<const std::byte*>(column.data());
        for (std::size_t i = 0; i < size; ++i, from += column.stride_bytes())
            std::memcpy(kept.numbers.data() + i * element, from, element);
        for (const CellRepair& cell : cells)
            static_cast<void>(store(cell.done.after, column.dtype(), kept.numbers.data() + cell.row * element));
        return Column::numeric(column.dtype(), kept.numbers.data(), size, static_cast<std::ptrdiff_t>(element),
                               validity);
    }
    kept.texts.reserve(size);
    for (std::size_t i = 0; i < size; ++i) kept.texts.push_back(column.text(i));
    for (const CellRepair& cell : cells) {
        const Value& after = cell.done.after;
        kept.texts[cell.row] = after.kind == Value::Kind::text ? after.text
                               : after.is_integer
                                   ? std::string_view(kept.written.emplace_back(fmt::format("{}", after.integer)))
                                   : std::string_view(kept.written.emplace_back(fmt::format("{}", after.number)));
    }
    return Column::strings(kept.texts, validity);
}

BatchReport TableRepair::report() const {
    BatchReport report = validate_batch(rules_, NestedTable{table_, lists_}, options_);
    report.repairs = counts_;
    return report;
}

}  // namespace vedette::inline v0::validation
