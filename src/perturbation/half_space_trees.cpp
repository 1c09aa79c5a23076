// SPDX-License-Identifier: Apache-2.0
// Half-space trees: drawing them, counting rows, and scoring by the last window's counts.
#include "vedette/perturbation/half_space_trees.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "half_space_trees";
constexpr const char* who = "HalfSpaceTrees";
constexpr std::size_t most_trees = 1024, most_height = 15, most_window = 1'000'000;

}  // namespace

const char* half_space_trees_name(HalfSpaceTreesKind kind) noexcept {
    switch (kind) {
        case HalfSpaceTreesKind::paper: return "half_space_trees";
        case HalfSpaceTreesKind::river: return "half_space_trees_river";
    }
    return "unknown";
}

// A tree's box, halved on the way down.
struct HalfSpaceTrees::Growing {
    Random random;
    std::vector<double> low, high;
};

HalfSpaceTrees::HalfSpaceTrees(MatrixView<float> reference, const HalfSpaceTreesOptions& options)
    : kind_(options.kind),
      dimension_(reference.columns()),
      trees_(options.trees),
      height_(options.height),
      window_(options.window),
      seed_(options.seed) {
    require_option(who, "kind", static_cast<std::size_t>(options.kind), 0, 1);
    require_option(who, "trees", options.trees, 1, most_trees);
    require_option(who, "height", options.height, 1, most_height);
    require_option(who, "window", options.window, 1, most_window);
    const std::vector<float> rows = reference_rows(reference, who);
    if (reference.rows() < window_)
        throw Error(ErrorCode::not_enough_data, std::string(who) + ": " + std::to_string(reference.rows()) +
                                                    " rows, a window has " + std::to_string(window_));
    std::vector<double> low(dimension_, std::numeric_limits<double>::infinity());
    std::vector<double> high(dimension_, -std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        low[i % dimension_] = std::min(low[i % dimension_], static_cast<double>(rows[i]));
        high[i % dimension_] = std::max(high[i % dimension_], static_cast<double>(rows[i]));
    }
    splits_.resize(trees_ * splits());
    masses_.resize(trees_ * nodes());
    latest_.resize(trees_ * nodes());
    for (std::size_t tree = 0; tree < trees_; ++tree) {
        Growing growing{Random(options.seed, tree), low, high};
        for (std::size_t j = 0; j < dimension_; ++j) {
            const double width = high[j] - low[j], middle = growing.random.uniform();
            const double reach = 2.0 * std::max(middle, 1.0 - middle) * width;
            growing.low[j] = low[j] + middle * width - reach;
            growing.high[j] = low[j] + middle * width + reach;
        }
        grow(growing, tree, 0, 0);
    }
    for (std::size_t i = 0; i < rows.size(); i += dimension_) observe(std::span(rows).subspan(i, dimension_));
}

// NOLINTNEXTLINE(misc-no-recursion): at most 15 deep
void HalfSpaceTrees::grow(Growing& growing, std::size_t tree, std::size_t node, std::size_t depth) {
    if (depth == height_) return;
    constexpr double most_float = std::numeric_limits<float>::max();
    const std::size_t feature = draw_below(growing.random, dimension_);
    const double low = growing.low[feature], high = growing.high[feature];
    const double middle = low + 0.5 * (high - low);
    splits_[tree * splits() + node] = {static_cast<float>(std::clamp(middle, -most_float, most_float)),
                                       static_cast<std::uint16_t>(feature)};
    growing.high[feature] = middle;
    grow(growing, tree, 2 * node + 1, depth + 1);
    growing.high[feature] = high;
    growing.low[feature] = middle;
    grow(growing, tree, 2 * node + 2, depth + 1);
    growing.low[feature] = low;
}

bool HalfSpaceTrees::accepts(std::span<const float> row) const noexcept {
    return row.size() == dimension_ && !has_nan(row);
}

