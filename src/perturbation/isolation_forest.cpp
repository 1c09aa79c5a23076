// SPDX-License-Identifier: Apache-2.0
// Isolation forests: growing them, and walking down several trees at a time.
#include "vedette/perturbation/isolation_forest.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "isolation_forest";
constexpr const char* who = "IsolationForest";
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr std::size_t most_rows = 32768;
// With empty sides a level has at most half as many cuts as rows: 12 levels of 2048 still have 16-bit places.
constexpr std::size_t most_extended_rows = 4096;
// Trees walked side by side, so that their waits for memory overlap.
constexpr std::size_t walks = 16;

// The mean depth at which a binary search tree of that many ends without finding.
double search_depth(std::size_t count) noexcept {
    if (count < 2) return 0.0;
    if (count == 2) return 1.0;
    const auto n = static_cast<double>(count);
    return 2.0 * (std::log(n - 1.0) + std::numbers::egamma) - 2.0 * (n - 1.0) / n;
}

std::size_t height_limit(std::size_t rows) noexcept {
    return static_cast<std::size_t>(std::bit_width(rows - 1));
}

// The greatest float at most x.
float round_down(double x) noexcept {
    const auto rounded = static_cast<float>(x);
    return static_cast<double>(rounded) > x ? std::nextafter(rounded, -infinity) : rounded;
}

double pull(float weight, float origin, float x) noexcept {
    return static_cast<double>(weight) * (static_cast<double>(x) - static_cast<double>(origin));
}

}  // namespace

// Grows one tree after the other into the forest's arrays.
class IsolationForest::Grower {
  public:
    Grower(IsolationForest& forest, std::span<const float> rows, std::uint64_t seed)
        : forest_(forest),
          rows_(rows),
          order_(rows.size() / forest.dimension_),
          features_(forest.dimension_),
          seed_(seed) {
        std::iota(order_.begin(), order_.end(), 0U);
        std::iota(features_.begin(), features_.end(), std::uint16_t{0});
    }

    void grow(std::size_t tree) {
        Random random(seed_, tree);
        for (std::size_t i = 0; i < forest_.sample_size_; ++i)
            std::swap(order_[i], order_[i + draw_below(random, order_.size() - i)]);
        const std::size_t limit = height_limit(forest_.sample_size_);
        waiting_.assign(1, {0, forest_.sample_size_, 0});
        for (std::size_t next = 0; next < waiting_.size(); ++next) {
            const Part part = waiting_[next];
            forest_.counts_.push_back(static_cast<std::uint32_t>(part.end - part.begin));
            if (forest_.extension_ > 0) forest_.cuts_.push_back(cut_count());
            std::size_t middle = 0;
            const bool is_cut =
                part.end - part.begin > 1 && part.depth < limit &&
                (forest_.extension_ > 0 ? cut_by_plane(part, random, middle) : cut_by_feature(part, random, middle));
            if (!is_cut) {
                forest_.nodes_.push_back({infinity, leaf, 0});
                if (forest_.extension_ > 0) forest_.cuts_.back() = 0;
                continue;
            }
            waiting_.push_back({part.begin, middle, part.depth + 1});
            waiting_.push_back({middle, part.end, part.depth + 1});
        }
    }

  private:
    struct Part {
        std::size_t begin, end, depth;
    };

