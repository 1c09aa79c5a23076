// SPDX-License-Identifier: Apache-2.0
// Epps-Singleton: moments of cosines and sines over the distinct values, then a quadratic form in the mean difference.
#include "vedette/drift/epps_singleton.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "drift/mean_shift.hpp"
#include "drift/sample_tests.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "epps_singleton";
constexpr std::size_t most_points = 16;
constexpr double largest_point = 1000.0;

void check(const EppsSingletonOptions& options) {
    check_options(name, options);
    require_two_sided(name, options);
    refuse_exact(name, options);
    if (options.covariance == EppsSingletonCovariance::separate && options.method == Method::permutation)
        throw Error(ErrorCode::unsupported,
                    std::string(name) + ": method is permutation, which only the pooled covariance has");
    if (options.points.empty() || options.points.size() > most_points)
        throw Error(
            ErrorCode::invalid_argument,
            std::string(name) + ": points has " + std::to_string(options.points.size()) + " values, must have 1 to 16");
    for (const double point : options.points)
        if (!(point > 0.0 && point <= largest_point))
            throw Error(ErrorCode::invalid_argument, std::string(name) + ": points holds " + std::to_string(point) +
                                                         ", must lie above 0 and at most at 1000");
}

// Where the values lie and how wide: the pooled median, and half the interquartile range or what stands in for it.
struct Frame {
    double centre = 0.0;
    double half_unit = 0.0;  // half the unit, which may overflow where this does not; 0 when all values are equal

    // Saturates: so far out the phase is chance, but it must be a number.
    [[nodiscard]] double place(double value) const {
        constexpr double most = 0x1p1000;
        return std::clamp((0.5 * value - 0.5 * centre) / half_unit, -most, most);
    }
};

// Weighted order statistics, interpolated between neighbours as in SciPy's iqr.
double quantile(const std::vector<std::pair<double, std::size_t>>& ascending, std::size_t total, double probability) {
    const double at = probability * static_cast<double>(total - 1);
    const auto below = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(below);
    std::size_t passed = 0;
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        passed += ascending[i].second;
        if (below >= passed) continue;
        const double value = ascending[i].first;
        if (part == 0.0 || below + 1 < passed) return value;
        return (1.0 - part) * value + part * ascending[i + 1].first;
    }
    return ascending.back().first;
}

template <class T>
Frame frame_of(const PooledGroups<T>& groups, std::size_t total) {
    std::vector<std::pair<double, std::size_t>> weighted(groups.sizes.size());
    for (std::size_t g = 0; g < weighted.size(); ++g)
        weighted[g] = {static_cast<double>(groups.values[g]), groups.sizes[g]};
    Frame frame;
    frame.centre = quantile(weighted, total, 0.5);
    frame.half_unit = 0.25 * quantile(weighted, total, 0.75) - 0.25 * quantile(weighted, total, 0.25);
    if (frame.half_unit > 0.0) return frame;
    std::erase_if(weighted, [&](const auto& group) { return group.first == frame.centre; });
    std::size_t others = 0;
    for (auto& [value, size] : weighted) {
        value = std::abs(0.5 * value - 0.5 * frame.centre);
        others += size;
    }
    std::sort(weighted.begin(), weighted.end());
    if (others > 0) frame.half_unit = quantile(weighted, others, 0.5);
    return frame;
}

// Cosines (less one, so that values near the centre lose nothing) and sines of a value at every point.
void waves(double place, const std::vector<double>& points, double* out) {
    for (const double point : points) {
        const double half = std::sin(0.5 * (point * place));
        *out++ = -2.0 * half * half;
        *out++ = std::sin(point * place);
    }
}

// Mean and biased covariance of one side's waves.
struct Moments {
    Eigen::VectorXd mean;
    Eigen::MatrixXd covariance;
    double count = 0.0;

