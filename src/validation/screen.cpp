// SPDX-License-Identifier: Apache-2.0
// The quick look at mixed values.
#include <algorithm>
#include <array>
#include <limits>

#include "kernels/dispatch.hpp"
#include "validation/compiled.hpp"

namespace vedette::inline v0::validation {

namespace {

// So many values are looked at together, or all of a run that is at most twice as long: one that is outside sends its
// neighbours to be looked at one by one.
constexpr std::size_t most_together = 64;

bool is_known(const Rule& rule, std::string_view text) noexcept {
    return rule.domain.find(text) != rule.domain.size();
}

// The first of `count` values that are known, or the one that is not.
template <class IsKnown>
Screen::Part count_known(std::size_t count, IsKnown&& is_known_at) noexcept {
    std::size_t known = 0;
    while (known < count && is_known_at(known)) ++known;
    return {std::max(known, std::size_t{1}), known != 0};
}

}  // namespace

void Screen::add(const Rule& rule) {
    Kind kind = Kind::none;
    double lower = 0.0, upper = 0.0;  // of integers
    std::int64_t least = std::numeric_limits<std::int64_t>::min(), greatest = std::numeric_limits<std::int64_t>::max();
    if (rule.is_evaluated && rule.type == FeatureType::floating && !rule.asks_more()) {
        kind = Kind::floating;
    } else if (rule.is_evaluated && rule.type == FeatureType::integer && rule.integer_step == 1 && !rule.reference) {
        kind = Kind::integer;
        const std::int64_t lowest = least, highest = greatest;
        if (rule.has_minimum) least = rule.minimum;
        if (rule.has_maximum) greatest = rule.maximum;
        // An open end beside which nothing lies: no value is inside.
        const bool is_none = (rule.has_minimum && rule.is_minimum_open && least == highest) ||
                             (rule.has_maximum && rule.is_maximum_open && greatest == lowest);
        if (is_none) {
            kind = Kind::none;
        } else {
            if (rule.has_minimum && rule.is_minimum_open) ++least;
            if (rule.has_maximum && rule.is_maximum_open) --greatest;
        }
        // Of doubles, whole numbers that both types hold exactly.
        constexpr std::int64_t exact = std::int64_t{1} << std::numeric_limits<double>::digits;
        lower = static_cast<double>(std::clamp(least, -exact, exact));
        upper = static_cast<double>(std::clamp(greatest, -exact, exact));
        if (least > exact || greatest < -exact) lower = 1.0, upper = 0.0;
    } else if (rule.is_evaluated && (rule.type == FeatureType::text || rule.type == FeatureType::bytes) &&
               rule.has_domain && !rule.folds_case && rule.normal_form == NormalForm::none &&
               !rule.asks_more_of_text()) {
        kind = Kind::domain;
    }
    if (runs_.empty() || runs_.back().kind != kind) runs_.push_back({kind, 0});
    run_of_.push_back(static_cast<std::uint32_t>(runs_.size() - 1));
    runs_.back().end = static_cast<std::uint32_t>(run_of_.size());
    lower_.push_back(lower);
    upper_.push_back(upper);
    least_.push_back(least);
    spread_.push_back(static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least));
}

std::pair<Screen::Kind, std::size_t> Screen::run_at(std::size_t first, std::size_t count) const noexcept {
    const Run& run = runs_[run_of_[first]];
    return {run.kind, std::min(count, run.end - first)};
}

Screen::Part Screen::look(std::span<const Value> values, std::size_t first, const std::vector<Rule>& rules,
                          const Intervals<double>& intervals) const noexcept {
    const auto [kind, same] = run_at(first, values.size());
    const std::size_t together = same <= 2 * most_together ? same : most_together;
    switch (kind) {
        case Kind::floating: return {together, are_floats_inside(values.data(), intervals.from(first), together)};
        case Kind::integer: return {together, are_integers_inside(values.data(), first, together)};
        case Kind::domain:
            return count_known(same, [&](std::size_t i) noexcept {
                return values[i].kind == Value::Kind::text && is_known(rules[first + i], values[i].text);
            });
        case Kind::none: break;
    }
    return {same, false};
}

Screen::Part Screen::look(std::span<const std::int64_t> values, std::size_t first, const std::vector<Rule>&,
                          const Intervals<double>&) const noexcept {
    const auto [kind, same] = run_at(first, values.size());
    if (kind != Kind::integer) return {same, false};
    const std::size_t together = same <= 2 * most_together ? same : most_together;
    bool are_inside = true;
    for (std::size_t i = 0; i < together; ++i)
        are_inside &=
            static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(least_[first + i]) <= spread_[first + i];
    return {together, are_inside};
}

Screen::Part Screen::look(std::span<const std::string_view> values, std::size_t first, const std::vector<Rule>& rules,
                          const Intervals<double>&) const noexcept {
    const auto [kind, same] = run_at(first, values.size());
    if (kind != Kind::domain) return {same, false};
    return count_known(same, [&](std::size_t i) noexcept { return is_known(rules[first + i], values[i]); });
}

bool Screen::are_floats_inside(const Value* values, const kernels::IntervalsView<double>& intervals,
                               std::size_t count) noexcept {
    static_assert(static_cast<unsigned>(Value::Kind::number) == 1 && static_cast<unsigned>(Value::Kind::text) == 2 &&
                  static_cast<unsigned>(Value::Kind::null) == 0);
    unsigned kinds[4] = {1, 1, 1, 1};  // chains: each waits for itself
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (std::size_t k = 0; k < 4; ++k) kinds[k] &= static_cast<unsigned>(values[i + k].kind);
    for (; i < count; ++i) kinds[0] &= static_cast<unsigned>(values[i].kind);
    return (kinds[0] & kinds[1] & kinds[2] & kinds[3]) == 1 &&
           kernels::intervals<double>(kernels::kernels())
               .strided_inside(&values->number, sizeof(Value), &intervals, count);
}

bool Screen::are_integers_inside(const Value* values, std::size_t first, std::size_t count) const noexcept {
    bool are_inside = true;
    for (std::size_t i = 0; i < count; ++i) {
        const Value& value = values[i];
        if (value.kind != Value::Kind::number) return false;
        if (value.is_integer) {
            const auto above =
                static_cast<std::uint64_t>(value.integer) - static_cast<std::uint64_t>(least_[first + i]);
            are_inside &= above <= spread_[first + i];
            continue;
        }
        const double x = value.number;
        if (!(x >= lower_[first + i] && x <= upper_[first + i])) return false;
        are_inside &= static_cast<double>(static_cast<std::int64_t>(x)) == x;
    }
    return are_inside;
}

}  // namespace vedette::inline v0::validation