    [[nodiscard]] std::uint32_t cut_count() const {
        return static_cast<std::uint32_t>(forest_.terms_.size() / (forest_.extension_ + 1));
    }
    [[nodiscard]] float value(std::uint32_t row, std::uint16_t feature) const {
        return rows_[row * forest_.dimension_ + feature];
    }
    [[nodiscard]] std::pair<float, float> range(const Part& part, std::uint16_t feature) const {
        float least = infinity, most = -infinity;
        for (std::size_t i = part.begin; i < part.end; ++i) {
            const float x = value(order_[i], feature);
            least = std::min(least, x);
            most = std::max(most, x);
        }
        return {least, most};
    }
    // Draws one more feature behind those already drawn.
    std::uint16_t draw_feature(Random& random, std::size_t drawn) {
        std::swap(features_[drawn], features_[drawn + draw_below(random, features_.size() - drawn)]);
        return features_[drawn];
    }
    template <class IsLeft>
    [[nodiscard]] std::size_t divide(const Part& part, IsLeft&& is_left) {
        const auto at = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
        return static_cast<std::size_t>(std::partition(at(part.begin), at(part.end), is_left) - order_.begin());
    }

    bool cut_by_feature(const Part& part, Random& random, std::size_t& middle) {
        for (std::size_t drawn = 0; drawn < features_.size(); ++drawn) {
            const std::uint16_t feature = draw_feature(random, drawn);
            const auto [least, most] = range(part, feature);
            if (!(least < most)) continue;
            const double width = static_cast<double>(most) - static_cast<double>(least);
            float threshold = round_down(static_cast<double>(least) + random.uniform() * width);
            if (!(threshold < most)) threshold = std::nextafter(most, -infinity);
            forest_.nodes_.push_back({threshold, feature, 0});
            middle = divide(part, [&, of = feature](std::uint32_t row) { return value(row, of) <= threshold; });
            return true;
        }
        return false;
    }

    bool cut_by_plane(const Part& part, Random& random, std::size_t& middle) {
        const std::size_t first = forest_.terms_.size();
        for (std::size_t drawn = 0; drawn <= forest_.extension_; ++drawn) {
            const std::uint16_t feature = draw_feature(random, drawn);
            const auto [least, most] = range(part, feature);
            const auto weight = static_cast<float>(random.normal());
            const double width = static_cast<double>(most) - static_cast<double>(least);
            const float origin = round_down(static_cast<double>(least) + random.uniform() * width);
            forest_.terms_.push_back({weight, origin, feature});
        }
        forest_.nodes_.push_back({infinity, 0, 0});
        const auto terms = std::span<const Term>(forest_.terms_).subspan(first);
        middle = divide(part, [&](std::uint32_t row) {
            double sum = 0.0;
            for (const Term& term : terms) sum += pull(term.weight, term.origin, value(row, term.feature));
            return !(sum > 0.0);
        });
        return true;
    }

    IsolationForest& forest_;
    std::span<const float> rows_;
    std::vector<std::uint32_t> order_;     // rows; a tree's are in front
    std::vector<std::uint16_t> features_;  // in the order of the last draws
    std::vector<Part> waiting_;
    std::uint64_t seed_;
};

IsolationForest::IsolationForest(MatrixView<float> reference, const IsolationForestOptions& options)
    : dimension_(reference.columns()), extension_(options.extension), seed_(options.seed) {
    require_option(who, "trees", options.trees, 1, 65536);
    require_option(who, "sample_size", options.sample_size, 2, options.extension == 0 ? most_rows : most_extended_rows);
    const std::vector<float> rows = reference_rows(reference, who);
    require_option(who, "extension", options.extension, 0, dimension_ - 1);
    sample_size_ = std::min(options.sample_size, reference.rows());
    Grower grower(*this, rows, options.seed);
    for (std::size_t tree = 0; tree < options.trees; ++tree) {
        if (nodes_.size() > 0xFFFE'0000U || terms_.size() / (extension_ + 1) > 0xFFFE'0000U)
            throw Error(ErrorCode::overflow, std::string(who) + ": 2^32 nodes; fewer trees or a smaller sample_size");
        roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        grower.grow(tree);
    }
    prepare();
}