std::size_t HalfSpaceTrees::next(std::size_t tree, std::size_t node, const float* row) const noexcept {
    const Split split = splits_[tree * splits() + node];
    return 2 * node + (row[split.feature] < split.threshold ? 1 : 2);
}

bool HalfSpaceTrees::is_sparse(std::uint64_t mass) const noexcept {
    return kind_ == HalfSpaceTreesKind::river ? 10 * mass < window_ : 10 * mass <= window_;
}

// The sum of all trees for a row whose every node has the whole window.
double HalfSpaceTrees::most() const noexcept {
    const auto leaf = static_cast<double>(std::uint64_t{1} << height_);
    const double of_tree = kind_ == HalfSpaceTreesKind::river ? 2.0 * leaf - 1.0 : leaf;
    return static_cast<double>(trees_) * static_cast<double>(window_) * of_tree;
}

double HalfSpaceTrees::base() const noexcept {
    const double levels = kind_ == HalfSpaceTreesKind::river ? static_cast<double>(height_ + 1) : 1.0;
    return on_grid(1.0 - levels * static_cast<double>(trees_) * static_cast<double>(window_) / most());
}

double HalfSpaceTrees::score(std::span<const float> row) const noexcept {
    if (!accepts(row)) return not_a_score;
    const bool is_summed = kind_ == HalfSpaceTreesKind::river;
    std::uint64_t sum = 0;
    for (std::size_t tree = 0; tree < trees_; ++tree) {
        const std::uint32_t* const masses = masses_.data() + tree * nodes();
        std::size_t node = 0, depth = 0;
        for (; depth < height_ && !is_sparse(masses[node]); ++depth) {
            if (is_summed) sum += std::uint64_t{masses[node]} << depth;
            node = next(tree, node, row.data());
        }
        sum += std::uint64_t{masses[node]} << depth;
    }
    return on_grid(1.0 - static_cast<double>(sum) / most());
}

double HalfSpaceTrees::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension_ || !accepts(row)) return not_a_score;
    const double total = score(row);
    std::fill(contributions.begin(), contributions.end(), 0.0);
    const bool is_summed = kind_ == HalfSpaceTreesKind::river;
    // In units of mass 2^depth, of which a half of the mass leaves all as it was. Where masses are summed, a departure
    // counts at every level below, as if nothing departed further; what a stop leaves out goes to the last split.
    for (std::size_t tree = 0; tree < trees_; ++tree) {
        const std::uint32_t* const masses = masses_.data() + tree * nodes();
        const auto weighed = [&](std::size_t node, std::size_t depth) {
            return static_cast<double>(std::uint64_t{masses[node]} << depth);
        };
        std::size_t node = 0, depth = 0, feature = 0;
        while (depth < height_ && !is_sparse(masses[node])) {
            feature = splits_[tree * splits() + node].feature;
            const std::size_t child = next(tree, node, row.data());
            const double levels = is_summed ? static_cast<double>(height_ - depth) : 1.0;
            contributions[feature] += levels * (weighed(child, depth + 1) - weighed(node, depth));
            node = child;
            ++depth;
        }
        if (is_summed) contributions[feature] -= static_cast<double>(height_ - depth) * weighed(node, depth);
    }
    const double part = base() / static_cast<double>(dimension_), unit = most();
    for (double& each : contributions) each = part - each / unit;
    close_sum(total, 0x1p-50, contributions);
    return total;
}

bool HalfSpaceTrees::observe(std::span<const float> row) noexcept {
    if (!accepts(row)) return false;
    for (std::size_t tree = 0; tree < trees_; ++tree) {
        std::uint32_t* const masses = latest_.data() + tree * nodes();
        std::size_t node = 0;
        for (std::size_t depth = 0; depth < height_; ++depth) {
            ++masses[node];
            node = next(tree, node, row.data());
        }
        ++masses[node];
    }
    if (++observed_ < window_) return true;
    masses_.swap(latest_);
    std::fill(latest_.begin(), latest_.end(), 0U);
    observed_ = 0;
    return true;
}

