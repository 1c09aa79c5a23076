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

struct SquareTerms {
    static constexpr std::size_t sums = 2;
    static constexpr bool has_widths = false;
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
    static VEDETTE_INLINE void terms(const WalkScale& scale, const TieGroup& group, Real* out) noexcept {
        const Real difference = group.reference_below * scale.per_n - group.live_below * scale.per_m;
        const Real height = squared ? difference * difference : xsimd::abs(difference);
        out[0] = (group.half_value - group.half_previous) * height;
    }
};

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
