// SPDX-License-Identifier: Apache-2.0
// Wasserstein-1 and energy distance: integrals of the difference of two distribution functions.
#include "vedette/drift/distance_tests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "drift/clean_values.hpp"
#include "drift/sample_tests.hpp"
#include "drift/standard_deviation.hpp"
#include "drift/unsorted_walk.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::drift {
namespace {

// Integrals of |F - G| and (F - G)^2, fed with the distinct values in order. Widths are halved before they are formed,
// so that two values of opposite sign near the largest double do not overflow; the caller doubles.
struct IntegralScan {
    double per_reference = 0.0;
    double per_live = 0.0;
    bool squared = false;
    bool started = false;
    double previous = 0.0;
    double below_reference = 0.0;
    double below_live = 0.0;
    double sum = 0.0;

    void step(double value, double reference_mass, double live_mass) {
        const double half_width = started ? 0.5 * value - 0.5 * previous : 0.0;
        const double difference = below_reference * per_reference - below_live * per_live;
        sum += half_width * (squared ? difference * difference : std::abs(difference));
        below_reference += reference_mass;
        below_live += live_mass;
        previous = value;
        started = true;
    }
    template <class T>
    void operator()(T value, std::size_t c, std::size_t d) {
        step(static_cast<double>(value), static_cast<double>(c), static_cast<double>(d));
    }
    void resume(const kernels::WalkState& state) {
        below_reference = state.reference_below;
        below_live = state.live_below;
        previous = state.previous;
        started = below_reference + below_live > 0.0;
    }
    void absorb(const double* sums) { sum += sums[0]; }
    [[nodiscard]] double extremeness() const { return sum; }
};

// What the effect needs besides the distance: the reference's standard deviation, the population's as distances are,
// and half the range of both samples.
struct Spread {
    bool finite = true;
    double deviation = 0.0;
    double half_range = 0.0;
};

template <class T>
Spread spread_of(std::span<const T> reference, std::span<const T> live) {
    kernels::MomentsState x, y;
    const auto& moments = kernels::typed<T>(kernels::kernels()).moments;
    moments(reference.data(), reference.size(), 1, &x);
    moments(live.data(), live.size(), 1, &y);
    return {x.pos_inf + x.neg_inf + y.pos_inf + y.neg_inf == 0, standard_deviation(reference),
            0.5 * std::max(x.max, y.max) - 0.5 * std::min(x.min, y.min)};
}

struct Distance {
    const char* name;
    bool squared;
    // From the halved integral to the distance, and back.
    [[nodiscard]] double from(double half_integral) const {
        return squared ? std::sqrt(2.0) * std::sqrt(2.0 * half_integral) : 2.0 * half_integral;
    }
};

void require_finite(const char* test, const Spread& spread) {
    if (!spread.finite)
        throw Error(ErrorCode::invalid_argument,
                    std::string(test) + ": an infinite value has no distance from others; leave it out");
}

void check(const Distance& distance, const TestOptions& options) {
    // Without permutations there is nothing to draw, and the measure alone is asked for.
    TestOptions checked = options;
    checked.permutations = std::max<std::size_t>(1, options.permutations);
    check_options(distance.name, checked);
    require_two_sided(distance.name, options);
    if (options.method == Method::exact || options.method == Method::asymptotic)
        throw Error(
            ErrorCode::unsupported,
            std::string(distance.name) + ": its p-value comes from permutations, method must be that or automatic");
}

IntegralScan start_scan(const Distance& distance, const TestResult& counts) {
    return {1.0 / counts.reference_count, 1.0 / counts.live_count, distance.squared};
}

void describe(const Distance& distance, const IntegralScan& scan, const Spread& spread, double confidence,
              TestResult& result) {
    result.statistic = distance.from(scan.sum);
    if (!(spread.deviation > 0.0 && std::isfinite(spread.deviation))) return;
    const double unit = distance.squared ? std::sqrt(spread.deviation) : spread.deviation;
    const stats::Confidence each(1.0 - 0.5 * (1.0 - confidence));
    const double band = std::min(1.0, stats::dkw_half_width(static_cast<std::uint64_t>(result.reference_count), each) +
                                          stats::dkw_half_width(static_cast<std::uint64_t>(result.live_count), each));
    const double error = distance.from(spread.half_range * (distance.squared ? band * band : band));
    result.effect = result.statistic / unit;
    result.effect_interval = {std::max(0.0, result.statistic - error) / unit, (result.statistic + error) / unit};
}

template <class T>
TestResult measure(const Distance& distance, const SortedSample<T>& reference, const SortedSample<T>& live,
                   const TestOptions& options) {
    check(distance, options);
    TestResult result = start_result(distance.name, reference, live, 1);
    const std::span<const T> x = reference.values();
    const std::span<const T> y = live.values();
    const Spread spread = spread_of(x, y);
    require_finite(distance.name, spread);
    const IntegralScan empty = start_scan(distance, result);
    IntegralScan scan = empty;
    for_each_tie_group(x, y, [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    describe(distance, scan, spread, options.confidence, result);
    if (options.permutations > 0) result.p_value = permutation_p(x, y, options, [&] { return empty; });
    return result;
}

template <class T>
TestResult measure(const Distance& distance, ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    check(distance, options);
    const CleanValues<T> x(reference, options.nan), y(live, options.nan);
    TestResult result = start_result(distance.name, x.values().size(), y.values().size(), 1);
    if (options.permutations > 0)
        return measure(distance, SortedSample<T>(x.values()), SortedSample<T>(y.values()), options);
    const Spread spread = spread_of(x.values(), y.values());
    require_finite(distance.name, spread);
    IntegralScan scan = start_scan(distance, result);
    const auto sum = distance.squared ? kernels::WalkSum::squared_difference : kernels::WalkSum::absolute_difference;
    auto chunks = PooledChunks<T>::cut(x.values(), y.values(), options.nan);
    if (!chunks) return measure(distance, SortedSample<T>(x.values()), SortedSample<T>(y.values()), options);
    chunks->walk(sum, scan);
    describe(distance, scan, spread, options.confidence, result);
    return result;
}

// One side of a weighted distance: the places of its values in order, and the weights' sum.
struct WeightedSide {
    std::span<const double> values;
    std::span<const double> weights;
    std::vector<std::size_t> order;
    double total = 0.0;

    WeightedSide(const char* test, const char* side, std::span<const double> v, std::span<const double> w)
        : values(v), weights(w), order(v.size()) {
        const std::string where = std::string(test) + ": " + side;
        if (v.size() != w.size())
            throw Error(ErrorCode::dimension_mismatch, where + " has " + std::to_string(v.size()) + " values and " +
                                                           std::to_string(w.size()) + " weights");
        if (v.empty()) throw Error(ErrorCode::not_enough_data, where + " has no values, at least 1 is needed");
        for (std::size_t i = 0; i < v.size(); ++i) {
            if (!std::isfinite(v[i]))
                throw Error(ErrorCode::invalid_argument, where + ": value " + std::to_string(i) + " is not finite");
            if (!(w[i] >= 0.0) || !std::isfinite(w[i]))
                throw Error(ErrorCode::invalid_argument,
                            where + ": weight " + std::to_string(i) + " must be finite and not negative");
            total += w[i];
        }
        // Of a sum below 2^-1024 not even the reciprocal, by which masses are divided, is finite.
        if (!(total > 0.0) || !std::isfinite(total) || !std::isfinite(1.0 / total))
            throw Error(ErrorCode::invalid_argument, where +
                                                         ": the weights must have a positive, finite sum, and its "
                                                         "reciprocal must be finite");
        std::iota(order.begin(), order.end(), std::size_t{0});
        // Ties in their own order, so that rows with other weights meet the same splits on every machine.
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return v[a] < v[b]; });
    }
    // The mass at `value`, from place `at` on, which moves behind it.
    double take(std::size_t& at, double value) const {
        double mass = 0.0;
        for (; at < order.size() && values[order[at]] == value; ++at) mass += weights[order[at]];
        return mass;
    }
};

// Half the integral, of the masses that each side has at the distinct values of both.
double weighted_integral(const Distance& distance, const WeightedSide& reference, const WeightedSide& live) {
    IntegralScan scan{1.0 / reference.total, 1.0 / live.total, distance.squared};
    std::size_t i = 0;
    std::size_t j = 0;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    while (i < reference.order.size() || j < live.order.size()) {
        const double a = i < reference.order.size() ? reference.values[reference.order[i]] : infinity;
        const double b = j < live.order.size() ? live.values[live.order[j]] : infinity;
        const double value = std::min(a, b);
        const double reference_mass = reference.take(i, value);
        scan.step(value, reference_mass, live.take(j, value));
    }
    return scan.sum;
}

// All rows of both sides in the order of their values, for integrals under other labels.
class WeightedPool {
  public:
    WeightedPool(const WeightedSide& reference, const WeightedSide& live) {
        // By a power of two, so that no sum of both sides' weights runs over.
        const int exponent = -std::ilogb(std::max(reference.total, live.total)) - 1;
        const auto add = [&](const WeightedSide& side) {
            for (const std::size_t place : side.order)
                rows_.push_back({side.values[place], std::scalbn(side.weights[place], exponent)});
        };
        add(reference);
        add(live);
        std::inplace_merge(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(reference.order.size()),
                           rows_.end(), [](const Row& a, const Row& b) { return a.value < b.value; });
    }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    // Infinite where a side has no weight, or next to none beside the other.
    [[nodiscard]] double integral(const Distance& distance, std::span<const std::uint8_t> is_reference) const {
        double reference_total = 0.0;
        double live_total = 0.0;
        for (std::size_t i = 0; i < rows_.size(); ++i)
            (is_reference[i] != 0 ? reference_total : live_total) += rows_[i].weight;
        const bool has_weights = std::isfinite(1.0 / reference_total) && std::isfinite(1.0 / live_total);
        if (!has_weights) return std::numeric_limits<double>::infinity();
        IntegralScan scan{1.0 / reference_total, 1.0 / live_total, distance.squared};
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const bool reference = is_reference[i] != 0;
            scan.step(rows_[i].value, reference ? rows_[i].weight : 0.0, reference ? 0.0 : rows_[i].weight);
        }
        return scan.sum;
    }

