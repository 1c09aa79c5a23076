// SPDX-License-Identifier: Apache-2.0
// Sums of many doubles and of their squares, one 128-bit integer per exponent: a few instructions for each, and exact.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "vedette/stats/exact_sum.hpp"

namespace vedette::inline v0::stats {

/// Mantissas have 53 bits, squares 106: 2^20 of them fit, and are then brought into exact sums (the large
/// superaccumulator of Neal 2015, for both sums at once). 64 kB.
class SumBins {
  public:
    /// A finite value.
    void add(double value) noexcept {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const std::uint64_t biased = bits >> 52U & 0x7FFU;
        const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52U) - 1);
        const std::uint64_t mantissa = biased == 0 ? fraction : fraction | std::uint64_t{1} << 52U;
        add_to(bins_[biased == 0 ? 1 : biased], static_cast<std::int64_t>(mantissa), (bits >> 63U) != 0);
    }
    /// |value| < 2^53.
    void add(std::int64_t value) noexcept { add_to(bins_[1075], value < 0 ? -value : value, value < 0); }

    /// So many more may be added after this.
    void make_room(std::uint32_t more, ExactSum& sum, ExactSum& squares) noexcept {
        if (added_ + more > most) empty_into(sum, squares);
    }
    void empty_into(ExactSum& sum, ExactSum& squares) noexcept {
        if (added_ == 0) return;
        for (std::size_t biased = 1; biased < bins_.size(); ++biased) {
            Bin& bin = bins_[biased];
            const int exponent = static_cast<int>(biased) - 1075;
            const bool is_negative = bin.sum < 0;
            const Wide size = is_negative ? Wide{0} - static_cast<Wide>(bin.sum) : static_cast<Wide>(bin.sum);
            const auto upper = [](Wide wide) { return static_cast<std::uint64_t>(wide >> 64U); };
            if (size != 0) sum.add_scaled(static_cast<std::uint64_t>(size), upper(size), exponent, is_negative);
            if (bin.squares != 0)
                squares.add_scaled(static_cast<std::uint64_t>(bin.squares), upper(bin.squares), 2 * exponent, false);
            bin = {};
        }
        added_ = 0;
    }

  private:
    static constexpr std::uint32_t most = 1U << 20U;
    __extension__ using Wide = unsigned __int128;
    __extension__ using SignedWide = __int128;
    struct Bin {
        SignedWide sum = 0;
        Wide squares = 0;
    };

    void add_to(Bin& bin, std::int64_t mantissa, bool is_negative) noexcept {
        bin.sum += is_negative ? -mantissa : mantissa;
        bin.squares += static_cast<Wide>(static_cast<std::uint64_t>(mantissa)) * static_cast<std::uint64_t>(mantissa);
        ++added_;
    }

    std::vector<Bin> bins_ = std::vector<Bin>(2047);
    std::uint32_t added_ = 0;
};

}  // namespace vedette::inline v0::stats
