// SPDX-License-Identifier: Apache-2.0
// One body for all banks of charts: features side by side, their statistics in registers from row to row.
#pragma once

#include "kernels/bank_table.hpp"
#include "kernels/bank_words.hpp"
#include "kernels/chart_rules.inl.hpp"
#include "kernels/error_rules.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

// The bits of one vector of lanes within its group's byte.
struct GroupBits {
    std::size_t byte;
    unsigned shift, all;

    VEDETTE_INLINE unsigned get(const std::uint8_t* map) const noexcept {
        return (static_cast<unsigned>(map[byte]) >> shift) & all;
    }
    VEDETTE_INLINE void set(std::uint8_t* map, unsigned bits) const noexcept {
        map[byte] = static_cast<std::uint8_t>((static_cast<unsigned>(map[byte]) & ~(all << shift)) | bits << shift);
    }
};

template <class W>
VEDETTE_INLINE GroupBits group_bits(std::size_t i) noexcept {
    return {i / bank_lanes, static_cast<unsigned>(i % bank_lanes), (1U << W::size) - 1U};
}

inline void count_changes(const BankView& bank, std::size_t first, unsigned bits, std::uint64_t row) noexcept {
    for (; bits != 0; bits &= bits - 1) {
        const std::size_t i = first + static_cast<unsigned>(__builtin_ctz(bits));
        ++bank.changes[i];
        bank.last_change[i] = row + 1;
    }
}

// Values that enter no statistic; the row counts for them as if it had not been.
template <class T>
inline void count_turned_away(const BankView& bank, std::size_t first, unsigned bits, const T* row) noexcept {
    for (; bits != 0; bits &= bits - 1) {
        const std::size_t i = first + static_cast<unsigned>(__builtin_ctz(bits));
        const auto x = static_cast<double>(row[i]);
        const bool is_nan = x != x;
        ++(is_nan ? bank.nan : __builtin_fabs(x) > bank_largest_value ? bank.infinite : bank.refused)[i];
        bank.skipped[i] += 1.0;
    }
}

template <class W>
VEDETTE_INLINE Observations<W> observations_of(typename W::Value count) noexcept {
    return {count, W::reciprocal(count)};
}

template <class W, class Rule, bool uniform>
VEDETTE_INLINE void load_parameters(const BankView& bank, std::size_t i, typename W::Value* p) noexcept {
    for (std::size_t k = 0; k < Rule::parameters; ++k) {
        const double* const list = bank.parameters + k * bank.stride;
        p[k] = uniform ? typename W::Value(*list) : W::load(list + i);
    }
}

// A row at which some lane begins, or has a value that may not enter, or which does not fill the lanes.
template <class W, class Rule, bool uniform, class T>
__attribute__((noinline)) void mixed_row(const BankView& bank, const Rule& rule, const T* row, std::size_t i,
                                         std::uint64_t number) noexcept {
    using Value = typename W::Value;
    const GroupBits group = group_bits<W>(i);
    const std::size_t left = bank.features - i;
    const unsigned present = left < W::size ? (1U << left) - 1U : group.all;
    Value p[Rule::parameters];
    load_parameters<W, Rule, uniform>(bank, i, p);
    alignas(64) double padded[W::size];
    for (std::size_t k = 0; k < W::size; ++k)
        padded[k] = k < left ? static_cast<double>(row[i + k]) : __builtin_nan("");
    const Value x = W::load(padded);
    const auto enters = W::not_above(Rule::apart(x), Value(Rule::most_apart));
    const unsigned entering = W::bits(enters);
    const unsigned beginning = group.get(bank.begins) & entering;
    if ((beginning | (present & ~entering)) != 0) bank.skipped_by_all[i / bank_block] = __builtin_nan("");
    count_turned_away(bank, i, present & ~entering, row);
    alignas(64) double first[W::size];
    for (std::size_t k = 0; k < W::size; ++k) {
        const bool begins = (beginning >> k & 1U) != 0;
        if (begins) bank.skipped[i + k] = static_cast<double>(number);
        first[k] = begins ? 1.0 : 0.0;
    }
    const auto begins = W::less(Value(0.0), W::load(first));
    Value fresh[Rule::columns], before[Rule::columns], s[Rule::columns];
    rule.begin(p, fresh);
    for (std::size_t c = 0; c < Rule::columns; ++c) {
        before[c] = W::load(bank.columns + c * bank.stride + i);
        s[c] = W::choose(begins, fresh[c], before[c]);
    }
    const Value count = Value(static_cast<double>(number + 1)) - W::load(bank.skipped + i);
    auto warns = W::less(count, count);
    const unsigned changes =
        W::bits(rule.step(p, W::choose(enters, x, Value(0.0)), observations_of<W>(count), s, warns)) & entering;
    for (std::size_t c = 0; c < Rule::columns; ++c)
        W::store(bank.columns + c * bank.stride + i, W::choose(enters, s[c], before[c]));
    if (Rule::warns)
        group.set(bank.warned, (W::bits(warns) & entering & ~changes) | (group.get(bank.warned) & ~entering));
    group.set(bank.changing, changes);
    group.set(bank.begins, (group.get(bank.begins) & ~entering) | changes);
    group.set(bank.changed, group.get(bank.changed) | changes);
    count_changes(bank, i, changes, number);
}

