// SPDX-License-Identifier: Apache-2.0
// Fitting random features to a reference, summing live rows, and the test between them.
#include "vedette/drift/random_feature_mmd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "drift/mmd_options.hpp"
#include "drift/random_feature_state.hpp"
#include "drift/row_matrix.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/chi_squared_mixture.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "RandomFeatureMmd";
constexpr std::size_t median_rows = 1000;
constexpr std::size_t covariance_rows = 4096;
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

void check_options(const RandomFeatureOptions& options) {
    const auto refuse = [](const char* what, const std::string& value, const char* limit) {
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": " + what + " is " + value + ", must be " + limit);
    };
    if (options.features < 8 || options.features > 1024 || options.features % 8 != 0)
        refuse("features", std::to_string(options.features), "a multiple of 8 from 8 to 1024");
    if (!(options.bandwidth >= 0.0 && options.bandwidth < infinity))
        refuse("bandwidth", std::to_string(options.bandwidth), "finite and not negative");
    if (!(options.whitening >= 0.0 && options.whitening <= 1.0))
        refuse("whitening", std::to_string(options.whitening), "between 0 and 1");
}

namespace {

// At most `limit` of the rows, by seed.
std::vector<Eigen::Index> choose_rows(Eigen::Index total, std::size_t limit, std::uint64_t seed, std::uint64_t index) {
    std::vector<std::uint8_t> labels(static_cast<std::size_t>(total));
    stats::random_split(seed, index, std::min(limit, labels.size()), labels);
    std::vector<Eigen::Index> rows;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] != 0) rows.push_back(static_cast<Eigen::Index>(i));
    return rows;
}

// Mean and standard deviation of each column, in the order of the rows; sizes beyond 1e154 would overflow as squares.
void measure_columns(const Eigen::MatrixXd& rows, std::vector<double>& means, std::vector<double>& deviations) {
    const auto n = static_cast<double>(rows.rows());
    for (Eigen::Index j = 0; j < rows.cols(); ++j) {
        const double largest = rows.col(j).cwiseAbs().maxCoeff();
        const double unit = largest > 0.0 ? largest : 1.0;
        double mean = 0.0;
        for (Eigen::Index i = 0; i < rows.rows(); ++i) mean += rows(i, j) / unit;
        mean /= n;
        double squares = 0.0;
        for (Eigen::Index i = 0; i < rows.rows(); ++i) {
            const double difference = rows(i, j) / unit - mean;
            squares += difference * difference;
        }
        const double deviation = std::sqrt(squares / (n - 1.0));
        means.push_back(mean * unit);
        // What a constant leaves is rounding.
        deviations.push_back(deviation > 1e-14 ? deviation * unit : 0.0);
    }
}

// Sets offset and inverse_scale; returns the bandwidth.
double scale_columns(FeatureMap& map, const Eigen::MatrixXd& rows, const RandomFeatureOptions& options) {
    std::vector<double> deviations;
    measure_columns(rows, map.offset, deviations);
    const double largest = *std::max_element(deviations.begin(), deviations.end());
    const double common = largest > 0.0 ? largest : 1.0;
    std::vector<double> units(map.columns, common);
    if (options.standardise)
        for (std::size_t j = 0; j < map.columns; ++j) {
            const double size = std::abs(map.offset[j]) > 0.0 ? std::abs(map.offset[j]) : 1.0;
            units[j] = deviations[j] > 0.0 ? deviations[j] : size;
        }
    double relative = options.bandwidth / (options.standardise ? 1.0 : common);
    if (options.bandwidth == 0.0) {
        const auto chosen = choose_rows(rows.rows(), median_rows, options.seed, 0);
        Eigen::MatrixXd points(rows.cols(), static_cast<Eigen::Index>(chosen.size()));
        for (Eigen::Index k = 0; k < points.cols(); ++k)
            for (Eigen::Index j = 0; j < points.rows(); ++j) {
                const auto column = static_cast<std::size_t>(j);
                points(j, k) = (rows(chosen[static_cast<std::size_t>(k)], j) - map.offset[column]) / units[column];
            }
        relative = median_distance(points);
    }
    for (std::size_t j = 0; j < map.columns; ++j)
        map.inverse_scale.push_back(std::min(1.0 / units[j] / relative, 1e300));
    return relative * (options.standardise ? 1.0 : common);
}

double unit_of(const FeatureMap& map) {
    return 1.0 / (feature_unit * std::sqrt(static_cast<double>(map.features)));
}

