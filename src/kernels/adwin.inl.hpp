// SPDX-License-Identifier: Apache-2.0
// Eight windows of ADWIN at a time. Which buckets merge depends on how many values came, not on what they are: levels
// at which all lanes have as many buckets are handled as vectors, the levels above lane by lane. Operation for
// operation drift::Adwin.
#pragma once

#include "kernels/adwin_table.hpp"
#include "kernels/charts.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

// One group of a bank.
struct AdwinGroup {
    const AdwinBankView& view;
    std::size_t group;

    VEDETTE_INLINE std::size_t first() const noexcept { return group * bank_lanes; }
    VEDETTE_INLINE double* total(std::size_t level, std::size_t slot) const noexcept {
        return view.totals + ((group * view.levels + level) * view.slots + slot) * bank_lanes;
    }
    VEDETTE_INLINE double* deviation(std::size_t level, std::size_t slot) const noexcept {
        return view.deviations + ((group * view.levels + level) * view.slots + slot) * bank_lanes;
    }
    VEDETTE_INLINE std::uint32_t* counts(std::size_t level) const noexcept {
        return view.counts + (group * view.levels + level) * bank_lanes;
    }
    VEDETTE_INLINE double* width() const noexcept { return view.bank.columns + first(); }
    VEDETTE_INLINE double* sum() const noexcept { return width() + view.bank.stride; }
    VEDETTE_INLINE double* squares() const noexcept { return sum() + view.bank.stride; }
    VEDETTE_INLINE std::uint32_t* used() const noexcept { return view.used_levels + first(); }
};

VEDETTE_INLINE double size_of_level(std::size_t level) noexcept {
    return static_cast<double>(std::uint64_t{1} << level);
}

VEDETTE_INLINE bool all_agree(const std::uint32_t* counts) noexcept {
    std::uint32_t different = 0;
    for (std::size_t lane = 1; lane < bank_lanes; ++lane) different |= counts[lane] ^ counts[0];
    return different == 0;
}

// Finds how far the lanes agree, up to a level.
inline void find_agreed(const AdwinGroup& g, std::uint32_t most) noexcept {
    std::uint32_t level = 0;
    while (level < most && all_agree(g.counts(level))) ++level;
    g.view.agreed[g.group] = level;
}

// A bucket comes to a level of one lane; true when the last level is overfull.
inline bool append_in_lane(const AdwinGroup& g, std::size_t level, std::size_t lane, double total,
                           double deviation) noexcept {
    for (;; ++level) {
        std::uint32_t& count = g.counts(level)[lane];
        g.total(level, count)[lane] = total;
        g.deviation(level, count)[lane] = deviation;
        if (++count < g.view.slots) return false;
        if (level + 1 == g.view.levels) return true;
        const double n = size_of_level(level);
        const double per_n = 1.0 / n;
        const double t0 = g.total(level, 0)[lane], t1 = g.total(level, 1)[lane];
        const double apart = t0 * per_n - t1 * per_n;
        total = t0 + t1;
        deviation = g.deviation(level, 0)[lane] + g.deviation(level, 1)[lane] + 0.5 * n * (apart * apart);
        for (std::size_t k = 2; k < g.view.slots; ++k) {
            g.total(level, k - 2)[lane] = g.total(level, k)[lane];
            g.deviation(level, k - 2)[lane] = g.deviation(level, k)[lane];
        }
        count -= 2;
        std::uint32_t& used = g.used()[lane];
        if (used < level + 2) used = static_cast<std::uint32_t>(level + 2);
    }
}

inline bool insert_in_lane(const AdwinGroup& g, std::size_t lane, double x) noexcept {
    const double before = g.width()[lane];
    double& total = g.sum()[lane];
    g.width()[lane] = before + 1.0;
    if (before > 0.0) {
        const double deviation = x - total / before;
        g.squares()[lane] += before * deviation * deviation / (before + 1.0);
    }
    total += x;
    return append_in_lane(g, 0, lane, x, 0.0);
}

// A number of each lane of a group.
template <class W>
struct GroupValues {
    static constexpr std::size_t parts = bank_lanes / W::size;
    typename W::Value part[parts];

