// SPDX-License-Identifier: Apache-2.0
// The least-squares density difference as a quadratic form in differences of means, and its relabellings.
#include "vedette/drift/density_difference.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "drift/feature_map.hpp"
#include "drift/row_matrix.hpp"
#include "stats/matrix_factors.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "least_squares_density_difference";
constexpr std::size_t median_rows = 1000;

void check_options(const DensityDifferenceOptions& options) {
    const auto refuse = [](const char* what, const std::string& value, const char* limit) {
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": " + what + " is " + value + ", must be " + limit);
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!(options.bandwidth >= 0.0 && options.bandwidth < infinity))
        refuse("bandwidth", std::to_string(options.bandwidth), "finite and not negative");
    if (!(options.regularisation >= 0.0 && options.regularisation < infinity))
        refuse("regularisation", std::to_string(options.regularisation), "finite and not negative");
    if (options.centres < 1 || options.centres > 4096)
        refuse("centres", std::to_string(options.centres), "between 1 and 4096");
    if (options.permutations == 0) refuse("permutations", "0", "at least 1");
}

// Both samples as one heap: points (one per column) in ascending order, each with its place among all rows read.
struct Heap {
    Eigen::MatrixXd points;
    std::vector<Eigen::Index> places;
    std::vector<Eigen::Index> distinct;  // the first of each group of equal points
};

bool precedes(const Eigen::MatrixXd& points, Eigen::Index a, Eigen::Index b) {
    const double* first = points.data() + a * points.rows();
    const double* second = points.data() + b * points.rows();
    return std::lexicographical_compare(first, first + points.rows(), second, second + points.rows());
}

// Standard deviations of all rows become the unit; constant features 0.
void standardise(Eigen::MatrixXd& points) {
    for (Eigen::Index j = 0; j < points.rows(); ++j) {
        auto feature = points.row(j);
        const double raw = feature.cwiseAbs().maxCoeff();
        if (raw > 0.0) feature /= raw;  // sums and squares stay in range
        // Twice, since a first mean of large values is off by rounding.
        for (int pass = 0; pass < 2; ++pass) feature.array() -= feature.mean();
        const double largest = feature.cwiseAbs().maxCoeff();
        if (largest <= 1e-14) {
            feature.setZero();
            continue;
        }
        feature /= largest;
        feature /= std::sqrt(feature.squaredNorm() / static_cast<double>(points.cols() - 1));
    }
}

Heap make_heap(const RowMatrix& reference, const RowMatrix& live) {
    Eigen::MatrixXd read(reference.values.cols(), reference.values.rows() + live.values.rows());
    read << reference.values.transpose(), live.values.transpose();
    read.array() += 0.0;  // no negative zero, which would be equal and yet first
    Heap heap;
    heap.places.resize(static_cast<std::size_t>(read.cols()));
    std::iota(heap.places.begin(), heap.places.end(), Eigen::Index{0});
    std::stable_sort(heap.places.begin(), heap.places.end(),
                     [&](Eigen::Index a, Eigen::Index b) { return precedes(read, a, b); });
    heap.points.resize(read.rows(), read.cols());
    for (Eigen::Index k = 0; k < read.cols(); ++k) {
        heap.points.col(k) = read.col(heap.places[static_cast<std::size_t>(k)]);
        if (k == 0 || precedes(heap.points, k - 1, k)) heap.distinct.push_back(k);
    }
    standardise(heap.points);
    return heap;
}

// At most `limit` of the distinct points.
Eigen::MatrixXd choose_points(const Heap& heap, std::size_t limit, std::uint64_t seed, std::uint64_t index) {
    std::vector<std::uint8_t> labels(heap.distinct.size());
    const std::size_t count = std::min(limit, labels.size());
    stats::random_split(seed, index, count, labels);
    Eigen::MatrixXd points(heap.points.rows(), static_cast<Eigen::Index>(count));
    Eigen::Index k = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] != 0) points.col(k++) = heap.points.col(heap.distinct[i]);
    return points;
}

// exp(-|a - b|^2/(2 s^2)) for all columns a, b.
Eigen::MatrixXd gaussians(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double s) {
    Eigen::MatrixXd values(a.cols(), b.cols());
    for (Eigen::Index k = 0; k < b.cols(); ++k)
        values.col(k) = ((a.colwise() - b.col(k)).colwise().squaredNorm().array() / (-2.0 * s * s)).exp().transpose();
    return values;
}

