// SPDX-License-Identifier: Apache-2.0
// The isolation forest and its extended form: how few random cuts set a row apart from the reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0 {
class Container;
}

namespace vedette::inline v0::perturbation {

struct IsolationForestOptions {
    /// 1 to 65,536. More trees, less chance in the score, which falls with the root of their number.
    std::size_t trees = 100;
    /// Reference rows drawn for each tree, without replacement; fewer where the reference is smaller. 2 to 32,768, with
    /// an extension to 4096.
    std::size_t sample_size = 256;
    /// 0 cuts across one feature (Liu, Ting and Zhou 2008); e > 0 cuts by hyperplanes of e + 1 features drawn anew for
    /// each (the extended isolation forest; Hariri, Carrasco Kind and Brunner 2019), which depend on the features'
    /// units. Below the number of features.
    std::size_t extension = 0;
    std::uint64_t seed = 0;
};

/// 2^(-E h / c(m)) in (0, 1]: h the depth at which a tree isolates the row (unresolved leaves of k rows count as
/// c(k) deeper), m the rows of a tree, c(k) = 2 (ln(k - 1) + 0.5772...) - 2 (k - 1)/k the mean depth of a search that
/// fails, c(2) = 1; 1/2 is what an average row gets. As in the paper and scikit-learn: trees end at depth
/// ceil(log2 m), cuts are uniform between the least and the largest value of a node, and features that
/// do not vary there are passed over; hyperplanes pass through a point that is uniform in the node's box, so that they
/// may leave one side empty. Higher is more anomalous.
///
/// Frozen at construction; equal seeds give equal forests, on every machine whose `log` and `sin` agree. Scoring is
/// const, noexcept, without allocation or locks, safe from several threads. 20 bytes a node, at most 2 m - 1 nodes a
/// tree; extended, 4 bytes more a node and 12 for each feature of a cut.
class IsolationForest {
  public:
    /// Throws Error: not_enough_data for fewer than 2 rows or no column; invalid_argument for a value that is not
    /// finite, an option out of range or more than 65,535 columns; overflow for 2^31 rows or more. O(n d) to read, then
    /// O(trees m log m).
    explicit IsolationForest(MatrixView<float> reference, const IsolationForestOptions& options = {});

    /// A multiple of 2^-50. NaN for a row of another width or with a NaN, and, where extended, an infinity.
    /// O(trees log m), times extension + 1.
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it: contributions add up to the score exactly, in any order. A cut on
    /// the row's way moves the depth expected of it, from the mean over the node's rows to that over the child's;
    /// features are given the moves of their cuts (by |weight x distance| where a cut has several), taken from depth to
    /// score along a straight line from the average row (Aumann and Shapley), and an equal part each of `base()`.
    /// Above that part: more anomalous by this feature. NaN, and contributions untouched, if they are not as many as
    /// features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    /// The score of the depth that is the reference's mean.
    [[nodiscard]] double base() const noexcept { return base_; }
    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] std::size_t tree_count() const noexcept { return roots_.size(); }
    /// Rows of a tree.
    [[nodiscard]] std::size_t sample_size() const noexcept { return sample_size_; }
    [[nodiscard]] std::size_t extension() const noexcept { return extension_; }
    /// What a fit from the same reference needs to be the same.
    [[nodiscard]] IsolationForestOptions options() const noexcept {
        return {tree_count(), sample_size_, extension_, seed_};
    }
    [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }

    /// As a container of kind "isolation_forest"; `deserialize` throws Error(corrupt_data) for anything else. A file
    /// holds no links between nodes: those follow from their order.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static IsolationForest deserialize(std::span<const std::byte> bytes);

  private:
    struct Node {
        float threshold;        // a row above it goes on to left + 1; +Inf in leaves and hyperplanes
        std::uint16_t feature;  // of the cut; of a leaf 0
        std::uint16_t left;     // in the tree; of a leaf the leaf itself
    };
    struct Term {
        float weight;
        float origin;
        std::uint16_t feature;
    };
    static constexpr std::uint16_t leaf = 0xFFFF;  // in place of a feature
    class Grower;

    IsolationForest() = default;
    void prepare();
    void read_cuts(const Container& file, std::span<const std::uint16_t> features);
    bool link(std::size_t begin, std::size_t end);
    void measure(std::size_t begin, std::size_t end);
    [[nodiscard]] bool accepts(std::span<const float> row) const noexcept;
    [[nodiscard]] double depth(const float* row) const noexcept;
    [[nodiscard]] double extended_depth(const float* row) const noexcept;
    [[nodiscard]] bool is_leaf(std::size_t node, std::size_t root) const noexcept {
        return nodes_[node].left == node - root;
    }
    [[nodiscard]] std::span<const Term> cut(std::size_t node) const noexcept {
        return std::span(terms_).subspan(cuts_[node] * (extension_ + 1), extension_ + 1);
    }
    [[nodiscard]] bool goes_right(std::size_t node, const float* row) const noexcept;
    void give(std::size_t node, double move, const float* row, std::span<double> moves) const noexcept;

    std::size_t dimension_ = 0;
    std::size_t sample_size_ = 0;
    std::size_t extension_ = 0;
    std::uint64_t seed_ = 0;
    std::size_t steps_ = 0;  // the deepest leaf
    double base_ = 0.0;
    double base_depth_ = 0.0;            // mean over trees of what is expected at the root
    std::vector<Node> nodes_;            // of all trees, each in breadth-first order: children are neighbours
    std::vector<std::uint32_t> roots_;   // by tree
    std::vector<std::uint32_t> counts_;  // reference rows of a node
    std::vector<double> expected_;       // depth of the reference rows that come this far
    std::vector<std::uint32_t> cuts_;    // extended: of a node, which; of a leaf any
    std::vector<Term> terms_;            // extended: extension + 1 by cut
};

}  // namespace vedette::inline v0::perturbation