  private:
    struct Row {
        double value, weight;
    };
    std::vector<Row> rows_;
};

// Exact for constants; scaled, so that no square runs over.
double weighted_deviation(const WeightedSide& side) {
    double scale = 0.0;
    for (const double value : side.values) scale = std::max(scale, std::abs(value));
    if (scale == 0.0) return 0.0;
    const double origin = side.values[side.order.front()] / scale;
    double mean = 0.0;
    for (std::size_t i = 0; i < side.values.size(); ++i)
        mean += side.weights[i] / side.total * (side.values[i] / scale - origin);
    double square = 0.0;
    for (std::size_t i = 0; i < side.values.size(); ++i) {
        const double from_mean = side.values[i] / scale - origin - mean;
        square += side.weights[i] / side.total * from_mean * from_mean;
    }
    return scale * std::sqrt(square);
}

TestResult measure_weighted(const Distance& distance, const WeightedSample& x, const WeightedSample& y,
                            const TestOptions& options) {
    check(distance, options);
    const WeightedSide reference(distance.name, "the reference", x.values, x.weights);
    const WeightedSide live(distance.name, "the live sample", y.values, y.weights);
    TestResult result;
    result.reference_count = static_cast<double>(x.values.size());
    result.live_count = static_cast<double>(y.values.size());
    const double observed = weighted_integral(distance, reference, live);
    result.statistic = distance.from(observed);
    const double deviation = weighted_deviation(reference);
    if (deviation > 0.0) result.effect = result.statistic / (distance.squared ? std::sqrt(deviation) : deviation);
    if (options.permutations == 0) return result;
    const WeightedPool pool(reference, live);
    std::vector<std::uint8_t> labels(pool.size());
    std::uint64_t as_extreme = 0;
    for (std::size_t split = 0; split < options.permutations; ++split) {
        stats::random_split(options.seed, split, x.values.size(), labels);
        as_extreme += stats::is_as_extreme(pool.integral(distance, labels), observed) ? 1U : 0U;
    }
    result.p_value = stats::permutation_p_value(as_extreme, options.permutations);
    return result;
}

