// SPDX-License-Identifier: Apache-2.0
// Sums over ordered cells in blocks: first the running total, one count after the other, then all the rest in lanes.
#include "ordered_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include "cell_pooling.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t block = 128;
constexpr std::size_t lanes = 4;
using Lanes = std::array<double, lanes>;

double reduce(const Lanes& x) noexcept {
    return (x[0] + x[2]) + (x[1] + x[3]);
}

// Counts below 2^52 become doubles by placing them under the exponent of 2^52: lanes of any width can do that.
template <bool small>
double convert(std::uint64_t count) noexcept {
    if constexpr (small) return std::bit_cast<double>(count | 0x4330000000000000U) - 0x1p52;
    return to_double(count);
}

class OrderedPass {
  public:
    explicit OrderedPass(const OrderedCells& cells) noexcept : cells_(cells) { difference_[0] = 0.0; }

    template <bool small>
    OrderedSums run() noexcept {
        for (std::size_t begin = 0; begin < cells_.live.size(); begin += block) {
            const std::size_t size = std::min(block, cells_.live.size() - begin);
            find_differences<small>(begin, size);
            if (!cells_.widths.empty()) {
                cells_.discrete ? add_areas<true>(begin, size) : add_areas<false>(begin, size);
                add_places<small>(begin, size);
            }
            difference_[0] = difference_[size];
        }
        return {std::max(std::max(largest_[0], largest_[2]), std::max(largest_[1], largest_[3])), reduce(distance_),
                reduce(first_), reduce(second_)};
    }

  private:
    // Cell i of a block goes to lane i mod 4.
    template <class Add>
    static void in_lanes(std::size_t size, Add&& add) noexcept {
        const std::size_t whole = size - size % lanes;
        for (std::size_t i = 0; i < whole; i += lanes)
            for (std::size_t k = 0; k < lanes; ++k) add(i + k, k);
        for (std::size_t i = whole; i < size; ++i) add(i, i - whole);
    }

    // The differences at the cells' ends, behind the one that the block begins with.
    template <bool small>
    void find_differences(std::size_t begin, std::size_t size) noexcept {
        const double per_m = 1.0 / cells_.m;
        const std::uint64_t* live = cells_.live.data() + begin;
        const double* reference = cells_.reference.data() + begin;
        for (std::size_t i = 0; i < size; ++i) cumulated_[i] = live_sum_ += live[i];
        for (std::size_t i = 0; i < size; ++i)
            difference_[i + 1] = reference[i] - convert<small>(cumulated_[i]) * per_m;
        Lanes largest = largest_;
        in_lanes(size, [&](std::size_t i, std::size_t k) {
            largest[k] = std::max(largest[k], std::abs(difference_[i + 1]));
        });
        largest_ = largest;
    }

    // The difference runs straight over a cell, from the one before to its own, or jumps at the cell's start. Where it
    // changes sign within the cell there are two triangles, not a trapezium.
    template <bool discrete>
    void add_areas(std::size_t begin, std::size_t size) noexcept {
        const double* width = cells_.widths.data() + begin;
        Lanes distance = distance_;
        in_lanes(size, [&](std::size_t i, std::size_t k) {
            double height = std::abs(difference_[i + 1]);
            if constexpr (!discrete) {
                const double before = std::abs(difference_[i]);
                const double both = height + before;
                // (a^2 + b^2)/(2(a + b)) in place of (a + b)/2; always divided, never branched on chance
                const double mended = height * before / both;
                height = 0.5 * both - (difference_[i] * difference_[i + 1] < 0.0 ? mended : 0.0);
            }
            distance[k] += width[i] * height;
        });
        distance_ = distance;
    }

    template <bool small>
    void add_places(std::size_t begin, std::size_t size) noexcept {
        const std::uint64_t* live = cells_.live.data() + begin;
        const double* position = cells_.positions.data() + begin;
        Lanes first = first_;
        Lanes second = second_;
        in_lanes(size, [&](std::size_t i, std::size_t k) {
            const double weighted = convert<small>(live[i]) * position[i];
            first[k] += weighted;
            second[k] += weighted * position[i];
        });
        first_ = first;
        second_ = second;
    }

    const OrderedCells& cells_;
    std::uint64_t live_sum_ = 0;
    Lanes largest_{};
    Lanes distance_{};
    Lanes first_{};
    Lanes second_{};
    std::array<double, block + 1> difference_;  // both left uninitialised on purpose
    std::array<std::uint64_t, block> cumulated_;
};

}  // namespace

OrderedSums sum_ordered(const OrderedCells& cells) noexcept {
    return cells.m < 0x1p52 ? OrderedPass(cells).run<true>() : OrderedPass(cells).run<false>();
}

}  // namespace vedette::inline v0::drift