// What is not in files: links, expected depths. False where the order of nodes is that of no tree.
void IsolationForest::prepare() {
    expected_.assign(nodes_.size(), 0.0);
    steps_ = 0;
    base_depth_ = 0.0;
    for (std::size_t tree = 0; tree < roots_.size(); ++tree) {
        const std::size_t end = tree + 1 < roots_.size() ? roots_[tree + 1] : nodes_.size();
        require_file(link(roots_[tree], end), who);
        measure(roots_[tree], end);
        base_depth_ += expected_[roots_[tree]];
    }
    base_depth_ /= static_cast<double>(roots_.size());
    base_ = on_grid(std::exp2(-base_depth_ / search_depth(sample_size_)));
}

// In breadth-first order the children of the k-th cut are nodes 1 + 2 k and 2 + 2 k.
bool IsolationForest::link(std::size_t begin, std::size_t end) {
    std::size_t children = 1;
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t place = i - begin;
        if (place >= children) return false;
        Node& node = nodes_[i];
        const bool ends = node.feature == leaf;
        node.left = static_cast<std::uint16_t>(ends ? place : children);
        if (ends) node.feature = 0;
        children += ends ? 0 : 2;
    }
    if (children != end - begin) return false;
    for (std::size_t i = end; i-- > begin;) {
        if (is_leaf(i, begin)) continue;
        const std::uint64_t of_children =
            std::uint64_t{counts_[begin + nodes_[i].left]} + counts_[begin + nodes_[i].left + 1];
        if (of_children != counts_[i]) return false;
    }
    return counts_[begin] == sample_size_;
}

void IsolationForest::measure(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> depths(end - begin, 0);
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t depth = depths[i - begin], left = nodes_[i].left;
        steps_ = std::max(steps_, depth);
        if (is_leaf(i, begin))
            expected_[i] = static_cast<double>(depth) + search_depth(counts_[i]);
        else
            depths[left] = depths[left + 1] = depth + 1;
    }
    for (std::size_t i = end; i-- > begin;) {
        if (is_leaf(i, begin)) continue;
        const std::size_t left = begin + nodes_[i].left;
        const double share = static_cast<double>(counts_[left]) / std::max(1.0, static_cast<double>(counts_[i]));
        expected_[i] = share * expected_[left] + (1.0 - share) * expected_[left + 1];
    }
}

bool IsolationForest::accepts(std::span<const float> row) const noexcept {
    return row.size() == dimension_ && (extension_ == 0 ? !has_nan(row) : is_finite(row));
}

// The depths of all trees, in their order.
double IsolationForest::depth(const float* row) const noexcept {
    double sum = 0.0;
    std::size_t tree = 0;
    for (; tree + walks <= roots_.size(); tree += walks) {
        const std::uint32_t* const roots = roots_.data() + tree;
        std::uint32_t at[walks] = {};
        for (std::size_t step = 0; step < steps_; ++step) {
            for (std::size_t k = 0; k < walks; ++k) {
                const Node node = nodes_[roots[k] + at[k]];
                at[k] = node.left + (row[node.feature] > node.threshold ? 1U : 0U);
            }
        }
        for (std::size_t k = 0; k < walks; ++k) sum += expected_[roots[k] + at[k]];
    }
    for (; tree < roots_.size(); ++tree) {
        std::uint32_t at = 0;
        for (std::size_t step = 0; step < steps_; ++step) {
            const Node node = nodes_[roots_[tree] + at];
            at = node.left + (row[node.feature] > node.threshold ? 1U : 0U);
        }
        sum += expected_[roots_[tree] + at];
    }
    return sum;
}

bool IsolationForest::goes_right(std::size_t node, const float* row) const noexcept {
    if (extension_ == 0) return row[nodes_[node].feature] > nodes_[node].threshold;
    double sum = 0.0;
    for (const Term& term : cut(node)) sum += pull(term.weight, term.origin, row[term.feature]);
    return sum > 0.0;
}