constexpr Distance wasserstein{"wasserstein_1", false};
constexpr Distance energy{"energy_distance", true};

}  // namespace

template <class T>
TestResult wasserstein_1(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    return measure(wasserstein, reference, live, options);
}

template <class T>
TestResult energy_distance(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    return measure(energy, reference, live, options);
}

template <class T>
TestResult wasserstein_1(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    return measure(wasserstein, reference, live, options);
}

template <class T>
TestResult energy_distance(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    return measure(energy, reference, live, options);
}

double wasserstein_1(std::span<const double> reference, std::span<const double> reference_weights,
                     std::span<const double> live, std::span<const double> live_weights) {
    return wasserstein.from(weighted_integral(wasserstein,
                                              {wasserstein.name, "the reference", reference, reference_weights},
                                              {wasserstein.name, "the live sample", live, live_weights}));
}

double energy_distance(std::span<const double> reference, std::span<const double> reference_weights,
                       std::span<const double> live, std::span<const double> live_weights) {
    return energy.from(weighted_integral(energy, {energy.name, "the reference", reference, reference_weights},
                                         {energy.name, "the live sample", live, live_weights}));
}

TestResult wasserstein_1(const WeightedSample& reference, const WeightedSample& live, const TestOptions& options) {
    return measure_weighted(wasserstein, reference, live, options);
}

TestResult energy_distance(const WeightedSample& reference, const WeightedSample& live, const TestOptions& options) {
    return measure_weighted(energy, reference, live, options);
}

template TestResult wasserstein_1<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult energy_distance<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult wasserstein_1<double>(const SortedSample<double>&, const SortedSample<double>&, const TestOptions&);
template TestResult energy_distance<double>(const SortedSample<double>&, const SortedSample<double>&,
                                            const TestOptions&);
template TestResult wasserstein_1<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult energy_distance<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult wasserstein_1<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);
template TestResult energy_distance<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