inline constexpr std::size_t bank_tile = 4;  // rows for which a vector's statistics stay in registers
inline constexpr std::size_t bank_range =
    4 * bank_block;  // features taken through all rows of a call, in the first cache

VEDETTE_INLINE void note_changes(const BankView& bank, GroupBits group, std::size_t i, unsigned changes,
                                 std::uint64_t number) noexcept {
    group.set(bank.begins, group.get(bank.begins) | changes);
    group.set(bank.changing, changes);
    group.set(bank.changed, group.get(bank.changed) | changes);
    count_changes(bank, i, changes, number);
}

// Lanes of a vector that begin at row `number`, where all have values that may enter.
template <class Rule, bool uniform>
inline void begin_lanes(const BankView& bank, GroupBits group, std::size_t i, std::uint64_t number) noexcept {
    using Single = typename Rule::template For<ScalarLane>;
    unsigned beginning = group.get(bank.begins);
    group.set(bank.changing, 0);
    group.set(bank.begins, 0);
    const Single rule(bank.settings);
    bank.skipped_by_all[i / bank_block] = __builtin_nan("");
    for (; beginning != 0; beginning &= beginning - 1) {
        const std::size_t at = i + static_cast<unsigned>(__builtin_ctz(beginning));
        double p[Rule::parameters], s[Rule::columns];
        load_parameters<ScalarLane, Single, uniform>(bank, at, p);
        rule.begin(p, s);
        for (std::size_t c = 0; c < Rule::columns; ++c) bank.columns[c * bank.stride + at] = s[c];
        bank.skipped[at] = static_cast<double>(number);
    }
}

// One vector, row after row, whatever its lanes do.
template <class W, class Rule, bool uniform, class T>
__attribute__((noinline)) void careful_rows(const BankView& bank, const Rule& rule, const T* rows,
                                            std::size_t row_count, std::ptrdiff_t row_stride, std::size_t i,
                                            std::uint64_t number) noexcept {
    using Value = typename W::Value;
    const GroupBits group = group_bits<W>(i);
    Value p[Rule::parameters], s[Rule::columns];
    load_parameters<W, Rule, uniform>(bank, i, p);
    for (std::size_t r = 0; r < row_count; ++r, rows += row_stride, ++number) {
        const Value x = W::load(rows + i);
        if (W::bits(W::not_above(Rule::apart(x), Value(Rule::most_apart))) != group.all) {
            mixed_row<W, Rule, uniform>(bank, rule, rows, i, number);
            continue;
        }
        if (group.get(bank.begins) != 0) begin_lanes<Rule, uniform>(bank, group, i, number);
        for (std::size_t c = 0; c < Rule::columns; ++c) s[c] = W::load(bank.columns + c * bank.stride + i);
        Value count(static_cast<double>(number + 1));
        if (Rule::counts) count = count - W::load(bank.skipped + i);
        auto warns = W::less(count, count);
        const unsigned changes = W::bits(rule.step(p, x, observations_of<W>(count), s, warns));
        for (std::size_t c = 0; c < Rule::columns; ++c) W::store(bank.columns + c * bank.stride + i, s[c]);
        if (Rule::warns) group.set(bank.warned, W::bits(warns) & ~changes);
        if (changes != 0) note_changes(bank, group, i, changes, number);
    }
}

// The bits of features [first, last), of which there are 64 at most.
VEDETTE_INLINE std::uint64_t block_bits(const std::uint8_t* map, std::size_t first, std::size_t last) noexcept {
    std::uint64_t bits = 0;
    if (last - first == bank_block) {
        __builtin_memcpy(&bits, map + first / bank_lanes, sizeof bits);
        return bits;
    }
    for (std::size_t i = first; i < last; i += bank_lanes) bits |= std::uint64_t{map[i / bank_lanes]} << (i - first);
    return bits & ((std::uint64_t{1} << (last - first)) - 1);
}

// Those of a block that begin with a value that may enter.
template <class W, class Rule, bool uniform, class T>
__attribute__((noinline)) void begin_block(const BankView& bank, const T* row, std::uint64_t number, std::size_t first,
                                           std::size_t last) noexcept {
    for (std::size_t i = first; i < last; i += W::size) {
        const GroupBits group = group_bits<W>(i);
        if (group.get(bank.begins) == 0) continue;
        const auto enters = W::not_above(Rule::apart(W::load(row + i)), typename W::Value(Rule::most_apart));
        if (W::bits(enters) == group.all) begin_lanes<Rule, uniform>(bank, group, i, number);
    }
}