double IsolationForest::extended_depth(const float* row) const noexcept {
    double sum = 0.0;
    for (std::size_t tree = 0; tree < roots_.size(); tree += walks) {
        const std::size_t count = std::min(walks, roots_.size() - tree);
        const std::uint32_t* const roots = roots_.data() + tree;
        std::uint32_t at[walks] = {};
        for (std::size_t step = 0; step < steps_; ++step) {
            for (std::size_t k = 0; k < count; ++k) {
                const std::uint32_t left = nodes_[roots[k] + at[k]].left;
                const bool moves = left != at[k];
                at[k] = left + ((static_cast<unsigned>(goes_right(roots[k] + at[k], row)) & (moves ? 1U : 0U)));
            }
        }
        for (std::size_t k = 0; k < count; ++k) sum += expected_[roots[k] + at[k]];
    }
    return sum;
}

double IsolationForest::score(std::span<const float> row) const noexcept {
    if (!accepts(row)) return not_a_score;
    const double sum = extension_ == 0 ? depth(row.data()) : extended_depth(row.data());
    const double mean = sum / static_cast<double>(roots_.size());
    return on_grid(std::exp2(-mean / search_depth(sample_size_)));
}

// What a node's cut moved the expected depth by, to its features.
void IsolationForest::give(std::size_t node, double move, const float* row, std::span<double> moves) const noexcept {
    if (extension_ == 0) {
        moves[nodes_[node].feature] += move;
        return;
    }
    double all = 0.0;
    for (const Term& term : cut(node)) all += std::abs(pull(term.weight, term.origin, row[term.feature]));
    for (const Term& term : cut(node)) {
        const double share = all > 0.0 ? std::abs(pull(term.weight, term.origin, row[term.feature])) / all
                                       : 1.0 / static_cast<double>(extension_ + 1);
        moves[term.feature] += share * move;
    }
}

double IsolationForest::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension_ || !accepts(row)) return not_a_score;
    const double total = score(row);
    std::fill(contributions.begin(), contributions.end(), 0.0);
    for (const std::uint32_t root : roots_) {
        std::size_t at = root;
        while (!is_leaf(at, root)) {
            const std::size_t next = root + nodes_[at].left + (goes_right(at, row.data()) ? 1 : 0);
            give(at, expected_[next] - expected_[at], row.data(), contributions);
            at = next;
        }
    }
    // 2^(-(b + s u)/c), s from 0 to 1: its slope, averaged, times each move.
    const double unit = static_cast<double>(roots_.size()) * search_depth(sample_size_);
    const double moved = std::numbers::ln2 * std::accumulate(contributions.begin(), contributions.end(), 0.0) / unit;
    const double slope = std::numbers::ln2 * (moved == 0.0 ? -1.0 : std::expm1(-moved) / moved) * base_ / unit;
    const double part = base_ / static_cast<double>(dimension_);
    for (double& each : contributions) each = part + slope * each;
    close_sum(total, 0x1p-50, contributions);
    return total;
}

std::vector<std::byte> IsolationForest::serialize() const {
    std::vector<float> thresholds;
    std::vector<std::uint16_t> features;
    std::vector<std::uint32_t> sizes;
    for (std::size_t tree = 0; tree < roots_.size(); ++tree) {
        const std::size_t end = tree + 1 < roots_.size() ? roots_[tree + 1] : nodes_.size();
        sizes.push_back(static_cast<std::uint32_t>(end - roots_[tree]));
        for (std::size_t i = roots_[tree]; i < end; ++i) {
            const bool ends = is_leaf(i, roots_[tree]);
            thresholds.push_back(ends || extension_ > 0 ? 0.0F : nodes_[i].threshold);
            features.push_back(ends ? leaf : nodes_[i].feature);
        }
    }
    ContainerWriter writer;
    writer.add("features", features);
    writer.add("counts", counts_);
    writer.add("sizes", sizes);
    writer.add_scalar("dimension", static_cast<std::uint64_t>(dimension_));
    writer.add_scalar("sample_size", static_cast<std::uint64_t>(sample_size_));
    writer.add_scalar("extension", static_cast<std::uint64_t>(extension_));
    writer.add_scalar("seed", seed_);
    if (extension_ == 0) {
        writer.add("thresholds", thresholds);
    } else {
        std::vector<float> weights, origins;
        std::vector<std::uint16_t> of;
        for (const Term& term : terms_) {
            weights.push_back(term.weight);
            origins.push_back(term.origin);
            of.push_back(term.feature);
        }
        writer.add("weights", weights);
        writer.add("origins", origins);
        writer.add("term_features", of);
    }
    return writer.finish(file_kind);
}

