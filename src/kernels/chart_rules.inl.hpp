// SPDX-License-Identifier: Apache-2.0
// The charts of banks, operation for operation those of the monitors of one stream: the bits must be the same. Written
// once for vectors and for single lanes (W).
#pragma once

#include <cstddef>

#ifndef VEDETTE_INLINE
#define VEDETTE_INLINE inline __attribute__((always_inline))
#endif

namespace vedette::inline v0::kernels {
namespace {

inline constexpr double no_value = __builtin_inf();
inline constexpr double bank_largest_value = 1e100;  // MonitorBase::largest_value

/// Observations since the last start, the present one among them, and 1 over their number; a rule that has no use for
/// them leaves them to the optimiser.
template <class W>
struct Observations {
    typename W::Value count, per_count;
};

/// Which values enter the statistics: those whose `apart`, never negative, is at most `most_apart`. Several do if what
/// `add_apart` makes of them, from 0 on, is at most `most_apart_together`; where it is more, one may or may not.
template <class W>
struct TakesNumbers {
    static constexpr double most_apart = bank_largest_value;
    static constexpr double most_apart_together = 0.99 * bank_largest_value * bank_largest_value;
    static VEDETTE_INLINE typename W::Value apart(typename W::Value x) noexcept { return W::magnitude(x); }
    static VEDETTE_INLINE typename W::Value add_apart(typename W::Value sum, typename W::Value x) noexcept {
        return W::add_square(sum, x);
    }
};

/// A rule that `watches` may go through rows by `watch`, which keeps the extremes of some statistics in `seen_most`,
/// from the `first` row on: where they are `quiet` at the end, no step would have reported a change. Where they are
/// not, one may or may not have. NaN, which no statistic that has it loses, is not quiet.
///
/// drift::PageHinkley. Statistics: mean, up, down, lowest up, highest down. Parameters: delta, threshold of a rise, of
/// a fall (infinite where not looked for). Settings: forgetting, minimum of observations, keeps extremes, which is
/// known when compiling too: MOA's rule does without.
template <class W, bool keeps_extremes>
struct PageHinkleyRuleOf : TakesNumbers<W> {
    using Value = typename W::Value;
    template <class Other>
    using For = PageHinkleyRuleOf<Other, keeps_extremes>;
    static constexpr std::size_t columns = 5;
    static constexpr std::size_t parameters = 3;
    static constexpr bool counts = true;
    static constexpr bool warns = false;
    static constexpr std::size_t together = 2;  // vectors
    static constexpr std::size_t watched = 2;

    Value forgetting, minimum, one = W::one();

    VEDETTE_INLINE explicit PageHinkleyRuleOf(const double* settings) noexcept
        : forgetting(settings[0]), minimum(settings[1]) {}

    VEDETTE_INLINE void begin(const Value*, Value* s) const noexcept {
        s[0] = s[1] = s[2] = Value(0.0);
        s[3] = Value(no_value);  // what the first sum is below
        s[4] = Value(-no_value);
    }
    VEDETTE_INLINE void advance(const Value* p, Value x, const Observations<W>& seen, Value* s) const noexcept {
        s[0] = W::plus(s[0], seen.per_count * (x - s[0]), one);
        const Value deviation = x - s[0];
        s[1] = W::plus(forgetting * s[1], deviation, one) - p[0];
        s[2] = W::plus(forgetting * s[2], deviation, one) + p[0];
        s[3] = keeps_extremes ? W::smaller(s[1], s[3]) : Value(0.0);
        s[4] = keeps_extremes ? W::larger(s[2], s[4]) : Value(0.0);
    }
    VEDETTE_INLINE typename W::Mask step(const Value* p, Value x, const Observations<W>& seen, Value* s,
                                         typename W::Mask&) const noexcept {
        advance(p, x, seen, s);
        const auto risen = W::less(p[1], s[1] - s[3]);
        const auto fallen = W::less(p[2], s[4] - s[2]);
        return W::both(W::either(risen, fallen), W::not_above(minimum, seen.count));
    }
    // The highest and the lowest sum: the last extremes are beyond all before.
    VEDETTE_INLINE void watch(bool first, const Value* p, Value x, const Observations<W>& seen, Value* s,
                              Value* seen_most) const noexcept {
        advance(p, x, seen, s);
        seen_most[0] = first ? s[1] : W::larger(seen_most[0], s[1]);
        seen_most[1] = first ? s[2] : W::smaller(seen_most[1], s[2]);
    }
    VEDETTE_INLINE typename W::Mask quiet(const Value* p, const Value* s, const Value* seen_most) const noexcept {
        return W::still_not_above(W::not_above(seen_most[0] - s[3], p[1]), s[4] - seen_most[1], p[2]);
    }
};
template <class W>
using PageHinkleyRule = PageHinkleyRuleOf<W, true>;
template <class W>
using MoaPageHinkleyRule = PageHinkleyRuleOf<W, false>;

/// drift::Cusum. Statistics: upper, lower. Parameters: mean, 1/sd. Settings: slack of either side, threshold, head
/// start of either side.
template <class W>
struct CusumRule : TakesNumbers<W> {
    using Value = typename W::Value;
    template <class Other>
    using For = CusumRule<Other>;
    static constexpr std::size_t columns = 2;
    static constexpr std::size_t parameters = 2;
    static constexpr bool counts = false;
    static constexpr bool warns = false;
    static constexpr std::size_t together = 2;  // vectors
    static constexpr std::size_t watched = 1;