    explicit Moments(Eigen::Index size)
        : mean(Eigen::VectorXd::Zero(size)), covariance(Eigen::MatrixXd::Zero(size, size)) {}
    // Plain loops: a call of Eigen's costs more than the few products.
    void add(const double* wave, std::size_t times) {
        const auto weight = static_cast<double>(times);
        count += weight;
        double* out = covariance.data();
        const Eigen::Index size = mean.size();
        for (Eigen::Index j = 0; j < size; ++j) {
            const double weighted = weight * wave[j];
            mean[j] += weighted;
            for (Eigen::Index i = j; i < size; ++i) out[j * size + i] += weighted * wave[i];
        }
    }
    void finish() {
        mean /= count;
        covariance /= count;
        covariance.selfadjointView<Eigen::Lower>().rankUpdate(mean, -1.0);
        covariance.triangularView<Eigen::StrictlyUpper>() = covariance.transpose();
    }
};

struct Sides {
    Moments reference;
    Moments live;
    [[nodiscard]] double total() const { return reference.count + live.count; }
    [[nodiscard]] double product() const { return reference.count / total() * (live.count / total()); }
    [[nodiscard]] Eigen::VectorXd difference() const { return live.mean - reference.mean; }
    [[nodiscard]] Eigen::MatrixXd pooled() const {
        const Eigen::VectorXd apart = difference();
        return reference.count / total() * reference.covariance + live.count / total() * live.covariance +
               product() * apart * apart.transpose();
    }
};

template <class T>
Sides moments_of(const SortedSample<T>& reference, const SortedSample<T>& live, const Frame& frame,
                 const std::vector<double>& points) {
    const auto size = static_cast<Eigen::Index>(2 * points.size());
    Sides sides{Moments(size), Moments(size)};
    Eigen::VectorXd wave(size);
    for_each_tie_group(reference.values(), live.values(), [&](T value, std::size_t c, std::size_t d) {
        waves(frame.place(static_cast<double>(value)), points, wave.data());
        if (c > 0) sides.reference.add(wave.data(), c);
        if (d > 0) sides.live.add(wave.data(), d);
    });
    sides.reference.finish();
    sides.live.finish();
    return sides;
}

// Waves turned so that the squared distance of means is R^2 up to a factor; relabelling leaves the turn alone.
struct TurnedWaves {
    std::vector<double> rows;  // one per distinct value
    std::size_t size = 0;
};

template <class T>
TurnedWaves turned_waves(const PooledGroups<T>& groups, const Frame& frame, const std::vector<double>& points,
                         const Spectrum& spectrum, const Eigen::VectorXd& mean) {
    TurnedWaves turned;
    turned.size = static_cast<std::size_t>(spectrum.rank());
    turned.rows.resize(turned.size * groups.values.size());
    const Eigen::MatrixXd turn =
        spectrum.vectors * spectrum.values.array().rsqrt().matrix().asDiagonal();  // C^-1 = turn turn'
    Eigen::VectorXd wave(mean.size());
    for (std::size_t g = 0; g < groups.values.size(); ++g) {
        waves(frame.place(static_cast<double>(groups.values[g])), points, wave.data());
        Eigen::Map<Eigen::VectorXd>(turned.rows.data() + g * turned.size, spectrum.rank()) =
            turn.transpose() * (wave - mean);
    }
    return turned;
}

// All waves add up to 0, so the reference's sum alone tells the distance.
struct WaveScan {
    const TurnedWaves* waves;
    const double* row;
    std::array<double, 2 * most_points> sum{};

    explicit WaveScan(const TurnedWaves& turned) : waves(&turned), row(turned.rows.data()) {}
    template <class T>
    void operator()(T, std::size_t c, std::size_t) {
        const auto weight = static_cast<double>(c);
        for (std::size_t k = 0; k < waves->size; ++k) sum[k] += weight * row[k];
        row += waves->size;
    }
    [[nodiscard]] double extremeness() const {
        double square = 0.0;
        for (std::size_t k = 0; k < waves->size; ++k) square += sum[k] * sum[k];
        return square;
    }
};

// The separate covariances, N/n C_x + N/m C_y, by chi-square.
void fill_separate(TestResult& result, const Sides& sides) {
    const double n = sides.reference.count;
    const double m = sides.live.count;
    const double total = sides.total();
    const Spectrum spectrum = spectrum_of(total / n * sides.reference.covariance + total / m * sides.live.covariance);
    const Eigen::VectorXd apart = sides.difference();
    if (spectrum.residual(apart).norm() > 1e-7)
        throw Error(ErrorCode::not_enough_data,
                    std::string(name) + ": the samples differ where neither has spread; the pooled covariance answers");
    result.statistic = total * apart.dot(spectrum.solve(apart));
    if (std::max(n, m) < 25.0)
        result.statistic /= 1.0 + std::pow(total, -0.45) + 10.1 * (std::pow(n, -1.7) + std::pow(m, -1.7));
    result.degrees_of_freedom = static_cast<double>(spectrum.rank());
    result.p_value = stats::chi_squared_sf(result.statistic, result.degrees_of_freedom);
}

