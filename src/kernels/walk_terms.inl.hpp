// SPDX-License-Identifier: Apache-2.0
// What a tie group of two samples adds to each sum of a walk, a walk in each lane.
#pragma once

#include "kernels/fused.inl.hpp"
#include "kernels/walk_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

using Real = Batch<double>;

struct WalkScale {
    Real n, m, total, per_n, per_m;
};

// A tie group: values of either side passed before it and in it; its value, half of it, and half the one before.
struct TieGroup {
    Real reference_below, live_below, reference, live, half_value, half_previous;

    VEDETTE_INLINE Real size() const noexcept { return reference + live; }
    VEDETTE_INLINE Real difference(const WalkScale& scale) const noexcept {
        return reference_below * scale.m - live_below * scale.n;
    }
    VEDETTE_INLINE Real step(const WalkScale& scale) const noexcept { return reference * scale.m - live * scale.n; }
};

// A run of values none of which are tied: values of either side passed before it and in it; with r the reference values
// of the run below the one at place k = 0, 1, ..., the sums of r, r^2 and k r.
struct UntiedRun {
    Real reference_below, live_below, count, reference, below, below_squares, placed_below;
};

// The sum of k^2 over k = 0 .. c - 1, given that of k: a whole number, to which a third of its triple is rounded.
VEDETTE_INLINE Real sum_of_squares(Real c, Real sum) noexcept {
    const Real large(0x1.8p52);
    return (sum * (c + c - Real(1.0)) * Real(1.0 / 3.0) + large) - large;
}

struct SquareTerms {
    static constexpr std::size_t sums = 2;
    static constexpr bool has_widths = false;
    static constexpr bool takes_runs = true;
    // Each value adds 3 before^2 + 3 before step + step^2, and 2 before step + step^2 is what the square grows by.
    static VEDETTE_INLINE void run_terms(const WalkScale& scale, const UntiedRun& run, Real* out) noexcept {
        const Real one(1.0);
        const Real live = run.count - run.reference;
        const Real before = run.reference_below * scale.m - run.live_below * scale.n;
        const Real gain = run.reference * scale.m - live * scale.n;
        const Real places = Real(0.5) * run.count * (run.count - one);
        const Real places_squares = sum_of_squares(run.count, places);
        // before at place k is the run's + (n + m) r - n k.
        const Real change = scale.total * run.below - scale.n * places;
        const Real change_squares =
            (scale.total * scale.total * run.below_squares - (scale.n + scale.n) * scale.total * run.placed_below) +
            scale.n * scale.n * places_squares;
        const Real squares = (run.count * before + (change + change)) * before + change_squares;
        const Real growth = gain * (before + before + gain);
        const Real steps = run.reference * (scale.m * scale.m) + live * (scale.n * scale.n);
        out[0] = Real(3.0) * squares + (Real(1.5) * growth - Real(0.5) * steps);
        out[1] = run.count;
    }
    static VEDETTE_INLINE void terms(const WalkScale& scale, const TieGroup& group, Real* out) noexcept {
        const Real before = group.difference(scale);
        const Real after = before + group.step(scale);
        const Real size = group.size();
        out[0] = size * (before * before + before * after + after * after);
        out[1] = size * size * size;
    }
};

template <bool midrank>
struct WeightedSquareTerms {
    static constexpr std::size_t sums = 2;
    static constexpr bool has_widths = false;
    static constexpr bool takes_runs = false;
    static VEDETTE_INLINE void terms(const WalkScale& scale, const TieGroup& group, Real* out) noexcept {
        const Real share(midrank ? 0.5 : 1.0);
        const Real size = group.size();
        const Real middle = group.difference(scale) + share * group.step(scale);
        const Real rank = (group.reference_below + group.live_below) + share * size;
        Real variance = rank * (scale.total - rank);
        if constexpr (midrank) variance = variance - Real(0.25) * scale.total * size;
        // Where all values are passed, or equal, nothing varies and nothing differs.
        const auto varies = variance > Real(0.0);
        const Real term = quotient(size * middle * middle, xsimd::select(varies, variance, Real(1.0)));
        out[0] = xsimd::select(varies, term, Real(0.0));
        out[1] = size * (size * size - Real(1.0));
    }
};

struct PlacementTerms {
    static constexpr std::size_t sums = 4;
    static constexpr bool has_widths = false;
    static constexpr bool takes_runs = true;
    // With l the live values below: sums over one side follow from those over both, since over a run r^2, r l^2 and r^2
    // l grow from 0 to what they are at its end.
    static VEDETTE_INLINE void run_terms(const WalkScale&, const UntiedRun& run, Real* out) noexcept {
        const Real one(1.0), two(2.0), four(4.0), half(0.5);
        const Real c = run.reference, d = run.count - run.reference;
        const Real c_places = half * c * (c - one);
        const Real live_r = run.below - c_places;
        const Real live_rr = run.below_squares - sum_of_squares(c, c_places);
        const Real reference_l = c * d - live_r;
        const Real reference_rl = half * (c * c * d - live_rr - reference_l);
        const Real live_rl = run.placed_below - run.below_squares - reference_rl;
        const Real reference_ll = c * d * d - two * live_rl - live_r;
        const Real r = run.reference_below, l = run.live_below;
        out[0] = two * (d * r + live_r);
        out[1] = Real(0.0);
        out[2] = four * ((d * r + two * live_r) * r + live_rr);
        out[3] = four * ((c * l + two * reference_l) * l + reference_ll);
    }
    static VEDETTE_INLINE void terms(const WalkScale&, const TieGroup& group, Real* out) noexcept {
        const Real live_place = group.reference_below + group.reference_below + group.reference;
        const Real reference_place = group.live_below + group.live_below + group.live;
        const Real size = group.size();
        const Real placed = group.live * live_place;
        out[0] = placed;
        out[1] = size * (size * size - Real(1.0));
        out[2] = placed * live_place;
        out[3] = group.reference * reference_place * reference_place;
    }
};

template <bool squared>
struct DifferenceTerms {
    static constexpr bool is_squared = squared;
    static constexpr std::size_t sums = 1;
    static constexpr bool has_widths = true;
    static constexpr bool takes_runs = false;
    static VEDETTE_INLINE void terms(const WalkScale& scale, const TieGroup& group, Real* out) noexcept {
        const Real difference = group.reference_below * scale.per_n - group.live_below * scale.per_m;
        const Real height = squared ? difference * difference : xsimd::abs(difference);
        out[0] = (group.half_value - group.half_previous) * height;
    }
};

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