std::vector<std::byte> HalfSpaceTrees::serialize() const {
    std::vector<float> thresholds;
    std::vector<std::uint16_t> features;
    for (const Split& split : splits_) {
        thresholds.push_back(split.threshold);
        features.push_back(split.feature);
    }
    ContainerWriter writer;
    const std::uint64_t of_splits[] = {trees_, splits()}, of_nodes[] = {trees_, nodes()};
    writer.add("thresholds", std::span<const float>(thresholds), of_splits);
    writer.add("features", std::span<const std::uint16_t>(features), of_splits);
    writer.add("masses", std::span<const std::uint32_t>(masses_), of_nodes);
    writer.add("latest", std::span<const std::uint32_t>(latest_), of_nodes);
    writer.add_scalar("seed", seed_);
    writer.add_scalar("kind", static_cast<std::uint8_t>(kind_));
    writer.add_scalar("dimension", static_cast<std::uint64_t>(dimension_));
    writer.add_scalar("height", static_cast<std::uint64_t>(height_));
    writer.add_scalar("window", static_cast<std::uint64_t>(window_));
    writer.add_scalar("observed", static_cast<std::uint64_t>(observed_));
    return writer.finish(file_kind);
}

// Whether every tree has `rows` rows at its root, and a node those of its children.
bool HalfSpaceTrees::has_whole_masses(std::span<const std::uint32_t> masses, std::uint64_t rows) const noexcept {
    for (std::size_t tree = 0; tree < trees_; ++tree) {
        const auto own = masses.subspan(tree * nodes(), nodes());
        if (own[0] != rows) return false;
        for (std::size_t i = 0; i < splits(); ++i)
            if (std::uint64_t{own[2 * i + 1]} + own[2 * i + 2] != own[i]) return false;
    }
    return true;
}

HalfSpaceTrees HalfSpaceTrees::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto kind = file.scalar<std::uint8_t>("kind");
    const auto dimension = file.scalar<std::uint64_t>("dimension"), height = file.scalar<std::uint64_t>("height");
    const auto window = file.scalar<std::uint64_t>("window"), observed = file.scalar<std::uint64_t>("observed");
    const auto shape = file.tensor("features").shape;
    require_file(file.tensors().size() == 10 && kind <= 1 && dimension >= 1 && dimension <= 0xFFFF, who);
    require_file(height >= 1 && height <= most_height && window >= 1 && window <= most_window, who);
    require_file(observed < window && shape.size() == 2 && shape[0] >= 1 && shape[0] <= most_trees, who);

    HalfSpaceTrees score;
    score.kind_ = static_cast<HalfSpaceTreesKind>(kind);
    score.dimension_ = static_cast<std::size_t>(dimension);
    score.trees_ = static_cast<std::size_t>(shape[0]);
    score.height_ = static_cast<std::size_t>(height);
    score.window_ = static_cast<std::size_t>(window);
    score.seed_ = file.scalar<std::uint64_t>("seed");
    score.observed_ = static_cast<std::size_t>(observed);
    const auto features = file.values<std::uint16_t>("features", score.trees_ * score.splits());
    const auto thresholds = file.values<float>("thresholds", features.size());
    const auto masses = file.values<std::uint32_t>("masses", score.trees_ * score.nodes());
    const auto latest = file.values<std::uint32_t>("latest", masses.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
        require_file(features[i] < dimension && std::isfinite(thresholds[i]), who);
        score.splits_.push_back({thresholds[i], features[i]});
    }
    require_file(score.has_whole_masses(masses, window) && score.has_whole_masses(latest, observed), who);
    score.masses_.assign(masses.begin(), masses.end());
    score.latest_.assign(latest.begin(), latest.end());
    return score;
}

}  // namespace vedette::inline v0::perturbation