// Whether the features of a block have skipped the same rows; asked for anew in one of so many rows.
inline constexpr std::uint64_t bank_recount = 64;
__attribute__((noinline)) inline void find_skipped_by_all(const BankView& bank, std::size_t first,
                                                          std::size_t last) noexcept {
    for (std::size_t i = first; i < last; ++i)
        if (bank.skipped[i] < bank.skipped[first] || bank.skipped[first] < bank.skipped[i]) return;
    bank.skipped_by_all[first / bank_block] = bank.skipped[first];
}

// Rows of neighbouring vectors, side by side since each row of one waits for the row before. A vector in which anything
// happens is left as it was, and done with care.
template <class W, class Rule, bool uniform, bool one_count, std::size_t rows, std::size_t together, class T>
VEDETTE_INLINE void run_vectors(const BankView& bank, const Rule& rule, const typename W::Value* shared,
                                const Observations<W>* by_all, const T* row, std::ptrdiff_t stride,
                                std::uint64_t number, std::size_t i) noexcept {
    using Value = typename W::Value;
    using Mask = typename W::Mask;
    constexpr std::size_t watched = Rule::watched > 0 ? Rule::watched : 1;
    Value apart(0.0);
    const unsigned all = group_bits<W>(i).all;
    Value s[together][Rule::columns], own[together][Rule::parameters], most[together][watched], before[together];
    Mask warns[together], changes[together];
    for (std::size_t v = 0; v < together; ++v) {
        const std::size_t at = i + v * W::size;
        if (!uniform) load_parameters<W, Rule, uniform>(bank, at, own[v]);
        for (std::size_t c = 0; c < Rule::columns; ++c) s[v][c] = W::load(bank.columns + c * bank.stride + at);
        if (Rule::counts && !one_count) before[v] = W::load(bank.skipped + at);
        if constexpr (Rule::watched == 0) warns[v] = changes[v] = W::less(Value(0.0), Value(0.0));
    }
    // Unrolled, so that only the first row takes its statistics for the extremes.
#pragma GCC unroll 8
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t v = 0; v < together; ++v) {
            const Value x = W::load(row + static_cast<std::ptrdiff_t>(r) * stride + i + v * W::size);
            const Value* const p = uniform ? shared : own[v];
            apart = Rule::add_apart(apart, x);
            Observations<W> seen{};
            if constexpr (Rule::counts)
                seen =
                    one_count ? by_all[r] : observations_of<W>(Value(static_cast<double>(number + r + 1)) - before[v]);
            if constexpr (Rule::watched > 0)
                rule.watch(r == 0, p, x, seen, s[v], most[v]);
            else
                changes[v] = W::either(changes[v], rule.step(p, x, seen, s[v], warns[v]));
        }
    const unsigned far = W::bits(W::not_above(apart, Value(Rule::most_apart_together))) ^ all;
    unsigned loud[together], any = far;
    for (std::size_t v = 0; v < together; ++v) {
        if constexpr (Rule::watched > 0)
            loud[v] = W::bits(rule.quiet(uniform ? shared : own[v], s[v], most[v])) ^ all;
        else
            loud[v] = W::bits(changes[v]);
        any |= loud[v];
    }
    for (std::size_t v = 0; v < together; ++v) {
        const std::size_t at = i + v * W::size;
        if (any != 0 && (far | loud[v]) != 0) [[unlikely]] {
            careful_rows<W, Rule, uniform>(bank, rule, row, rows, stride, at, number);
            continue;
        }
        for (std::size_t c = 0; c < Rule::columns; ++c) W::store(bank.columns + c * bank.stride + at, s[v][c]);
        if (Rule::warns) group_bits<W>(at).set(bank.warned, W::bits(warns[v]));
    }
}

// Whole vectors of features [first, last), which have skipped the same rows if `one_count` says so.
template <class W, class Rule, bool uniform, bool one_count, std::size_t rows, class T>
VEDETTE_INLINE void run_features(const BankView& bank, const Rule& rule, const typename W::Value* shared, const T* row,
                                 std::ptrdiff_t stride, std::uint64_t number, std::size_t first,
                                 std::size_t last) noexcept {
    using Value = typename W::Value;
    constexpr std::size_t together = Rule::together;
    Observations<W> by_all[rows];
    if (one_count)
        for (std::size_t r = 0; r < rows; ++r) {
            // One division for all: a vector's would be the same.
            const double count = static_cast<double>(number + r + 1) - bank.skipped_by_all[first / bank_block];
            by_all[r] = {Value(count), Value(1.0 / count)};
        }
    std::size_t i = first;
    for (; i + together * W::size <= last; i += together * W::size)
        run_vectors<W, Rule, uniform, one_count, rows, together>(bank, rule, shared, by_all, row, stride, number, i);
    if constexpr (together > 1)
        for (; i < last; i += W::size)
            run_vectors<W, Rule, uniform, one_count, rows, 1>(bank, rule, shared, by_all, row, stride, number, i);
}