// Calls use(i, scaled row, its features in units) for each row of the view that is finite.
template <class T, class Use>
void for_each_features(const FeatureMap& map, const MatrixView<T>& view, Use&& use) {
    constexpr std::size_t group = 4;
    std::vector<float> rows(group * map.stride(), 0.0F);
    std::vector<std::int32_t> out(group * 2 * map.features);
    std::array<std::size_t, group> places{};
    std::size_t filled = 0;
    const auto flush = [&] {
        map.evaluate(rows.data(), filled, out.data());
        for (std::size_t k = 0; k < filled; ++k)
            use(places[k], rows.data() + k * map.stride(), out.data() + k * 2 * map.features);
        std::fill(rows.begin(), rows.end(), 0.0F);
        filled = 0;
    };
    for (std::size_t i = 0; i < view.rows(); ++i) {
        if (!map.scale_row(view, i, rows.data() + filled * map.stride())) continue;
        places[filled] = i;
        if (++filled == group) flush();
    }
    std::fill(rows.begin() + static_cast<std::ptrdiff_t>(filled * map.stride()), rows.end(), 0.0F);
    flush();
}

// The x with P(X > x) = tail, to a relative 1e-6.
double upper_quantile(const stats::ChiSquaredMixture& law, double tail) {
    double low = 0.0;
    double high = std::max(law.approximate_quantile(tail), 1e-3 * law.mean());
    while (law.sf(high) > tail) high *= 1.25;
    while (high - low > 1e-6 * high) {
        const double middle = 0.5 * (low + high);
        (law.sf(middle) > tail ? low : high) = middle;
    }
    return high;
}

}  // namespace

template <class T>
Eigen::VectorXd RandomFeatureMmd<T>::State::mean_of(const std::vector<std::int64_t>& window_sums,
                                                    std::uint64_t rows) const {
    Eigen::VectorXd mean_z(static_cast<Eigen::Index>(window_sums.size()));
    const double unit = unit_of(map) / static_cast<double>(rows);
    for (std::size_t k = 0; k < window_sums.size(); ++k)
        mean_z[static_cast<Eigen::Index>(k)] = static_cast<double>(window_sums[k]) * unit;
    return mean_z;
}

template <class T>
Eigen::VectorXd RandomFeatureMmd<T>::State::metric(const Eigen::VectorXd& difference) const {
    const Eigen::VectorXd along = directions.transpose() * difference;
    return difference - directions * shrinkage.cwiseProduct(along);
}

template <class T>
Eigen::VectorXd RandomFeatureMmd<T>::State::moving(Eigen::Index column) const {
    const auto r = static_cast<Eigen::Index>(map.features);
    Eigen::VectorXd out(2 * r);
    for (Eigen::Index k = 0; k < r; ++k) {
        const double turn =
            2.0 * std::numbers::pi * map.weight(static_cast<std::size_t>(k), static_cast<std::size_t>(column));
        out[k] = -turn * mean[r + k];
        out[r + k] = turn * mean[k];
    }
    return out;
}

template <class T>
Eigen::VectorXd RandomFeatureMmd<T>::State::stretching(Eigen::Index column) const {
    const auto r = static_cast<Eigen::Index>(map.features);
    Eigen::VectorXd out(2 * r);
    for (Eigen::Index k = 0; k < r; ++k) {
        const double turn =
            2.0 * std::numbers::pi * map.weight(static_cast<std::size_t>(k), static_cast<std::size_t>(column));
        out[k] = -turn * moments(r + k, column);
        out[r + k] = turn * moments(k, column);
    }
    return out;
}

template <class T>
std::vector<double> RandomFeatureMmd<T>::State::explained(const Eigen::VectorXd& weights) const {
    std::vector<double> columns;
    for (Eigen::Index j = 0; j < tangents.cols(); ++j) {
        // The squared length of the projection onto both directions, by Gram and Schmidt.
        const double move = moving(j).dot(weights);
        double along = stretching(j).dot(weights);
        double rest = tangents(1, j);
        double sum = 0.0;
        if (tangents(0, j) > 0.0) {
            sum = move * move / tangents(0, j);
            along -= tangents(2, j) / tangents(0, j) * move;
            rest -= tangents(2, j) / tangents(0, j) * tangents(2, j);
        }
        if (rest > 1e-6 * tangents(1, j)) sum += along * along / rest;
        columns.push_back(sum);
    }
    return columns;
}