// H by its directions, and the variance of k over all rows along each.
struct Model {
    Eigen::MatrixXd directions;
    Eigen::ArrayXd squares;    // eigenvalues of H
    Eigen::ArrayXd variances;  // of the features turned into these directions
};

// The two halves of the statistic differ, in the mean over relabellings, by this share.
double disagreement(const Model& model, double lambda) {
    const Eigen::ArrayXd inverse = 1.0 / (model.squares + lambda);
    const double whole = (model.variances * inverse).sum();
    return whole > 0.0 ? lambda * (model.variances * inverse.square()).sum() / whole : 0.0;
}

double choose_lambda(const Model& model) {
    constexpr double most = 0.2;
    double lambda = 1024.0;
    // Below it rounding of H would be inverted.
    const double least = 1e-10 * model.squares.maxCoeff();
    while (lambda > least && disagreement(model, lambda) > most) lambda /= 4.0;
    return lambda;
}

// The share of relabelled heaps with at least the observed statistic; `rows` turned so that it is a squared distance.
double permutation_p(const Eigen::MatrixXd& rows, Eigen::Index live, double observed,
                     const DensityDifferenceOptions& options) {
    const auto total = static_cast<double>(rows.rows());
    const auto m = static_cast<double>(live);
    constexpr std::size_t block = 64;
    std::vector<std::uint8_t> labels(static_cast<std::size_t>(rows.rows()));
    Eigen::MatrixXd chosen(rows.rows(), static_cast<Eigen::Index>(block));
    std::uint64_t as_extreme = 0;
    for (std::size_t first = 0; first < options.permutations; first += block) {
        const std::size_t count = std::min(block, options.permutations - first);
        for (std::size_t k = 0; k < count; ++k) {
            stats::random_split(options.seed, first + k, static_cast<std::size_t>(live), labels);
            for (std::size_t i = 0; i < labels.size(); ++i)
                chosen(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = labels[i];
        }
        const auto width = static_cast<Eigen::Index>(count);
        // Rows are centred, so the sum over the reference is that over live rows with the other sign.
        const Eigen::MatrixXd sums = rows.transpose() * chosen.leftCols(width);
        for (Eigen::Index k = 0; k < width; ++k) {
            const double statistic = sums.col(k).squaredNorm() * std::pow(1.0 / m + 1.0 / (total - m), 2.0);
            as_extreme += stats::is_as_extreme(statistic, observed) ? 1U : 0U;
        }
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

MultivariateResult nothing_to_compare(const RowMatrix& live) {
    MultivariateResult result;
    result.test.statistic = result.test.effect = 0.0;
    result.test.p_value = 1.0;
    result.row_contributions = spread_over_rows(Eigen::VectorXd::Zero(live.values.rows()), live);
    result.feature_contributions.assign(static_cast<std::size_t>(live.values.cols()), 0.0);
    return result;
}

// theta'h by features: each k - 1 goes to them in proportion to squared differences.
std::vector<double> feature_shares(const Heap& heap, const Eigen::MatrixXd& centres, const Eigen::VectorXd& theta,
                                   double s, Eigen::Index live) {
    const Eigen::Index reference = heap.points.cols() - live;
    Eigen::VectorXd shares = Eigen::VectorXd::Zero(heap.points.rows());
    for (Eigen::Index k = 0; k < heap.points.cols(); ++k) {
        const bool is_live = heap.places[static_cast<std::size_t>(k)] >= reference;
        const Eigen::ArrayXXd squares = (centres.colwise() - heap.points.col(k)).array().square();
        const Eigen::ArrayXd distances = squares.colwise().sum().transpose();
        const double weight = is_live ? 1.0 / static_cast<double>(live) : -1.0 / static_cast<double>(reference);
        Eigen::VectorXd slopes(centres.cols());
        for (Eigen::Index c = 0; c < centres.cols(); ++c)
            slopes[c] = distances[c] > 0.0 ? std::expm1(distances[c] / (-2.0 * s * s)) / distances[c] : 0.0;
        shares += squares.matrix() * (weight * slopes.cwiseProduct(theta));
    }
    return {shares.data(), shares.data() + shares.size()};
}

MultivariateResult compare(const Heap& heap, const RowMatrix& live, const DensityDifferenceOptions& options) {
    // Draws beyond the permutations' own.
    constexpr std::uint64_t centre_draw = std::numeric_limits<std::uint64_t>::max();
    double s = options.bandwidth;
    if (s == 0.0)
        s = median_distance(choose_points(heap, median_rows, options.seed, centre_draw - 1)) / std::numbers::sqrt2;
    const Eigen::MatrixXd centres = choose_points(heap, options.centres, options.seed, centre_draw);
    Eigen::MatrixXd rows = gaussians(heap.points, centres, s);
    const stats::SymmetricEigen eigen = stats::symmetric_eigen(gaussians(centres, centres, s * std::numbers::sqrt2));
    if (!eigen.converged) throw Error(ErrorCode::internal, std::string(name) + ": no eigenvalues");
    rows = (rows * eigen.vectors).eval();
    const Eigen::RowVectorXd mean = rows.colwise().mean();
    rows.rowwise() -= mean;
    const auto total = static_cast<double>(rows.rows());
    const Model model{eigen.vectors, eigen.values.array().max(0.0),
                      rows.colwise().squaredNorm().transpose().array() / (total - 1.0)};
    const double lambda = options.regularisation > 0.0 ? options.regularisation : choose_lambda(model);
    const Eigen::ArrayXd inverse = 1.0 / (model.squares + lambda);
    const Eigen::ArrayXd form = 2.0 * inverse - model.squares * inverse.square();

    const Eigen::Index m = live.values.rows();
    const Eigen::Index n = rows.rows() - m;
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(rows.cols());
    for (Eigen::Index k = 0; k < rows.rows(); ++k)
        if (heap.places[static_cast<std::size_t>(k)] >= n) sum += rows.row(k);
    const double to_difference = 1.0 / static_cast<double>(m) + 1.0 / static_cast<double>(n);
    const Eigen::ArrayXd h = sum.transpose().array() * to_difference;
    MultivariateResult result;
    result.test.statistic = (h.square() * form).sum();
    const Eigen::ArrayXd live_mean = (sum / static_cast<double>(m) + mean).transpose().array();
    const Eigen::ArrayXd reference_mean = live_mean - h;
    const double apart = ((live_mean.square() + reference_mean.square()) * form).sum();
    const double by_chance = to_difference * (model.variances * form).sum();
    result.test.effect = apart > 0.0 ? std::clamp((result.test.statistic - by_chance) / apart, 0.0, 1.0) : 0.0;
    const Eigen::VectorXd theta = (inverse * h).matrix();
    Eigen::VectorXd live_rows(m);
    for (Eigen::Index k = 0; k < rows.rows(); ++k) {
        const Eigen::Index place = heap.places[static_cast<std::size_t>(k)];
        if (place >= n) live_rows[place - n] = (rows.row(k) + mean).dot(theta);
    }
    result.row_contributions = spread_over_rows(live_rows, live);
    result.feature_contributions = feature_shares(heap, centres, model.directions * theta, s, m);
    rows *= form.sqrt().matrix().asDiagonal();
    result.test.p_value = permutation_p(rows, m, result.test.statistic, options);
    return result;
}

}  // namespace

template <class T>
MultivariateResult least_squares_density_difference(MatrixView<T> reference, MatrixView<T> live,
                                                    const DensityDifferenceOptions& options) {
    check_options(options);
    check_columns(reference.columns(), live.columns(), name);
    const RowMatrix first = read_rows(reference, options.nan, name, "reference");
    const RowMatrix second = read_rows(live, options.nan, name, "live");
    for (const auto* side : {&first, &second})
        if (side->kept.size() < 2)
            throw Error(ErrorCode::not_enough_data, std::string(name) + ": the " +
                                                        (side == &first ? "reference" : "live") + " sample has " +
                                                        std::to_string(side->kept.size()) + " rows, at least 2 needed");
    const Heap heap = make_heap(first, second);
    MultivariateResult result = heap.distinct.size() > 1 ? compare(heap, second, options) : nothing_to_compare(second);
    result.test.reference_count = static_cast<double>(first.kept.size());
    result.test.live_count = static_cast<double>(second.kept.size());
    return result;
}

template MultivariateResult least_squares_density_difference(MatrixView<float>, MatrixView<float>,
                                                             const DensityDifferenceOptions&);
template MultivariateResult least_squares_density_difference(MatrixView<double>, MatrixView<double>,
                                                             const DensityDifferenceOptions&);

}  // namespace vedette::inline v0::drift
