// SPDX-License-Identifier: Apache-2.0
// The monitors of errors in banks, operation for operation those of one stream, as chart_rules.inl.hpp has the charts.
#pragma once

#include <cstddef>

#include "kernels/chart_rules.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

/// drift::Ddm. Statistics: rate, its standard error, both at the minimum (infinite rate: there is none). Parameters:
/// warning and drift level. Settings: observations from which on there are warnings, and changes; the rules of the
/// paper, and of river.
template <class W>
struct DdmRule {
    using Value = typename W::Value;
    using Mask = typename W::Mask;
    template <class Other>
    using For = DdmRule<Other>;
    static constexpr std::size_t columns = 4;
    static constexpr std::size_t parameters = 2;
    static constexpr bool counts = true;
    static constexpr bool warns = true;
    // 0 for 0 and 1 alone, and NaN for infinities.
    static constexpr double most_apart = 0.0;
    static constexpr double most_apart_together = 0.0;
    static constexpr std::size_t watched = 0;
    static constexpr std::size_t together = 1;
    static VEDETTE_INLINE Value apart(Value x) noexcept { return W::magnitude(x * x - x); }
    static VEDETTE_INLINE Value add_apart(Value sum, Value x) noexcept { return sum + apart(x); }

    Value warn_from, change_from;
    bool paper, river;

    VEDETTE_INLINE explicit DdmRule(const double* settings) noexcept
        : warn_from(settings[0]), change_from(settings[1]), paper(settings[2] > 0.0), river(settings[3] > 0.0) {}

    VEDETTE_INLINE void begin(const Value*, Value* s) const noexcept {
        s[0] = s[1] = s[3] = Value(0.0);
        s[2] = Value(no_value);
    }
    VEDETTE_INLINE Mask step(const Value* p, Value x, const Observations<W>& seen, Value* s,
                             Mask& warns_now) const noexcept {
        const Value zero(0.0), count = seen.count;
        s[0] = s[0] + (river ? seen.per_count * (x - s[0]) : (x - s[0]) / count);
        s[1] = W::root(W::larger(s[0] * (Value(1.0) - s[0]), zero) / count);
        const Value level = s[0] + s[1];
        const Mask judged = W::not_above(warn_from, count);
        Mask lowest = W::both(judged, W::not_above(level, s[2] + s[3]));
        if (paper) lowest = W::both(lowest, W::less(zero, s[1]));
        s[2] = W::choose(lowest, s[0], s[2]);
        s[3] = W::choose(lowest, s[1], s[3]);
        const Value warning = s[2] + p[0] * s[3], drift = s[2] + p[1] * s[3];
        warns_now = W::both(judged, paper ? W::not_above(warning, level) : W::less(warning, level));
        return W::both(W::not_above(change_from, count), paper ? W::not_above(drift, level) : W::less(drift, level));
    }
};

/// drift::HddmA. Statistics: mean; count, mean and bound of the cut point for a rise; the same for a fall, where a
/// bound is the mean plus or less its Hoeffding bound. Parameters: ln(1/drift), ln(2/drift), ln(2/warning). Settings:
/// looks for rises, for falls.
template <class W>
struct HddmARule {
    using Value = typename W::Value;
    using Mask = typename W::Mask;
    template <class Other>
    using For = HddmARule<Other>;
    static constexpr std::size_t columns = 7;
    static constexpr std::size_t parameters = 3;
    static constexpr bool counts = true;
    static constexpr bool warns = true;
    // How far outside of [0, 1]. Of two, one of them NaN, W::larger is the second.
    static constexpr double most_apart = 0.0;
    static constexpr double most_apart_together = 0.0;
    static constexpr std::size_t watched = 0;
    static constexpr std::size_t together = 1;
    static VEDETTE_INLINE Value apart(Value x) noexcept {
        return W::larger(Value(0.0), W::larger(x - Value(1.0), Value(0.0) - x));
    }
    static VEDETTE_INLINE Value add_apart(Value sum, Value x) noexcept { return sum + apart(x); }

    bool up, down;

    VEDETTE_INLINE explicit HddmARule(const double* settings) noexcept
        : up(settings[0] > 0.0), down(settings[1] > 0.0) {}

    VEDETTE_INLINE void begin(const Value*, Value* s) const noexcept {
        s[0] = s[1] = s[2] = s[4] = s[5] = Value(0.0);
        s[3] = Value(no_value);  // which the first value is below
        s[6] = Value(-no_value);
    }
    // Whether a difference of means is as large as the bound allows; its square says of most that it is not.
    VEDETTE_INLINE void judge(const Value* p, Value difference, Value part, Value count, Value per_count, Mask& changes,
                              Mask& warns_now) const noexcept {
        const Value half = (count - part) / part * per_count / Value(2.0);
        const Value widened = difference * difference * Value(1.0 + 0x1p-40);
        const Mask later = W::both(W::less(part, count), W::not_above(Value(0.0), difference));
        if (W::bits(W::both(later, W::not_above(half * p[2], widened))) == 0) return;
        changes = W::either(changes, W::both(later, W::not_above(W::root(half * p[1]), difference)));
        warns_now = W::either(warns_now, W::both(later, W::not_above(W::root(half * p[2]), difference)));
    }
    VEDETTE_INLINE Mask step(const Value* p, Value x, const Observations<W>& seen, Value* s,
                             Mask& warns_now) const noexcept {
        const Value count = seen.count, per_count = seen.per_count;
        s[0] = s[0] + per_count * (x - s[0]);
        const Value own = W::root(Value(0.5) * per_count * p[0]);
        const Value above = s[0] + own, below = s[0] - own;
        const Mask lowest = W::not_above(above, s[3]);
        s[1] = W::choose(lowest, count, s[1]);
        s[2] = W::choose(lowest, s[0], s[2]);
        s[3] = W::choose(lowest, above, s[3]);
        const Mask highest = W::not_above(s[6], below);
        s[4] = W::choose(highest, count, s[4]);
        s[5] = W::choose(highest, s[0], s[5]);
        s[6] = W::choose(highest, below, s[6]);
        Mask changes = W::less(count, count);
        warns_now = changes;
        if (up) judge(p, s[0] - s[2], s[1], count, per_count, changes, warns_now);
        if (down) judge(p, s[5] - s[0], s[4], count, per_count, changes, warns_now);
        return changes;
    }
};

}  // namespace
}  // namespace vedette::inline v0::kernels
