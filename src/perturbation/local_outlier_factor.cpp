// SPDX-License-Identifier: Apache-2.0
// LOF: the nearest rows by comparing all, a block at a time.
#include "vedette/perturbation/local_outlier_factor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "local_outlier_factor";
constexpr const char* who = "LocalOutlierFactor";
constexpr std::size_t lanes = 32;
constexpr std::size_t most_neighbours = 256;
constexpr double density_floor = 1e-10;  // scikit-learn's: copies of one row have a density
constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

}  // namespace

// The nearest so far, nearest first.
struct LocalOutlierFactor::Nearest {
    explicit Nearest(std::size_t wanted_count) noexcept : wanted(wanted_count) {}

    void offer(double distance, std::size_t row) noexcept {
        std::size_t place = std::min(count, wanted - 1);
        for (; place > 0 && distance < squares[place - 1]; --place) {
            squares[place] = squares[place - 1];
            rows[place] = rows[place - 1];
        }
        squares[place] = distance;
        rows[place] = static_cast<std::uint32_t>(row);
        count = std::min(count + 1, wanted);
    }
    [[nodiscard]] double farthest() const noexcept {
        return count < wanted ? std::numeric_limits<double>::infinity() : squares[wanted - 1];
    }

    std::size_t wanted;
    std::size_t count = 0;
    double squares[most_neighbours] = {};
    std::uint32_t rows[most_neighbours] = {};
};

LocalOutlierFactor::LocalOutlierFactor(MatrixView<float> reference, const LocalOutlierFactorOptions& options)
    : dimension_(reference.columns()), neighbours_(options.neighbours) {
    require_option(who, "neighbours", options.neighbours, 1, most_neighbours);
    const std::vector<float> rows = reference_rows(reference, who);
    const std::size_t n = reference.rows();
    require_option(who, "neighbours", options.neighbours, 1, n - 1);
    densities_.resize(n);
    reaches_.resize(n);
    lay_out(rows);
    Nearest nearest(neighbours_);
    std::vector<std::uint32_t> ids(n * neighbours_);
    std::vector<double> distances(n * neighbours_);
    for (std::size_t i = 0; i < n; ++i) {
        nearest.count = 0;
        find(std::span(rows).subspan(i * dimension_, dimension_), i, nearest);
        reaches_[i] = std::sqrt(nearest.farthest());
        for (std::size_t k = 0; k < neighbours_; ++k) {
            ids[i * neighbours_ + k] = nearest.rows[k];
            distances[i * neighbours_ + k] = std::sqrt(nearest.squares[k]);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (std::size_t k = i * neighbours_; k < (i + 1) * neighbours_; ++k)
            sum += std::max(reaches_[ids[k]], distances[k]);
        densities_[i] = 1.0 / (sum / static_cast<double>(neighbours_) + density_floor);
    }
}

void LocalOutlierFactor::lay_out(std::span<const float> rows) {
    const std::size_t n = reference_count();
    blocks_.assign((n + lanes - 1) / lanes * lanes * dimension_, 0.0F);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < dimension_; ++j)
            blocks_[(i / lanes * dimension_ + j) * lanes + i % lanes] = rows[i * dimension_ + j];
}

float LocalOutlierFactor::value(std::size_t row, std::size_t feature) const noexcept {
    return blocks_[(row / lanes * dimension_ + feature) * lanes + row % lanes];
}

double LocalOutlierFactor::squared_distance(std::span<const float> row, std::size_t other) const noexcept {
    double sum = 0.0;
    for (std::size_t j = 0; j < dimension_; ++j) {
        const double difference = static_cast<double>(row[j]) - static_cast<double>(value(other, j));
        sum += difference * difference;
    }
    return sum;
}

