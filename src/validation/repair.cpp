// SPDX-License-Identifier: Apache-2.0
// Rows judged and put right, as far as the schema says how.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "validation/compiled.hpp"
#include "validation/schema_words.hpp"

namespace vedette::inline v0::validation {

namespace {

// The first code points of a text, or bytes, that may stand.
std::string_view shortened(const Rule& rule, std::string_view text) noexcept {
    const auto starts = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U; };
    std::size_t size = 0;
    if (rule.counts_code_points) {
        std::uint64_t points = 0;
        while (size < text.size() && (!starts(size) || points++ < rule.length.maximum)) ++size;
        return text.substr(0, size);
    }
    size = static_cast<std::size_t>(std::min<std::uint64_t>(rule.length.maximum, text.size()));
    while (rule.type == FeatureType::text && size > 0 && size < text.size() && !starts(size)) --size;
    return text.substr(0, size);
}

std::int64_t clamped(const Rule& rule, std::int64_t x) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    if (rule.has_minimum) {
        const bool is_open = rule.is_minimum_open && rule.minimum != Limits::max();
        x = std::max(x, rule.minimum + (is_open ? 1 : 0));
    }
    if (rule.has_maximum) {
        const bool is_open = rule.is_maximum_open && rule.maximum != Limits::min();
        x = std::min(x, rule.maximum - (is_open ? 1 : 0));
    }
    return x;
}

// The bounds of T: those of a float lie among floats.
template <class T>
Value clamped(const Rule& rule, const kernels::IntervalsView<T>& interval, const Value& value) noexcept {
    if (value.kind == Value::Kind::text) return shortened(rule, value.text);
    if (value.kind != Value::Kind::number) return value;
    if (rule.type == FeatureType::floating) {
        if (std::isnan(value.number)) return value;
        // Within double's range, so that the conversion is of what T holds.
        const double low = static_cast<double>(interval.lower[0]), high = static_cast<double>(interval.upper[0]);
        return std::max(low, std::min(high, value.number));
    }
    if (value.is_integer) return clamped(rule, value.integer);
    const double x = value.number;
    const std::optional<Whole> given = Whole::of(x);
    if (!given) return value;
    const std::int64_t whole = x >= 0x1p63 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(x);
    const std::int64_t end = clamped(rule, whole);
    // A bound that T does not hold may round outwards: then the next within, which is whole, too.
    const bool is_high = given->is_above(end);
    T kept = static_cast<T>(end);
    const std::optional<Whole> rounded = Whole::of(static_cast<double>(kept));
    constexpr T infinity = std::numeric_limits<T>::infinity();
    if (!rounded || (is_high ? rounded->is_above(end) : rounded->is_below(end)))
        kept = std::nextafter(kept, is_high ? -infinity : infinity);
    return static_cast<double>(kept);
}

Value read(const Value& element) noexcept {
    return element;
}
Value read(float element) noexcept {
    return static_cast<double>(element);
}
Value read(double element) noexcept {
    return element;
}

bool write(const Value& value, Value& element) noexcept {
    element = value;
    return true;
}
template <class T>
bool write(const Value& value, T& element) noexcept {
    if (value.kind != Value::Kind::number) return false;
    if (std::abs(value.number) > static_cast<double>(std::numeric_limits<T>::max())) return false;
    element = static_cast<T>(value.number);
    return true;
}

template <class Compiled, class T>
bool repair_element(const Compiled& compiled, std::size_t i, T& element, Repaired& done) noexcept {
    const Rule& rule = compiled.rules[i];
    const Value before = read(element);
    const CheckSet failed = compiled.of_value(i, before);
    const CheckSet repaired = failed & (rule.clamped | rule.imputed);
    if (repaired == 0 || (failed & rule.errors & ~repaired) != 0) return false;
    const Repair how = (failed & rule.imputed) != 0 ? Repair::impute : Repair::clamp;
    using Bound = std::conditional_t<std::is_same_v<T, float>, float, double>;
    // A replacement lies within the bounds; as a float it may not.
    const bool is_as_given = how == Repair::impute && rule.type != FeatureType::floating;
    const Value& nearest_to = how == Repair::impute ? compiled.replacements[i] : before;
    const Value wanted =
        is_as_given ? nearest_to : clamped<Bound>(rule, compiled.template intervals<Bound>().from(i), nearest_to);
    const T kept = element;
    const bool is_held = write(wanted, element);
    const Value after = read(element);
    if (!is_held || (compiled.of_value(i, after) & (rule.errors | rule.clamped | rule.imputed)) != 0) {
        element = kept;
        return false;
    }
    done = {static_cast<std::uint32_t>(i), how, failed, before, after};
    return true;
}

template <class T, class Compiled>
RepairVerdict repair_row(const Compiled& compiled, std::span<T> row, std::span<CheckSet> failed,
                         std::span<Repaired> told) noexcept {
    RepairVerdict verdict;
    // Before and after are at one time: what ages meanwhile is no fault of the repair.
    const std::int64_t at = compiled.timed.empty() ? 0 : compiled.now();
    verdict.before = verdict.after = compiled.judge_row(std::span<const T>(row), failed, &at);
    if (verdict.before.is_valid()) return verdict;
    for (const std::uint32_t i : compiled.repairing) {
        if (i >= row.size()) break;
        Repaired done;
        if (!repair_element(compiled, i, row[i], done)) continue;
        if (verdict.repaired < told.size()) told[verdict.repaired] = done;
        ++verdict.repaired;
    }
    if (verdict.repaired != 0) verdict.after = compiled.judge_row(std::span<const T>(row), failed, &at);
    return verdict;
}

}  // namespace

const char* repair_name(Repair repair) noexcept {
    const auto index = static_cast<std::size_t>(repair);
    return index < repair_words.size() ? repair_words[index] : "unknown";
}

bool Validator::repair_value(std::size_t feature, Value& value, Repaired& done) const noexcept {
    return feature < feature_count() && repair_element(*compiled_, feature, value, done);
}

bool Validator::repair_value(std::size_t feature, float& value, Repaired& done) const noexcept {
    return feature < feature_count() && repair_element(*compiled_, feature, value, done);
}

bool Validator::repair_value(std::size_t feature, double& value, Repaired& done) const noexcept {
    return feature < feature_count() && repair_element(*compiled_, feature, value, done);
}

RepairVerdict Validator::repair(std::span<float> row, std::span<CheckSet> failed,
                                std::span<Repaired> told) const noexcept {
    return repair_row(*compiled_, row, failed, told);
}

RepairVerdict Validator::repair(std::span<double> row, std::span<CheckSet> failed,
                                std::span<Repaired> told) const noexcept {
    return repair_row(*compiled_, row, failed, told);
}

RepairVerdict Validator::repair(std::span<Value> row, std::span<CheckSet> failed,
                                std::span<Repaired> told) const noexcept {
    return repair_row(*compiled_, row, failed, told);
}

}  // namespace vedette::inline v0::validation
