// SPDX-License-Identifier: Apache-2.0
// Permutation p-values of quadratic forms of pairs: kernel values as bytes, statistics as integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "drift/pair_rows.hpp"

namespace vedette::inline v0::drift {

/// Bytes of all pairs of a panel's rows with rows before them, for some consecutive panels of the pooled rows: the
/// reference padded to whole tiles, then the live rows likewise.
class BytePanels {
  public:
    BytePanels() = default;
    BytePanels(std::size_t first_panel, std::size_t panels);

    [[nodiscard]] std::size_t first_panel() const noexcept { return first_; }
    [[nodiscard]] std::size_t end_panel() const noexcept { return first_ + offsets_.size(); }
    /// [rows_of(panel)][panel_rows]
    [[nodiscard]] std::uint8_t* panel(std::size_t p) noexcept { return bytes_.data() + offsets_[p - first_]; }
    [[nodiscard]] const std::uint8_t* panel(std::size_t p) const noexcept {
        return bytes_.data() + offsets_[p - first_];
    }
    /// Whole tiles, up to the one that the panel itself is in.
    static constexpr std::size_t rows_of(std::size_t panel) noexcept {
        return (panel * kernels::panel_rows / kernels::tile_rows + 1) * kernels::tile_rows;
    }

  private:
    std::size_t first_ = 0;
    std::vector<std::size_t> offsets_;
    AlignedArray<std::uint8_t> bytes_;
};

/// One kernel's bytes over all pooled rows.
struct PooledBytes {
    const BytePanels* reference = nullptr;
    const BytePanels* live = nullptr;
    std::vector<std::uint32_t> row_sums;  ///< of each padded row over all others

    [[nodiscard]] const std::uint8_t* panel(std::size_t p) const noexcept {
        return p < live->first_panel() ? reference->panel(p) : live->panel(p);
    }
};

/// The form inner_weight z'Qz - margin_weight z'Q1 of a labelling, z = 1 for live rows: with the weights of an unbiased
/// or biased two-sample statistic a positive multiple of it plus a constant.
struct FormWeights {
    std::int64_t inner;
    std::int64_t margin;
};
FormWeights unbiased_weights(std::size_t n, std::size_t m) noexcept;
FormWeights biased_weights(std::size_t n, std::size_t m) noexcept;

/// Forms of all kernels under one labelling.
using Forms = std::span<const std::int64_t>;

struct RelabellingOptions {
    std::size_t permutations;
    std::uint64_t seed;
    std::size_t stop_after;
};

/// p-value of the observed labels among random ones, split i of stats::random_split(seed, i, m): `is_as_extreme` tells
/// of forms whether they count against the observed ones.
double relabelling_p_value(std::span<const PooledBytes> kernels, std::size_t n, std::size_t m, FormWeights weights,
                           const RelabellingOptions& options,
                           const std::function<bool(Forms permuted, Forms observed)>& is_as_extreme);

}  // namespace vedette::inline v0::drift
