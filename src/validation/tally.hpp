// SPDX-License-Identifier: Apache-2.0
// What a validator finds as it goes along a row.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "validation/compiled.hpp"

namespace vedette::inline v0::validation {

[[nodiscard]] inline Severity verdict_of(CheckSet any, CheckSet graver) noexcept {
    if (graver != 0) return Severity::error;
    return any != 0 ? Severity::warning : Severity::none;
}

[[nodiscard]] inline CheckSet of_absent(const Feature& feature, const Rule& rule) noexcept {
    return feature.required ? set_of(Check::missing) & rule.wanted : CheckSet{0};
}

struct Tally {
    CheckSet any = 0, graver = 0;
    std::span<CheckSet> failed;
    std::size_t untold = 0;  // so many places of `failed` are to be emptied before the first finding

    void add(std::size_t feature, CheckSet found, const Rule& rule) noexcept {
        if (untold != 0) std::fill_n(failed.begin(), std::exchange(untold, 0), CheckSet{0});
        any |= found;
        graver |= found & rule.errors;
        if (feature < failed.size()) failed[feature] |= found;
    }
    // Rows that end early, or late.
    void add_width(std::size_t width, const std::vector<Rule>& rules, const std::vector<Feature>& features) noexcept {
        for (std::size_t i = width; i < rules.size(); ++i) {
            const CheckSet found = of_absent(features[i], rules[i]);
            if (i < failed.size() && untold == 0) failed[i] = 0;
            if (found != 0) add(i, found, rules[i]);
        }
        if (width <= rules.size()) return;
        if (untold != 0) std::fill_n(failed.begin(), std::exchange(untold, 0), CheckSet{0});
        any |= set_of(Check::unexpected);
        graver |= set_of(Check::unexpected);
    }
    // The expressions, of the row whose value at a place is read(place).
    template <class Read>
    void add_expressions(const std::vector<CompiledExpression>& expressions, std::size_t first, Read&& read) noexcept {
        add_outcomes(expressions, first,
                     [&](const CompiledExpression& expression) noexcept { return expression.is_false(read); });
    }
    // The expressions that are asked, fails(expression) being told of each.
    template <class Fails>
    void add_outcomes(const std::vector<CompiledExpression>& expressions, std::size_t first, Fails&& fails) noexcept {
        for (std::size_t k = 0; k < expressions.size(); ++k) {
            const bool has_failed = expressions[k].is_evaluated && fails(expressions[k]);
            const CheckSet found = has_failed ? set_of(Check::expression) : CheckSet{0};
            any |= found;
            if (has_failed && untold != 0) std::fill_n(failed.begin(), std::exchange(untold, 0), CheckSet{0});
            if (expressions[k].declared.severity == Severity::error) graver |= found;
            if (first + k < failed.size()) failed[first + k] = found;
        }
    }
    [[nodiscard]] RowVerdict verdict() const noexcept { return {verdict_of(any, graver), any}; }
};

template <class Read>
void Validator::Compiled::judge_ages(std::size_t count, Read&& read, Tally& tally,
                                     const std::int64_t* given) const noexcept {
    if (timed.empty() || timed.front() >= count) return;
    const std::int64_t at = given != nullptr ? *given : now();
    for (const std::uint32_t i : timed) {
        if (i >= count) break;
        const CheckSet found = rules[i].of_age(read(i), at);
        if (found != 0) tally.add(i, found, rules[i]);
    }
}

template <class T>
void Validator::Compiled::judge(std::span<const T> values, std::size_t first, Tally& tally) const noexcept {
    for (std::size_t i = 0; i < values.size();) {
        const Screen::Part part = screen.look(values.subspan(i), first + i, rules, f64);
        const std::size_t end = i + part.length;
        if (part.passes) i = end;
        for (; i < end; ++i) {
            const CheckSet found = of_value(first + i, Value(values[i]));
            if (found != 0) tally.add(first + i, found, rules[first + i]);
        }
    }
}

}  // namespace vedette::inline v0::validation