    Value upper_slack, lower_slack, threshold, upper_start, lower_start, one = W::one();

    VEDETTE_INLINE explicit CusumRule(const double* settings) noexcept
        : upper_slack(settings[0]),
          lower_slack(settings[1]),
          threshold(settings[2]),
          upper_start(settings[3]),
          lower_start(settings[4]) {}

    VEDETTE_INLINE void begin(const Value*, Value* s) const noexcept {
        s[0] = upper_start;
        s[1] = lower_start;
    }
    VEDETTE_INLINE void advance(const Value* p, Value x, Value* s) const noexcept {
        const Value z = (x - p[0]) * p[1];
        // Of two zeros the second: never -0.
        s[0] = W::larger(W::minus(W::plus(s[0], z, one), upper_slack, one), Value(0.0));
        s[1] = W::larger(W::minus(s[1], z, one) - lower_slack, Value(0.0));
    }
    VEDETTE_INLINE typename W::Mask step(const Value* p, Value x, const Observations<W>&, Value* s,
                                         typename W::Mask&) const noexcept {
        advance(p, x, s);
        return W::less(threshold, W::larger(s[0], s[1]));
    }
    VEDETTE_INLINE void watch(bool first, const Value* p, Value x, const Observations<W>&, Value* s,
                              Value* seen_most) const noexcept {
        advance(p, x, s);
        const Value larger = W::larger(s[0], s[1]);
        seen_most[0] = first ? larger : W::larger(seen_most[0], larger);
    }
    VEDETTE_INLINE typename W::Mask quiet(const Value*, const Value*, const Value* seen_most) const noexcept {
        return W::not_above(seen_most[0], threshold);
    }
};

/// drift::EwmaChart. Statistics: average, decay. Parameters: mean, standard error in the limit. Settings: weight,
/// width, width of a warning (infinite: none), time-varying limits, sign of the distance (0: its size).
template <class W>
struct EwmaRule : TakesNumbers<W> {
    using Value = typename W::Value;
    template <class Other>
    using For = EwmaRule<Other>;
    static constexpr std::size_t columns = 2;
    static constexpr std::size_t parameters = 2;
    static constexpr bool counts = false;
    static constexpr bool warns = true;
    static constexpr std::size_t watched = 0;
    static constexpr std::size_t together = 1;

    Value weight, complement, squared_complement, width, warning_width, sign;
    bool varying, both;

    VEDETTE_INLINE explicit EwmaRule(const double* settings) noexcept
        : weight(settings[0]),
          complement(1.0 - settings[0]),
          squared_complement((1.0 - settings[0]) * (1.0 - settings[0])),
          width(settings[1]),
          warning_width(settings[2]),
          sign(settings[4]),
          varying(settings[3] > 0.0),
          both(settings[4] == 0.0) {}

    VEDETTE_INLINE void begin(const Value* p, Value* s) const noexcept {
        s[0] = p[0];
        s[1] = Value(1.0);
    }
    VEDETTE_INLINE typename W::Mask step(const Value* p, Value x, const Observations<W>&, Value* s,
                                         typename W::Mask& warns_now) const noexcept {
        s[0] = weight * x + complement * s[0];
        const Value zero(0.0);
        Value unit = p[1];
        // Long after the start nothing of it is left, and there is no root to take.
        if (W::bits(W::less(zero, s[1])) != 0) {
            s[1] = W::choose(W::less(s[1], Value(1e-30)), zero, s[1] * squared_complement);
            if (varying) unit = unit * W::root(Value(1.0) - s[1]);
        }
        const Value apart = s[0] - p[0];
        const Value reach = both ? W::magnitude(apart) : sign * apart;
        warns_now = W::less(warning_width * unit, reach);
        return W::less(width * unit, reach);
    }
};

}  // namespace
}  // namespace vedette::inline v0::kernels