template <class T>
void RandomFeatureMmd<T>::State::complete() {
    mean = mean_of(sums, count);
    const auto columns = static_cast<Eigen::Index>(map.columns);
    tangents.resize(3, columns);
    for (Eigen::Index j = 0; j < columns; ++j) {
        const Eigen::VectorXd move = moving(j);
        const Eigen::VectorXd stretch = stretching(j);
        const Eigen::VectorXd longer = metric(stretch);
        tangents.col(j) << move.dot(metric(move)), stretch.dot(longer), move.dot(longer);
    }
}

template <class T>
RandomFeatureMmd<T>::RandomFeatureMmd(MatrixView<T> reference, const RandomFeatureOptions& options) {
    check_options(options);
    check_columns(reference.columns(), reference.columns(), name);
    if (reference.columns() > (std::size_t{1} << 20U))
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": " + std::to_string(reference.columns()) + " columns, at most 1048576");
    const RowMatrix read = read_rows(reference, options.nan, name, "reference");
    if (read.kept.size() < minimum_rows)
        throw Error(ErrorCode::not_enough_data, std::string(name) + ": the reference sample has " +
                                                    std::to_string(read.kept.size()) + " rows, at least " +
                                                    std::to_string(minimum_rows) + " needed");
    const auto state = std::make_shared<State>();
    FeatureMap& map = state->map;
    map.columns = reference.columns();
    map.features = options.features;
    state->bandwidth = scale_columns(map, read.values, options);
    map.draw_weights(options.seed);
    map.set_digest();

    const auto width = static_cast<Eigen::Index>(2 * map.features);
    const auto chosen = choose_rows(read.values.rows(), covariance_rows, options.seed, 1);
    Eigen::MatrixXd some(static_cast<Eigen::Index>(chosen.size()), read.values.cols());
    for (std::size_t i = 0; i < chosen.size(); ++i) some.row(static_cast<Eigen::Index>(i)) = read.values.row(chosen[i]);
    const auto some_view = MatrixView<double>::column_major(some.data(), chosen.size(), map.columns);
    Eigen::MatrixXd rows(some.rows(), width);
    for_each_features(map, some_view, [&](std::size_t i, const float* scaled, const std::int32_t* units) {
        const auto row = static_cast<Eigen::Index>(i);
        for (Eigen::Index k = 0; k < width; ++k) rows(row, k) = units[k] * unit_of(map);
        for (Eigen::Index j = 0; j < some.cols(); ++j) some(row, j) = static_cast<double>(scaled[j]);
    });
    state->moments = (rows.transpose() * some / static_cast<double>(chosen.size())).cast<float>();
    FeatureLaw law = fit_feature_law(std::move(rows), options.whitening);
    state->regularisation = law.regularisation;
    state->law = law.moments;
    state->spectrum = std::move(law.spectrum);
    state->directions = std::move(law.directions);
    state->shrinkage = std::move(law.shrinkage);

    const auto all = MatrixView<double>::column_major(read.values.data(), read.kept.size(), map.columns);
    state->count = read.kept.size();
    state->sums.assign(2 * map.features, 0);
    std::vector<float> scratch(map.block_rows() * map.stride());
    map.add_rows(all, scratch, state->sums.data());
    state->complete();
    state_ = state;
}

template <class T>
std::size_t RandomFeatureMmd<T>::dimension() const noexcept {
    return state_->map.columns;
}
template <class T>
std::size_t RandomFeatureMmd<T>::features() const noexcept {
    return state_->map.features;
}
template <class T>
std::uint64_t RandomFeatureMmd<T>::reference_count() const noexcept {
    return state_->count;
}
template <class T>
double RandomFeatureMmd<T>::bandwidth() const noexcept {
    return state_->bandwidth;
}
template <class T>
double RandomFeatureMmd<T>::regularisation() const noexcept {
    return state_->regularisation;
}

template <class T>
FeatureWindow RandomFeatureMmd<T>::window() const {
    FeatureWindow window;
    window.sums_.assign(2 * state_->map.features, 0);
    window.scratch_.assign(state_->map.block_rows() * state_->map.stride(), 0.0F);
    window.features_ = state_->map.digest;
    return window;
}

template <class T>
bool RandomFeatureMmd<T>::observe(FeatureWindow& window, MatrixView<T> rows) const noexcept {
    const FeatureMap& map = state_->map;
    const std::size_t room = map.block_rows() * map.stride();
    if (rows.columns() != map.columns || window.features_ != map.digest || window.scratch_.size() < room) return false;
    if (rows.rows() > FeatureWindow::maximum_rows - window.count_) return false;
    const std::uint64_t left_out = map.add_rows(rows, window.scratch_, window.sums_.data());
    window.left_out_ += left_out;
    window.count_ += rows.rows() - left_out;
    return true;
}