IsolationForest IsolationForest::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto dimension = file.scalar<std::uint64_t>("dimension");
    const auto sample_size = file.scalar<std::uint64_t>("sample_size");
    const auto extension = file.scalar<std::uint64_t>("extension");
    require_file(dimension >= 1 && dimension <= 0xFFFF && extension < dimension, who);
    require_file(sample_size >= 2 && sample_size <= (extension == 0 ? most_rows : most_extended_rows), who);
    require_file(file.tensors().size() == (extension == 0 ? 8U : 10U), who);
    const auto features = file.values<std::uint16_t>("features");
    const auto counts = file.values<std::uint32_t>("counts", features.size());
    const auto sizes = file.values<std::uint32_t>("sizes");
    require_file(!sizes.empty() && sizes.size() <= 65536 && features.size() < 0xFFFF'FFFFU, who);

    IsolationForest forest;
    forest.dimension_ = static_cast<std::size_t>(dimension);
    forest.sample_size_ = static_cast<std::size_t>(sample_size);
    forest.extension_ = static_cast<std::size_t>(extension);
    forest.seed_ = file.scalar<std::uint64_t>("seed");
    std::uint64_t total = 0;
    for (const std::uint32_t size : sizes) {
        require_file(size >= 1 && size <= 0xFFFF, who);
        forest.roots_.push_back(static_cast<std::uint32_t>(total));
        require_file((total += size) <= features.size(), who);
    }
    require_file(total == features.size(), who);
    forest.counts_.assign(counts.begin(), counts.end());
    forest.read_cuts(file, features);
    forest.prepare();
    require_file(forest.steps_ <= height_limit(forest.sample_size_), who);
    return forest;
}

void IsolationForest::read_cuts(const Container& file, std::span<const std::uint16_t> features) {
    const std::size_t width = extension_ + 1;
    const std::size_t cuts =
        features.size() - static_cast<std::size_t>(std::count(features.begin(), features.end(), leaf));
    if (extension_ == 0) {
        const auto thresholds = file.values<float>("thresholds", features.size());
        for (std::size_t i = 0; i < features.size(); ++i) {
            const bool ends = features[i] == leaf;
            require_file(ends ? thresholds[i] == 0.0F && !std::signbit(thresholds[i])
                              : features[i] < dimension_ && std::isfinite(thresholds[i]),
                         who);
            nodes_.push_back({ends ? infinity : thresholds[i], features[i], 0});
        }
        return;
    }
    const auto weights = file.values<float>("weights", cuts * width);
    const auto origins = file.values<float>("origins", cuts * width);
    const auto of = file.values<std::uint16_t>("term_features", cuts * width);
    for (std::size_t k = 0; k < of.size(); ++k) {
        require_file(std::isfinite(weights[k]) && std::isfinite(origins[k]) && of[k] < dimension_, who);
        terms_.push_back({weights[k], origins[k], of[k]});
    }
    std::uint32_t cut = 0;
    for (const std::uint16_t feature : features) {
        require_file(feature == leaf || feature == 0, who);
        nodes_.push_back({infinity, feature, 0});
        cuts_.push_back(feature == leaf ? 0 : cut);
        cut += feature == leaf ? 0 : 1;
    }
}

}  // namespace vedette::inline v0::perturbation