    VEDETTE_INLINE static GroupValues load(const double* from) noexcept {
        GroupValues values;
        for (std::size_t i = 0; i < parts; ++i) values.part[i] = W::load(from + i * W::size);
        return values;
    }
    VEDETTE_INLINE void store(double* to) const noexcept {
        for (std::size_t i = 0; i < parts; ++i) W::store(to + i * W::size, part[i]);
    }
};

template <class W>
VEDETTE_INLINE void add_to_sums(const AdwinGroup& g, const GroupValues<W>& x) noexcept {
    using Value = typename W::Value;
    const Value one(1.0), zero(0.0);
    for (std::size_t i = 0; i < GroupValues<W>::parts; ++i) {
        const std::size_t lane = i * W::size;
        const Value before = W::load(g.width() + lane);
        const Value total = W::load(g.sum() + lane);
        const Value after = before + one;
        const Value deviation = x.part[i] - total / before;
        const Value added = before * deviation * deviation / after;
        // The first value of a window divides by 0.
        W::store(g.squares() + lane, W::load(g.squares() + lane) + W::choose(W::less(zero, before), added, zero));
        W::store(g.sum() + lane, total + x.part[i]);
        W::store(g.width() + lane, after);
    }
}

VEDETTE_INLINE void set_counts(std::uint32_t* counts, std::uint32_t count) noexcept {
    for (std::size_t lane = 0; lane < bank_lanes; ++lane) counts[lane] = count;
}

// Slots from the third on move up by two, all but the last. Compilers would call memmove, which takes longer.
template <class W>
VEDETTE_INLINE void move_up(const AdwinGroup& g, double* level) noexcept {
    for (std::size_t k = 3; k < g.view.slots; ++k) {
        GroupValues<W>::load(level + (k - 1) * bank_lanes).store(level + (k - 3) * bank_lanes);
        __asm__ volatile("" : : : "memory");
    }
}

// Joins the two oldest buckets of an overfull level, whose last is given, into one, and moves the others up. Single
// values, level 0, have no deviations.
template <class W>
VEDETTE_INLINE void merge_oldest(const AdwinGroup& g, std::size_t level, GroupValues<W>& total,
                                 GroupValues<W>& deviation) noexcept {
    using Value = typename W::Value;
    using Values = GroupValues<W>;
    const double n = size_of_level(level);
    const Value per_n(1.0 / n), half_n(0.5 * n);
    const std::size_t slots = g.view.slots;
    const Values last_total = total, last_deviation = deviation;
    double* const totals = g.total(level, 0);
    double* const deviations = g.deviation(level, 0);
    const Values t0 = Values::load(totals), t1 = Values::load(totals + bank_lanes);
    for (std::size_t i = 0; i < Values::parts; ++i) {
        const Value apart = t0.part[i] * per_n - t1.part[i] * per_n;
        total.part[i] = t0.part[i] + t1.part[i];
        deviation.part[i] = half_n * (apart * apart);
    }
    move_up<W>(g, totals);
    last_total.store(totals + (slots - 3) * bank_lanes);
    if (level == 0) return;
    const Values d0 = Values::load(deviations), d1 = Values::load(deviations + bank_lanes);
    for (std::size_t i = 0; i < Values::parts; ++i) deviation.part[i] = d0.part[i] + d1.part[i] + deviation.part[i];
    move_up<W>(g, deviations);
    last_deviation.store(deviations + (slots - 3) * bank_lanes);
}

// All lanes take a value; those whose last level is overfull.
template <class W>
VEDETTE_INLINE unsigned insert_in_all(const AdwinGroup& g, const GroupValues<W>& x) noexcept {
    add_to_sums<W>(g, x);
    GroupValues<W> total = x, deviation;
    for (auto& part : deviation.part) part = typename W::Value(0.0);
    const std::size_t agreed = g.view.agreed[g.group];
    const std::uint32_t most = static_cast<std::uint32_t>(g.view.slots) - 1;
    for (std::size_t level = 0; level < agreed; ++level) {
        std::uint32_t* const counts = g.counts(level);
        const std::uint32_t count = counts[0];
        if (count < most) {
            total.store(g.total(level, count));
            if (level > 0) deviation.store(g.deviation(level, count));
            set_counts(counts, count + 1);
            return 0;
        }
        merge_oldest<W>(g, level, total, deviation);
        set_counts(counts, count - 1);
        std::uint32_t* const used = g.used();
        const auto reached = static_cast<std::uint32_t>(level + 2);
        for (std::size_t lane = 0; lane < bank_lanes; ++lane) used[lane] = used[lane] < reached ? reached : used[lane];
    }
    alignas(64) double totals[bank_lanes], deviations[bank_lanes];
    total.store(totals);
    deviation.store(deviations);
    unsigned overflowed = 0;
    for (std::size_t lane = 0; lane < bank_lanes; ++lane)
        if (append_in_lane(g, agreed, lane, totals[lane], deviations[lane])) overflowed |= 1U << lane;
    return overflowed;
}