// R and its interval from T^2 = (N - 2) R^2/(1 - R^2), whose distance delta has R^2 = a delta^2/(1 + a delta^2) with a
// = n m/N^2. Leaves the p-value of the F law behind.
void fill_effect(TestResult& result, const Sides& sides, double share, double rank, double confidence) {
    const double total = sides.total();
    const double denominator = total - 1.0 - rank;
    if (!(denominator > 0.0)) return;
    if (share >= 1.0 - 1e-14) {  // no spread within the samples
        result.effect = 1.0;
        result.p_value = 0.0;
        return;
    }
    TestResult law;
    fill_f_test(law, (total - 2.0) * share / (1.0 - share), denominator / (rank * (total - 2.0)), rank, denominator,
                sides.product() * total, confidence);
    const auto correlation = [&](double distance) {
        const double square = sides.product() * distance * distance;
        return std::isfinite(square) ? std::sqrt(square / (1.0 + square)) : 1.0;
    };
    result.effect = correlation(law.effect);
    result.effect_interval = {correlation(law.effect_interval.lower), correlation(law.effect_interval.upper)};
    result.p_value = law.p_value;
}

bool permutes(const EppsSingletonOptions& options, double n, double m) {
    if (options.method != Method::automatic) return options.method == Method::permutation;
    return std::min(n, m) < 100.0 && n + m <= 10'000.0;
}

}  // namespace

template <class T>
TestResult epps_singleton(const SortedSample<T>& reference, const SortedSample<T>& live,
                          const EppsSingletonOptions& options) {
    check(options);
    TestResult result = start_result(name, reference, live, 5);
    if (!reference.is_finite() || !live.is_finite())
        throw Error(ErrorCode::invalid_argument, std::string(name) + ": an infinite value has no phase; leave it out");
    const PooledGroups<T> groups(reference.values(), live.values());
    const Frame frame = frame_of(groups, reference.size() + live.size());
    if (groups.values.size() == 1 || !(frame.half_unit > 0.0)) {
        result.statistic = result.degrees_of_freedom = result.effect = 0.0;
        result.p_value = 1.0;
        return result;
    }
    const Sides sides = moments_of(reference, live, frame, options.points);
    const Spectrum spectrum = spectrum_of(sides.pooled());
    const auto rank = static_cast<double>(spectrum.rank());
    const Eigen::VectorXd apart = sides.difference();
    const double share = std::clamp(sides.product() * apart.dot(spectrum.solve(apart)), 0.0, 1.0);
    fill_effect(result, sides, share, rank, options.confidence);
    if (options.covariance == EppsSingletonCovariance::separate) {
        fill_separate(result, sides);
        return result;
    }
    result.statistic = sides.total() * share;
    result.degrees_of_freedom = rank;
    if (permutes(options, result.reference_count, result.live_count)) {
        const Eigen::VectorXd mean =
            (result.reference_count * sides.reference.mean + result.live_count * sides.live.mean) / sides.total();
        const TurnedWaves turned = turned_waves(groups, frame, options.points, spectrum, mean);
        result.p_value = permutation_p(reference.values(), live.values(), options, [&] { return WaveScan(turned); });
    } else if (!(sides.total() - 1.0 - rank > 0.0)) {
        throw Error(ErrorCode::not_enough_data, std::string(name) + ": " + std::to_string(2 * options.points.size()) +
                                                    " means of too few values; Method::permutation answers");
    }
    return result;
}

template TestResult epps_singleton<float>(const SortedSample<float>&, const SortedSample<float>&,
                                          const EppsSingletonOptions&);
template TestResult epps_singleton<double>(const SortedSample<double>&, const SortedSample<double>&,
                                           const EppsSingletonOptions&);

}  // namespace vedette::inline v0::drift
