// SPDX-License-Identifier: Apache-2.0
// One body for all banks of charts: features side by side, their statistics in registers from row to row.
#pragma once

#include "kernels/bank_table.hpp"
#include "kernels/chart_rules.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

inline constexpr double bank_largest_value = 1e100;  // MonitorBase::largest_value

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
        const bool is_nan = row[i] != row[i];
        ++(is_nan ? bank.nan : bank.infinite)[i];
        bank.skipped[i] += 1.0;
    }
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
    const auto enters = W::not_above(W::magnitude(x), Value(bank_largest_value));
    const unsigned entering = W::bits(enters);
    const unsigned beginning = group.get(bank.begins) & entering;
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
    const unsigned changes = W::bits(rule.step(p, W::choose(enters, x, Value(0.0)), count, s, warns)) & entering;
    for (std::size_t c = 0; c < Rule::columns; ++c)
        W::store(bank.columns + c * bank.stride + i, W::choose(enters, s[c], before[c]));
    if (Rule::warns)
        group.set(bank.warned, (W::bits(warns) & entering & ~changes) | (group.get(bank.warned) & ~entering));
    group.set(bank.changing, changes);
    group.set(bank.begins, (group.get(bank.begins) & ~entering) | changes);
    group.set(bank.changed, group.get(bank.changed) | changes);
    count_changes(bank, i, changes, number);
}

VEDETTE_INLINE void note_changes(const BankView& bank, GroupBits group, std::size_t i, unsigned changes,
                                 std::uint64_t number) noexcept {
    group.set(bank.begins, group.get(bank.begins) | changes);
    group.set(bank.changing, changes);
    group.set(bank.changed, group.get(bank.changed) | changes);
    count_changes(bank, i, changes, number);
}

// Features [first, last), last a multiple of the lanes away, with their statistics in registers from row to row.
template <class W, class Rule, bool uniform, class T>
VEDETTE_INLINE void run_rows(const BankView& bank, const Rule& rule, const T* rows, std::size_t row_count,
                             std::ptrdiff_t row_stride, std::size_t first, std::size_t last) noexcept {
    using Value = typename W::Value;
    Value p[Rule::parameters], s[Rule::columns];
    if (uniform) load_parameters<W, Rule, uniform>(bank, 0, p);
    for (std::size_t i = first; i < last; i += W::size) {
        const GroupBits group = group_bits<W>(i);
        if (!uniform) load_parameters<W, Rule, uniform>(bank, i, p);
        const auto load = [&] {
            for (std::size_t c = 0; c < Rule::columns; ++c) s[c] = W::load(bank.columns + c * bank.stride + i);
        };
        const auto store = [&] {
            for (std::size_t c = 0; c < Rule::columns; ++c) W::store(bank.columns + c * bank.stride + i, s[c]);
        };
        load();
        const T* row = rows;
        bool begins = group.get(bank.begins) != 0;
        for (std::size_t r = 0; r < row_count; ++r, row += row_stride) {
            const Value x = W::load(row + i);
            const unsigned entering = W::bits(W::not_above(W::magnitude(x), Value(bank_largest_value)));
            const std::uint64_t number = bank.rows + r;
            if (entering != group.all || begins) [[unlikely]] {
                store();
                mixed_row<W, Rule, uniform>(bank, rule, row, i, number);
                load();
                begins = group.get(bank.begins) != 0;
                continue;
            }
            Value count(static_cast<double>(number + 1));
            if (Rule::counts) count = count - W::load(bank.skipped + i);
            auto warns = W::less(count, count);
            const unsigned changes = W::bits(rule.step(p, x, count, s, warns));
            if (Rule::warns) group.set(bank.warned, W::bits(warns) & ~changes);
            if (changes != 0) [[unlikely]] {
                begins = true;
                note_changes(bank, group, i, changes, number);
            }
        }
        store();
    }
}

inline constexpr std::size_t bank_block = 64;

// Whether all lanes of a block go on, with values that may enter.
template <class W, class T>
VEDETTE_INLINE bool is_plain(const BankView& bank, const T* row, std::size_t first) noexcept {
    std::uint64_t begins;
    __builtin_memcpy(&begins, bank.begins + first / bank_lanes, sizeof begins);
    auto enters = W::not_above(W::magnitude(W::load(row + first)), typename W::Value(bank_largest_value));
    for (std::size_t k = W::size; k < bank_block; k += W::size)
        enters = enters & W::not_above(W::magnitude(W::load(row + first + k)), typename W::Value(bank_largest_value));
    return begins == 0 && W::bits(enters) == (1U << W::size) - 1U;
}

// A single row, in blocks that look at their bits together.
template <class W, class Rule, bool uniform, class T>
VEDETTE_INLINE void run_row(const BankView& bank, const Rule& rule, const T* row, std::size_t last) noexcept {
    using Value = typename W::Value;
    Value p[Rule::parameters], s[Rule::columns];
    if (uniform) load_parameters<W, Rule, uniform>(bank, 0, p);
    const Value number(static_cast<double>(bank.rows + 1));
    std::size_t i = 0;
    for (; i + bank_block <= last; i += bank_block) {
        if (!is_plain<W>(bank, row, i)) [[unlikely]] {
            run_rows<W, Rule, uniform>(bank, rule, row, 1, 0, i, i + bank_block);
            continue;
        }
        std::uint64_t changes = 0, warned = 0;
        for (std::size_t k = 0; k < bank_block; k += W::size) {
            const std::size_t at = i + k;
            if (!uniform) load_parameters<W, Rule, uniform>(bank, at, p);
            for (std::size_t c = 0; c < Rule::columns; ++c) s[c] = W::load(bank.columns + c * bank.stride + at);
            const Value count = Rule::counts ? number - W::load(bank.skipped + at) : number;
            auto warns = W::less(number, number);
            changes |= std::uint64_t{W::bits(rule.step(p, W::load(row + at), count, s, warns))} << k;
            if (Rule::warns) warned |= std::uint64_t{W::bits(warns)} << k;
            for (std::size_t c = 0; c < Rule::columns; ++c) W::store(bank.columns + c * bank.stride + at, s[c]);
        }
        for (std::size_t k = 0; Rule::warns && k < bank_block; k += bank_lanes)
            bank.warned[(i + k) / bank_lanes] = static_cast<std::uint8_t>((warned & ~changes) >> k);
        if (changes == 0) [[likely]]
            continue;
        for (std::size_t k = 0; k < bank_block; k += W::size) {
            const unsigned own = static_cast<unsigned>(changes >> k) & ((1U << W::size) - 1U);
            if (own != 0) note_changes(bank, group_bits<W>(i + k), i + k, own, bank.rows);
        }
    }
    run_rows<W, Rule, uniform>(bank, rule, row, 1, 0, i, last);
}

template <class W, class Rule, bool uniform, class T>
VEDETTE_INLINE void run_chart(const BankView& bank, const T* rows, std::size_t row_count,
                              std::ptrdiff_t row_stride) noexcept {
    const Rule rule(bank.settings);
    const std::size_t whole = bank.features - bank.features % W::size;
    if (row_count == 1) {
        run_row<W, Rule, uniform>(bank, rule, rows, whole);
    } else {
        run_rows<W, Rule, uniform>(bank, rule, rows, row_count, row_stride, 0, whole);
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
constexpr BankKernels<T> bank_entries() noexcept {
    return {&update_chart<W, PageHinkleyRule, T>, &update_chart<W, CusumRule, T>, &update_chart<W, EwmaRule, T>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
