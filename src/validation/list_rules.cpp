// SPDX-License-Identifier: Apache-2.0
// Values of lists are judged as a column of their own; what they fail is handed up, level by level, to their rows.
#include "validation/list_rules.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

// Whether one of the bits [begin, end) is set; those behind the last word are not.
bool is_any_set(std::span<const std::uint64_t> words, std::size_t begin, std::size_t end) noexcept {
    end = std::min(end, 64 * words.size());
    if (begin >= end) return false;
    const std::size_t first = begin / 64, last = (end - 1) / 64;
    const std::uint64_t from = ~std::uint64_t{0} << (begin % 64);
    const std::uint64_t to = ~std::uint64_t{0} >> (63 - (end - 1) % 64);
    if (first == last) return (words[first] & from & to) != 0;
    if ((words[first] & from) != 0 || (words[last] & to) != 0) return true;
    return std::any_of(words.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                       words.begin() + static_cast<std::ptrdiff_t>(last), [](std::uint64_t word) { return word != 0; });
}

// What the number of values in a list of this level fails.
CheckSet of_length(const Feature& feature, std::size_t levels, std::size_t level, std::uint64_t length) noexcept {
    CheckSet failed = 0;
    if (feature.valency.size() == levels) {
        if (length < feature.valency[level].minimum) failed |= set_of(Check::few_values);
        if (length > feature.valency[level].maximum) failed |= set_of(Check::many_values);
    }
    if (feature.shape && feature.shape->size() == levels) {
        const std::int64_t wanted = (*feature.shape)[level];
        if (wanted != -1 && static_cast<std::uint64_t>(wanted) != length) failed |= set_of(Check::shape);
    }
    return failed;
}

// What every list fails for its levels alone.
CheckSet of_levels(const Feature& feature, std::size_t levels) noexcept {
    CheckSet failed = 0;
    if (!feature.valency.empty() && feature.valency.size() != levels) failed |= set_of(Check::nestedness);
    if (feature.shape && feature.shape->size() != levels) failed |= set_of(Check::shape);
    return failed;
}

// Judges the lists of one level, and takes what failed below up to them.
void judge_level(const FeatureRules& rules, const ListColumn& lists, std::size_t level, FailedRows& below,
                 FailedRows& here) {
    const ListLevel& own = lists.levels[level];
    const std::size_t levels = lists.levels.size();
    const CheckSet all = level == 0 ? of_levels(rules.feature, levels) : CheckSet{0};
    for (std::size_t i = 0; i < own.begins.size(); ++i) {
        if (!own.validity[i]) {
            here.mark_null(i);
            here.mark(rules.rule.of_null(), i);
            continue;
        }
        const auto length = static_cast<std::uint64_t>(own.ends[i] - own.begins[i]);
        const CheckSet failed = (all | of_length(rules.feature, levels, level, length)) & rules.rule.wanted;
        if (failed != 0) here.mark(failed, i);
    }
    for (std::size_t c = 0; c < check_count; ++c) {
        const std::span<const std::uint64_t> words = below.of[c].words();
        if (words.empty()) continue;
        for (std::size_t i = 0; i < own.begins.size(); ++i) {
            const bool fails = own.validity[i] && is_any_set(words, static_cast<std::size_t>(own.begins[i]),
                                                             static_cast<std::size_t>(own.ends[i]));
            if (fails) here.of[c].set(i, here.rows);
        }
    }
}

// Calls take(i) for every value that is in a list, in their order.
template <class Take>
// NOLINTNEXTLINE(misc-no-recursion): to most_levels
void for_each_listed(const ListColumn& lists, std::size_t level, std::size_t i, const Take& take) {
    const ListLevel& own = lists.levels[level];
    if (!own.validity[i]) return;
    for (auto k = static_cast<std::size_t>(own.begins[i]); k < static_cast<std::size_t>(own.ends[i]); ++k) {
        if (level + 1 == lists.levels.size()) {
            take(k);
        } else {
            for_each_listed(lists, level + 1, k, take);
        }
    }
}

}  // namespace

void check_lists(const ListColumn& lists) {
    const auto refuse = [&](ErrorCode code, const std::string& what) {
        throw Error(code, fmt::format("lists \"{}\": {}", lists.name, what));
    };
    const std::size_t levels = lists.levels.size();
    if (levels == 0 || levels > ListColumn::most_levels)
        refuse(ErrorCode::invalid_argument, fmt::format("{} levels, not 1 to {}", levels, ListColumn::most_levels));
    for (std::size_t k = 0; k < levels; ++k) {
        const ListLevel& level = lists.levels[k];
        if (level.begins.size() != level.ends.size())
            refuse(ErrorCode::dimension_mismatch,
                   fmt::format("{} begins and {} ends", level.begins.size(), level.ends.size()));
        const std::size_t below = k + 1 == levels ? lists.values.size() : lists.levels[k + 1].begins.size();
        std::uint64_t held = 0;
        for (std::size_t i = 0; i < level.begins.size(); ++i) {
            if (!level.validity[i]) continue;
            const std::int64_t begin = level.begins[i], end = level.ends[i];
            if (begin < 0 || end < begin || static_cast<std::uint64_t>(end) > below)
                refuse(ErrorCode::invalid_argument,
                       fmt::format("list {} holds [{}, {}) of {} elements", i, begin, end, below));
            held += static_cast<std::uint64_t>(end - begin);
            // At most 2^63 lists of at most 2^63 elements: held against the limit each time, it does not overflow.
            if (held > below)
                refuse(ErrorCode::invalid_argument, fmt::format("the lists hold more than the {} elements", below));
        }
    }
}