// Rows of a range of features, which ends with a block or with the last whole vector.
template <class W, class Rule, bool uniform, std::size_t rows, class T>
VEDETTE_INLINE void run_tile(const BankView& bank, const Rule& rule, const typename W::Value* shared, const T* row,
                             std::ptrdiff_t stride, std::uint64_t number, std::size_t first,
                             std::size_t last) noexcept {
    const auto end_of_block = [last](std::size_t i) { return i + bank_block < last ? i + bank_block : last; };
    for (std::size_t i = first; i < last; i += bank_block)
        if (block_bits(bank.begins, i, end_of_block(i)) != 0) [[unlikely]]
            begin_block<W, Rule, uniform>(bank, row, number, i, end_of_block(i));
    if constexpr (!Rule::counts) {
        run_features<W, Rule, uniform, false, rows>(bank, rule, shared, row, stride, number, first, last);
    } else {
        const auto by_all = [&](std::size_t i) { return bank.skipped_by_all[i / bank_block]; };
        if (number % bank_recount < rows) [[unlikely]]
            for (std::size_t i = first; i < last; i += bank_block)
                if (!(by_all(i) >= 0.0)) find_skipped_by_all(bank, i, end_of_block(i));
        for (std::size_t i = first; i < last;) {
            const std::size_t from = i;
            const double skipped = by_all(from);
            for (i = end_of_block(from); i < last && by_all(i) >= skipped && by_all(i) <= skipped;) i = end_of_block(i);
            if (skipped >= 0.0) [[likely]]
                run_features<W, Rule, uniform, true, rows>(bank, rule, shared, row, stride, number, from, i);
            else
                run_features<W, Rule, uniform, false, rows>(bank, rule, shared, row, stride, number, from, i);
        }
    }
}

template <class W, class Rule, bool uniform, class T>
VEDETTE_INLINE void run_chart(const BankView& bank, const T* rows, std::size_t row_count,
                              std::ptrdiff_t row_stride) noexcept {
    const Rule rule(bank.settings);
    const std::size_t whole = bank.features - bank.features % W::size;
    typename W::Value shared[Rule::parameters];
    load_parameters<W, Rule, true>(bank, 0, shared);
    const std::size_t ranges = (whole + bank_range - 1) / bank_range;
    for (std::size_t k = 0; k < ranges; ++k) {
        // To and fro: what the last call left in the first cache is there still.
        const std::size_t first = ((bank.rows & 1U) == 0 ? k : ranges - 1 - k) * bank_range;
        const std::size_t last = first + bank_range < whole ? first + bank_range : whole;
        const T* row = rows;
        std::size_t r = 0;
        for (; r + bank_tile <= row_count; r += bank_tile, row += static_cast<std::ptrdiff_t>(bank_tile) * row_stride)
            run_tile<W, Rule, uniform, bank_tile>(bank, rule, shared, row, row_stride, bank.rows + r, first, last);
        for (; r < row_count; ++r, row += row_stride)
            run_tile<W, Rule, uniform, 1>(bank, rule, shared, row, row_stride, bank.rows + r, first, last);
    }
    if (whole == bank.features) return;
    for (std::size_t r = 0; r < row_count; ++r)
        mixed_row<W, Rule, uniform>(bank, rule, rows + static_cast<std::ptrdiff_t>(r) * row_stride, whole,
                                    bank.rows + r);
}

template <class W, template <class> class Rule, class T>
inline void update_chart(const BankView* bank, const T* rows, std::size_t row_count,
                         std::ptrdiff_t row_stride) noexcept {
    bank->uniform ? run_chart<W, Rule<W>, true>(*bank, rows, row_count, row_stride)
                  : run_chart<W, Rule<W>, false>(*bank, rows, row_count, row_stride);
}

template <class W, class T>
inline void update_page_hinkley(const BankView* bank, const T* rows, std::size_t row_count,
                                std::ptrdiff_t row_stride) noexcept {
    bank->settings[2] > 0.0 ? update_chart<W, PageHinkleyRule>(bank, rows, row_count, row_stride)
                            : update_chart<W, MoaPageHinkleyRule>(bank, rows, row_count, row_stride);
}

template <class W, class T>
constexpr BankKernels<T> bank_entries() noexcept {
    return {&update_page_hinkley<W, T>, &update_chart<W, CusumRule, T>, &update_chart<W, EwmaRule, T>,
            &update_chart<W, DdmRule, T>, &update_chart<W, HddmARule, T>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