inline void clear_lane(const AdwinGroup& g, std::size_t lane) noexcept {
    for (std::size_t level = 0; level < g.view.levels; ++level) g.counts(level)[lane] = 0;
    g.used()[lane] = 1;
    g.width()[lane] = g.sum()[lane] = g.squares()[lane] = 0.0;
    g.view.until_check[g.first() + lane] = g.view.clock;
}

// A row at which a lane turns a value away, or goes on after a change.
template <class T>
__attribute__((noinline)) unsigned insert_mixed(const AdwinGroup& g, const T* row, const double* x, unsigned entering,
                                                unsigned present) noexcept {
    const BankView& bank = g.view.bank;
    bank.changing[g.group] = 0;
    const unsigned starting = bank.begins[g.group] & entering;
    bank.begins[g.group] = static_cast<std::uint8_t>(bank.begins[g.group] & ~entering);
    count_turned_away(bank, g.first(), present & ~entering, row);
    unsigned overflowed = 0;
    for (std::size_t lane = 0; lane < bank_lanes; ++lane) {
        const unsigned bit = 1U << lane;
        if (g.view.restarts && (starting & bit) != 0) clear_lane(g, lane);
        if ((entering & bit) != 0 && insert_in_lane(g, lane, x[lane])) overflowed |= bit;
    }
    const auto last = static_cast<std::uint32_t>(g.view.levels - 1);
    find_agreed(g, g.view.restarts || entering == 0 ? last : g.view.agreed[g.group]);
    return overflowed;
}

// The values of a group in a row, from wherever a lane follows, and which of them may enter.
template <class W, class T>
VEDETTE_INLINE unsigned read_row(const AdwinGroup& g, const T* row, GroupValues<W>& x) noexcept {
    const std::size_t left = g.view.bank.features - g.first();
    if (left >= bank_lanes) {
        for (std::size_t i = 0; i < GroupValues<W>::parts; ++i) x.part[i] = W::load(row + g.first() + i * W::size);
    } else {
        alignas(64) double padded[bank_lanes];
        for (std::size_t lane = 0; lane < bank_lanes; ++lane)
            padded[lane] = static_cast<double>(row[g.first() + (lane < left ? lane : left - 1)]);
        x = GroupValues<W>::load(padded);
    }
    unsigned entering = 0;
    for (std::size_t i = 0; i < GroupValues<W>::parts; ++i)
        entering |= W::bits(W::not_above(W::magnitude(x.part[i]), typename W::Value(bank_largest_value)))
                    << i * W::size;
    return entering;
}

// The lanes whose check is due.
VEDETTE_INLINE unsigned count_down(const AdwinGroup& g, unsigned entering) noexcept {
    std::uint32_t* const until = g.view.until_check + g.first();
    std::uint32_t due = 0;
    for (std::size_t lane = 0; lane < bank_lanes; ++lane) {
        until[lane] -= entering >> lane & 1U;
        due |= until[lane] == 0 ? 1U << lane : 0U;
    }
    for (std::size_t lane = 0; due != 0 && lane < bank_lanes; ++lane)
        until[lane] = until[lane] == 0 ? g.view.clock : until[lane];
    return due;
}