// Distances in float first: of those, only what may be among the nearest is taken again in double. Rounding of the
// d + 2 operations, and what is lost below the least float, leave at most this much of a distance in doubt.
void LocalOutlierFactor::find(std::span<const float> row, std::size_t left_out, Nearest& nearest) const noexcept {
    const auto terms = static_cast<double>(dimension_);
    const double kept = 1.0 - (terms + 4.0) * 0x1p-23, lost = terms * 0x1p-124;
    const std::size_t n = reference_count();
    const float* block = blocks_.data();
    for (std::size_t first = 0; first < n; first += lanes) {
        float squares[lanes] = {};
        for (const float x : row) {
            for (std::size_t k = 0; k < lanes; ++k) {
                const float difference = x - block[k];
                squares[k] += difference * difference;
            }
            block += lanes;
        }
        const std::size_t used = std::min(lanes, n - first);
        for (std::size_t k = 0; k < used; ++k) {
            const auto rough = static_cast<double>(squares[k]);
            if (std::isfinite(squares[k]) && rough * kept - lost >= nearest.farthest()) continue;
            const double square = first + k == left_out ? nearest.farthest() : squared_distance(row, first + k);
            if (square < nearest.farthest()) nearest.offer(square, first + k);
        }
    }
}

double LocalOutlierFactor::mean_reach(const Nearest& nearest) const noexcept {
    double sum = 0.0;
    for (std::size_t k = 0; k < neighbours_; ++k)
        sum += std::max(reaches_[nearest.rows[k]], std::sqrt(nearest.squares[k]));
    return sum / static_cast<double>(neighbours_);
}

double LocalOutlierFactor::factor(const Nearest& nearest) const noexcept {
    double density = 0.0;
    for (std::size_t k = 0; k < neighbours_; ++k) density += densities_[nearest.rows[k]];
    return density / static_cast<double>(neighbours_) * (mean_reach(nearest) + density_floor);
}

double LocalOutlierFactor::score(std::span<const float> row) const noexcept {
    if (row.size() != dimension_ || !is_finite(row)) return not_a_score;
    Nearest nearest(neighbours_);
    find(row, nobody, nearest);
    return factor(nearest);
}

double LocalOutlierFactor::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (row.size() != dimension_ || contributions.size() != dimension_ || !is_finite(row)) return not_a_score;
    Nearest nearest(neighbours_);
    find(row, nobody, nearest);
    const double total = factor(nearest);
    for (std::size_t j = 0; j < dimension_; ++j) {
        double sum = 0.0;
        for (std::size_t k = 0; k < neighbours_; ++k) {
            const double difference = static_cast<double>(row[j]) - static_cast<double>(value(nearest.rows[k], j));
            sum += difference * difference;
        }
        contributions[j] = sum;
    }
    share_score(total, contributions);
    return total;
}

std::vector<std::byte> LocalOutlierFactor::serialize() const {
    const std::size_t n = reference_count();
    std::vector<float> rows(n * dimension_);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < dimension_; ++j) rows[i * dimension_ + j] = value(i, j);
    ContainerWriter writer;
    const std::uint64_t shape[] = {n, dimension_};
    writer.add("rows", std::span<const float>(rows), shape);
    writer.add("reaches", reaches_);
    writer.add("densities", densities_);
    writer.add_scalar("neighbours", static_cast<std::uint64_t>(neighbours_));
    return writer.finish(file_kind);
}

LocalOutlierFactor LocalOutlierFactor::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto shape = file.tensor("rows").shape;
    const auto rows = file.values<float>("rows");
    const auto neighbours = file.scalar<std::uint64_t>("neighbours");
    require_file(file.tensors().size() == 4 && shape.size() == 2 && shape[0] >= 2 && shape[0] < (1ULL << 31U), who);
    require_file(shape[1] >= 1 && shape[1] <= 0xFFFF, who);
    require_file(neighbours >= 1 && neighbours <= most_neighbours && neighbours < shape[0], who);
    const auto reaches = file.values<double>("reaches", shape[0]);
    const auto densities = file.values<double>("densities", shape[0]);
    const auto is_possible = [](double x, double most) { return x >= 0.0 && x <= most; };
    for (const double x : reaches) require_file(is_possible(x, std::numeric_limits<double>::max()), who);
    for (const double x : densities) require_file(is_possible(x, 1.0 / density_floor) && x > 0.0, who);
    require_file(is_finite(rows), who);
    LocalOutlierFactor score;
    score.dimension_ = static_cast<std::size_t>(shape[1]);
    score.neighbours_ = static_cast<std::size_t>(neighbours);
    score.reaches_.assign(reaches.begin(), reaches.end());
    score.densities_.assign(densities.begin(), densities.end());
    score.lay_out(rows);
    return score;
}

}  // namespace vedette::inline v0::perturbation