std::size_t check_lists(const Table& table, std::span<const ListColumn> lists) {
    if (lists.empty()) return table.rows();
    const std::size_t rows = table.columns().empty() ? lists.front().size() : table.rows();
    std::set<std::string_view> names;
    for (const ListColumn& column : lists) {
        if (column.name.empty()) throw Error(ErrorCode::invalid_argument, "lists: a name is empty");
        check_lists(column);
        if (column.size() != rows)
            throw Error(ErrorCode::dimension_mismatch,
                        fmt::format("lists \"{}\": {} of them, of {} rows", column.name, column.size(), rows));
        if (table.find(column.name) != nullptr || !names.insert(column.name).second)
            throw Error(ErrorCode::invalid_argument, fmt::format("lists \"{}\": there are two", column.name));
    }
    return rows;
}

void judge_lists(const FeatureRules& rules, const ListColumn& lists, FailedRows& failed, ListTally& tally) {
    FailedRows below;
    below.rows = lists.values.size();
    Sequence none;
    judge_column(rules, lists.values, below, none);
    const bool is_tolerant = rules.feature.domain && rules.feature.domain->tolerated_mass > 0.0;
    const std::span<const std::uint64_t> outside = below[Check::domain].words();
    for (std::size_t row = 0; is_tolerant && row < lists.size(); ++row) {
        for_each_listed(lists, 0, row, [&](std::size_t i) {
            if (!lists.values.is_valid(i)) return;
            ++tally.values;
            tally.outside += is_any_set(outside, i, i + 1) ? 1U : 0U;
        });
    }
    for (std::size_t level = lists.levels.size(); level-- > 0;) {
        FailedRows here;
        here.rows = lists.levels[level].begins.size();
        judge_level(rules, lists, level, below, here);
        below = std::move(here);
    }
    for (std::size_t c = 0; c < check_count; ++c) failed.of[c].add(failed.first, below.of[c].words(), failed.rows);
    failed.null.add(failed.first, below.null.words(), failed.rows);
}

ListedValues::ListedValues(const ListColumn& lists) : levels_(lists.levels.size()) {
    std::vector<std::size_t> places;
    std::vector<std::size_t> here(lists.size());
    for (std::size_t i = 0; i < here.size(); ++i) here[i] = i;
    for (std::size_t k = 0; k < lists.levels.size(); ++k) {
        const ListLevel& level = lists.levels[k];
        places.clear();
        Level& own = levels_[k];
        own.valid.assign((here.size() + 7) / 8, 0);
        for (const std::size_t i : here) {
            const std::size_t n = own.lengths.size();
            own.lengths.push_back(level.validity[i] ? level.ends[i] - level.begins[i] : 0);
            if (!level.validity[i]) continue;
            own.valid[n / 8] = static_cast<std::uint8_t>(own.valid[n / 8] | 1U << (n % 8));
            for (std::int64_t j = level.begins[i]; j < level.ends[i]; ++j)
                places.push_back(static_cast<std::size_t>(j));
        }
        here = places;
    }
    bool is_whole = here.size() == lists.values.size();
    for (std::size_t i = 0; is_whole && i < here.size(); ++i) is_whole = here[i] == i;
    if (is_whole) {
        column_ = lists.values;
    } else {
        gather(lists.values, here);
    }
}

Column ListedValues::lengths(std::size_t level) const {
    return Column::numeric(levels_[level].lengths, {levels_[level].valid.data(), 0});
}

void ListedValues::gather(const Column& values, const std::vector<std::size_t>& places) {
    valid_.assign((places.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (values.is_valid(places[i])) valid_[i / 8] = static_cast<std::uint8_t>(valid_[i / 8] | 1U << (i % 8));
    }
    const Validity validity{valid_.data(), 0};
    switch (values.kind()) {
        case ColumnKind::numeric: {
            const std::size_t element = dtype_size(values.dtype());
            numbers_.resize(places.size() * element);
            for (std::size_t i = 0; i < places.size(); ++i)
                std::memcpy(numbers_.data() + i * element,
                            static_cast<const std::byte*>(values.data()) +
                                static_cast<std::ptrdiff_t>(places[i]) * values.stride_bytes(),
                            element);
            column_ = Column::numeric(values.dtype(), numbers_.data(), places.size(),
                                      static_cast<std::ptrdiff_t>(element), validity);
            return;
        }
        case ColumnKind::dictionary:
            for (const std::size_t place : places) codes_.push_back(values.code(place));
            column_ = Column::dictionary(codes_, values.dictionary(), validity);
            return;
        case ColumnKind::strings:
            for (const std::size_t place : places) texts_.push_back(values.text(place));
            column_ = Column::strings(texts_, validity);
            return;
    }
}

}  // namespace vedette::inline v0::validation