template <class W, class T>
VEDETTE_INLINE AdwinStop insert_row(const AdwinGroup& g, const T* row) noexcept {
    const BankView& bank = g.view.bank;
    const std::size_t left = bank.features - g.first();
    const unsigned present = left < bank_lanes ? (1U << left) - 1U : 0xFFU;
    GroupValues<W> x;
    const unsigned entering = read_row<W>(g, row, x);
    AdwinStop stop{g.group, 0, 0, 0};
    if (entering == 0xFFU && (bank.begins[g.group] | bank.changing[g.group]) == 0) [[likely]] {
        stop.overflowed = insert_in_all<W>(g, x);
    } else {
        alignas(64) double values[bank_lanes];
        x.store(values);
        stop.overflowed = insert_mixed(g, row, values, entering, present);
    }
    stop.due = count_down(g, entering) & present;
    return stop;
}

template <class W, class T>
inline bool adwin_insert(const AdwinBankView* view, const T* rows, std::size_t row_count, std::ptrdiff_t row_stride,
                         AdwinStop* stop) noexcept {
    const std::size_t groups = view->bank.stride / bank_lanes;
    std::size_t row = stop->row;
    for (std::size_t group = stop->group; group < groups; ++group, row = 0) {
        const AdwinGroup g{*view, group};
        for (; row < row_count; ++row) {
            const AdwinStop at = insert_row<W>(g, rows + static_cast<std::ptrdiff_t>(row) * row_stride);
            if ((at.due | at.overflowed) == 0) continue;
            *stop = at;
            stop->row = row;
            return true;
        }
    }
    return false;
}

// With n0 and n1 the values of two parts, u0 and u1 their sums, P = n0 n1, d = |u0 n1 - u1 n0| + slack P: a cut needs
//     d/P >= 2/3 L (W - 2 margin)/Q + sqrt(2 v L (W - 2 margin)/Q),   Q = (n0 - margin)(n1 - margin) <= P,
// hence d >= linear part and d^2 >= squared part P. Without a division or a root, since the usual answer is none.
template <class W>
inline unsigned adwin_may_cut(const AdwinBankView* view, std::size_t group, const AdwinBound* bound) noexcept {
    using Value = typename W::Value;
    const AdwinGroup g{*view, group};
    std::size_t levels = 0;
    for (std::size_t lane = 0; lane < bank_lanes; ++lane) levels = g.used()[lane] > levels ? g.used()[lane] : levels;
    unsigned found = 0;
    for (std::size_t lane = 0; lane < bank_lanes; lane += W::size) {
        const Value width = W::load(g.width() + lane), least(bound->least), zero(0.0);
        const Value squared = W::load(bound->squared_part + lane), linear = W::load(bound->linear_part + lane);
        const Value slack = W::load(bound->slack + lane);
        Value n0 = zero, u0 = zero, u1 = W::load(g.sum() + lane);
        auto any = W::less(zero, zero);
        const auto look = [&](Value n, Value total) {
            n0 = n0 + n;
            u0 = u0 + total;
            u1 = u1 - total;
            const Value n1 = width - n0;
            const Value product = n0 * n1;
            const Value difference = W::magnitude(u0 * n1 - u1 * n0) + slack * product;
            const auto is_far = W::not_above(squared * product, difference * difference);
            const auto is_far_enough = W::not_above(linear, difference);
            const auto is_long = W::not_above(least, n1);
            any = any | (is_far & is_far_enough & is_long);
        };
        for (std::size_t level = levels; level-- > 0;) {
            const std::uint32_t* const counts = g.counts(level);
            const Value n(size_of_level(level));
            if (all_agree(counts)) {
                for (std::size_t k = 0; k < counts[0]; ++k) look(n, W::load(g.total(level, k) + lane));
                continue;
            }
            std::uint32_t most = 0;
            alignas(64) double own[W::size];
            for (std::size_t i = 0; i < W::size; ++i) {
                own[i] = static_cast<double>(counts[lane + i]);
                most = counts[lane + i] > most ? counts[lane + i] : most;
            }
            const Value count = W::load(own);
            for (std::size_t k = 0; k < most; ++k) {
                // A lane without this bucket looks at its last cut again.
                const auto has = W::less(Value(static_cast<double>(k)), count);
                look(W::keep(has, n), W::keep(has, W::load(g.total(level, k) + lane)));
            }
        }
        found |= W::bits(any) << lane;
    }
    return found;
}

template <class W, class T>
constexpr AdwinKernels<T> adwin_entries() noexcept {
    return {&adwin_insert<W, T>, &adwin_may_cut<W>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