template <class T>
void RandomFeatureMmd<T>::check_window(const FeatureWindow& live) const {
    if (live.features_ != state_->map.digest || live.sums_.size() != state_->sums.size())
        throw Error(ErrorCode::baseline_mismatch, std::string(name) + ": the window is of other features");
    if (live.count_ == 0) throw Error(ErrorCode::not_enough_data, std::string(name) + ": the window has no row");
}

template <class T>
MultivariateResult RandomFeatureMmd<T>::test(const FeatureWindow& live, double confidence) const {
    check_confidence(confidence, name);
    check_window(live);
    const State& state = *state_;
    const auto n = static_cast<double>(state.count);
    const auto m = static_cast<double>(live.count_);
    const double harmonic = n / (n + m) * m;
    const Eigen::VectorXd live_mean = state.mean_of(live.sums_, live.count_);
    const Eigen::VectorXd difference = live_mean - state.mean;
    const Eigen::VectorXd weights = state.metric(difference);
    MultivariateResult result;
    result.test.reference_count = n;
    result.test.live_count = m;
    result.test.statistic = harmonic * difference.dot(weights);
    const double distance = difference.norm();
    if (!(state.spectrum.maxCoeff() > 0.0)) {
        const bool same = distance < 1e-6;
        result.test.statistic = same ? 0.0 : infinity;
        result.test.p_value = same ? 1.0 : 0.0;
        result.test.effect = distance;
        result.test.effect_interval = {distance, distance};
        result.feature_contributions.assign(state.map.columns, same ? 0.0 : std::nan(""));
        return result;
    }
    result.test.p_value = state.law.tail(result.test.statistic, n, m);
    // |z| = 1, so the mean says what the rows vary: 1 - |mean|^2.
    const double reference_variance = n / (n - 1.0) * (1.0 - state.mean.squaredNorm());
    const double live_variance =
        m > 1.0 ? std::max(0.0, m / (m - 1.0) * (1.0 - live_mean.squaredNorm())) : reference_variance;
    const double bias = reference_variance / n + live_variance / m;
    result.test.effect = std::sqrt(std::max(0.0, distance * distance - bias));
    const stats::ChiSquaredMixture ball({state.spectrum.begin(), state.spectrum.end()});
    const double radius = std::sqrt(upper_quantile(ball, 1.0 - confidence) / ball.mean() * bias);
    result.test.effect_interval = {std::max(0.0, distance - radius), distance + radius};
    for (const double explained : state.explained(weights))
        result.feature_contributions.push_back(std::min(harmonic * explained, result.test.statistic));
    return result;
}

template <class T>
std::vector<double> RandomFeatureMmd<T>::witness(const FeatureWindow& live, MatrixView<T> rows) const {
    check_window(live);
    check_columns(dimension(), rows.columns(), name);
    const State& state = *state_;
    const Eigen::VectorXd weights = state.metric(state.mean_of(live.sums_, live.count_) - state.mean);
    const double start = weights.dot(state.mean);
    const double unit = unit_of(state.map);
    std::vector<double> scores(rows.rows(), std::nan(""));
    for_each_features(state.map, rows, [&](std::size_t i, const float*, const std::int32_t* units) {
        double sum = 0.0;
        for (Eigen::Index k = 0; k < weights.size(); ++k) sum += weights[k] * units[k];
        scores[i] = sum * unit - start;
    });
    return scores;
}

void FeatureWindow::merge(const FeatureWindow& other) {
    if (features_ != other.features_ || sums_.size() != other.sums_.size())
        throw Error(ErrorCode::baseline_mismatch, "FeatureWindow: the other window is of other features");
    if (other.count_ > FeatureWindow::maximum_rows - std::min(count_, FeatureWindow::maximum_rows) ||
        other.left_out_ > std::numeric_limits<std::uint64_t>::max() - left_out_)
        throw Error(ErrorCode::overflow, "FeatureWindow: " + std::to_string(count_) + " and " +
                                             std::to_string(other.count_) + " rows, more than 2^42 together");
    for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += other.sums_[k];
    count_ += other.count_;
    left_out_ += other.left_out_;
}

void FeatureWindow::reset() noexcept {
    std::fill(sums_.begin(), sums_.end(), 0);
    count_ = 0;
    left_out_ = 0;
}

template class RandomFeatureMmd<float>;
template class RandomFeatureMmd<double>;

}  // namespace vedette::inline v0::drift
