// SPDX-License-Identifier: Apache-2.0
// Half-space trees: a row's score by how few rows of the last window share its boxes, in random trees of halvings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

enum class HalfSpaceTreesKind : std::uint8_t {
    /// m 2^k at the first node on the row's way with m <= window/10 rows, or the last, k its depth (Tan, Ting and Liu
    /// 2011).
    paper = 0,
    /// The sum of m 2^k over the way to the first node with m < window/10: what river calls half-space trees.
    river = 1,
};

/// "half_space_trees", "half_space_trees_river"; "unknown" for any other value.
const char* half_space_trees_name(HalfSpaceTreesKind kind) noexcept;

struct HalfSpaceTreesOptions {
    HalfSpaceTreesKind kind = HalfSpaceTreesKind::paper;
    std::size_t trees = 25;  ///< 1 to 1024
    /// 1 to 15 halvings; the paper's 15 take 128 times the memory of 8, river's default.
    std::size_t height = 8;
    std::size_t window = 250;  ///< rows of a window, 1 to 1,000,000; at most the reference
    std::uint64_t seed = 0;
};

/// 1 - (masses of the row, over all trees)/(the most that they can be), in [0, 1]: higher is more anomalous. A tree
/// halves a box around the reference, widened at random as in the paper, in one random feature at each node; masses are
/// the rows of the last whole window that fell into a node.
///
/// Scoring is const, noexcept, without allocation or locks, safe from several threads, and changes nothing. `observe`
/// is the streaming part: an explicit call that moves the score, so feed it rows that are trusted, never every request.
/// It must not run beside any other call.
class HalfSpaceTrees {
  public:
    /// Draws trees around the reference, then observes its rows in order: the last whole window counts. Throws Error:
    /// not_enough_data for fewer than 2 rows, or than a window, or no column; invalid_argument for a value that is not
    /// finite, an option out of range or more than 65,535 columns; overflow for 2^31 rows or more.
    explicit HalfSpaceTrees(MatrixView<float> reference, const HalfSpaceTreesOptions& options = {});

    /// A multiple of 2^-50. NaN for a row of another width or with a NaN. O(trees height).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it: contributions add up to the score exactly, in any order. Each node's
    /// feature is given by how much its half departs from half of the mass, every feature an equal part of `base()`,
    /// the score where mass is uniform. Above that part: more anomalous by this feature. NaN, and contributions
    /// untouched, if they are not as many as features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    /// Counts one more row; after a window of them, they are what rows are scored by. False, and nothing changed, for
    /// a row of another width or with a NaN. O(trees height), and once a window O(trees 2^height); no allocation.
    bool observe(std::span<const float> row) noexcept;

    [[nodiscard]] double base() const noexcept;
    [[nodiscard]] HalfSpaceTreesKind kind() const noexcept { return kind_; }
    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] HalfSpaceTreesOptions options() const noexcept { return {kind_, trees_, height_, window_, seed_}; }
    /// Rows observed since the last whole window.
    [[nodiscard]] std::size_t observed() const noexcept { return observed_; }

    /// As a container of kind "half_space_trees"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static HalfSpaceTrees deserialize(std::span<const std::byte> bytes);

  private:
    struct Split {
        float threshold;  // below it left
        std::uint16_t feature;
    };
    struct Growing;

    HalfSpaceTrees() = default;
    void grow(Growing& growing, std::size_t tree, std::size_t node, std::size_t depth);
    [[nodiscard]] std::size_t splits() const noexcept { return (std::size_t{1} << height_) - 1; }
    [[nodiscard]] std::size_t nodes() const noexcept { return (std::size_t{2} << height_) - 1; }
    [[nodiscard]] bool accepts(std::span<const float> row) const noexcept;
    [[nodiscard]] std::size_t next(std::size_t tree, std::size_t node, const float* row) const noexcept;
    [[nodiscard]] bool is_sparse(std::uint64_t mass) const noexcept;
    [[nodiscard]] double most() const noexcept;
    [[nodiscard]] bool has_whole_masses(std::span<const std::uint32_t> masses, std::uint64_t rows) const noexcept;

    HalfSpaceTreesKind kind_ = HalfSpaceTreesKind::paper;
    std::size_t dimension_ = 0;
    std::size_t trees_ = 0;
    std::size_t height_ = 0;
    std::size_t window_ = 0;
    std::uint64_t seed_ = 0;
    std::size_t observed_ = 0;
    std::vector<Split> splits_;          // by tree; the children of node i are 2 i + 1 and 2 i + 2
    std::vector<std::uint32_t> masses_;  // of the last whole window, by tree and node
    std::vector<std::uint32_t> latest_;  // of the window that is filling
};

}  // namespace vedette::inline v0::perturbation
