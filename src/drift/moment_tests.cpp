// SPDX-License-Identifier: Apache-2.0
// Welch's t and Levene's test, by two passes over shifted and scaled values.
#include "vedette/drift/moment_tests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {
namespace {

using Values = std::vector<double>;

// Finite values in ascending order, all samples over one power of two: no statistic here depends on the unit.
template <class T>
std::vector<Values> scaled(std::span<const ColumnView<T>> samples, const TestOptions& options, const char* test) {
    if (options.method != Method::automatic && options.method != Method::asymptotic)
        throw Error(ErrorCode::unsupported,
                    std::string(test) + ": method " + method_name(options.method) + " is not defined for this test");
    std::vector<Values> result;
    double largest = 0.0;
    for (const ColumnView<T>& sample : samples) {
        const SortedSample<T> sorted(sample, options.nan);
        if (!sorted.is_finite())
            throw Error(ErrorCode::invalid_argument, std::string(test) + ": sample " + std::to_string(result.size()) +
                                                         " holds an infinity; only finite values have moments");
        result.emplace_back(sorted.values().begin(), sorted.values().end());
        for (const double value : result.back()) largest = std::max(largest, std::abs(value));
    }
    const int exponent = largest > 0.0 ? std::ilogb(largest) : 0;
    for (Values& values : result) {
        for (double& value : values) value = std::scalbn(value, -exponent);
    }
    return result;
}

// Adds up what each addition rounds away (Neumaier 1974): the differences of means and spreads that these tests are
// about may be a millionth of the means themselves, and a million roundings would show in them.
class Sum {
  public:
    void add(double value) noexcept {
        const double next = sum_ + value;
        lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
        sum_ = next;
    }
    [[nodiscard]] double value() const noexcept { return sum_ + lost_; }

  private:
    double sum_ = 0.0;
    double lost_ = 0.0;
};

// Exact for constants.
double mean_of(const Values& values) {
    Sum sum;
    for (const double value : values) sum.add(value - values.front());
    return values.front() + sum.value() / static_cast<double>(values.size());
}

double squares_about(const Values& values, double centre) {
    Sum sum;
    for (const double value : values) sum.add((value - centre) * (value - centre));
    return sum.value();
}

double median_of(const Values& ascending) {
    const std::size_t half = ascending.size() / 2;
    return ascending.size() % 2 == 1 ? ascending[half] : 0.5 * (ascending[half - 1] + ascending[half]);
}

struct Spread {
    double log_deviation, variance;  // of the logarithm
};

Spread spread_of(const Values& values) {
    const double n = static_cast<double>(values.size());
    const double median = median_of(values);
    const double mean = mean_of(values);
    Sum deviations;
    for (const double value : values) deviations.add(std::abs(value - median));
    const double deviation = deviations.value() / n;
    const double skew = (mean - median) / deviation;
    const double shape = squares_about(values, mean) / (n - 1.0) / deviation / deviation;
    return {std::log(deviation), (skew * skew + shape - 1.0) / n};
}

void set_spread_effect(const Values& reference, const Values& live, double z, TestResult& result) {
    if (reference.front() == reference.back() || live.front() == live.back()) return;
    const Spread a = spread_of(reference);
    const Spread b = spread_of(live);
    const double half = z * std::sqrt(std::max(0.0, a.variance + b.variance));
    result.effect = b.log_deviation - a.log_deviation;
    result.effect_interval = {result.effect - half, result.effect + half};
}

// The sample's absolute deviations from its centre.
Values deviations(Values values, Centre centre) {
    const auto cut = static_cast<std::ptrdiff_t>(0.05 * static_cast<double>(values.size()));
    const double middle = centre == Centre::median ? median_of(values)
                          : centre == Centre::mean ? mean_of(values)
                                                   : mean_of(Values(values.begin() + cut, values.end() - cut));
    for (double& value : values) value = std::abs(value - middle);
    return values;
}

}  // namespace

template <class T>
TestResult welch_t(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    const stats::Confidence confidence(options.confidence);
    const std::array<ColumnView<T>, 2> views{reference, live};
    const std::vector<Values> samples = scaled<T>(views, options, "welch_t");
    TestResult result;
    const double n = result.reference_count = static_cast<double>(samples[0].size());
    const double m = result.live_count = static_cast<double>(samples[1].size());
    if (n < 2.0 || m < 2.0) return result;
    const double mean_0 = mean_of(samples[0]);
    const double mean_1 = mean_of(samples[1]);
    const double variance_0 = squares_about(samples[0], mean_0) / (n - 1.0);
    const double variance_1 = squares_about(samples[1], mean_1) / (m - 1.0);
    if (!(variance_0 + variance_1 > 0.0)) return result;
    // Shares of the whole, since squares of small variances might underflow.
    const double error = variance_0 / n + variance_1 / m;
    const double share_0 = variance_0 / n / error;
    const double share_1 = variance_1 / m / error;
    result.statistic = (mean_1 - mean_0) / std::sqrt(error);
    result.degrees_of_freedom = 1.0 / (share_0 * share_0 / (n - 1.0) + share_1 * share_1 / (m - 1.0));
    const auto tail = [&](double t) { return stats::student_t_sf(t, result.degrees_of_freedom); };
    result.p_value = options.alternative == Alternative::two_sided ? 2.0 * tail(std::abs(result.statistic))
                     : options.alternative == Alternative::greater ? tail(result.statistic)
                                                                   : tail(-result.statistic);
    const double common = 0.5 * (variance_0 + variance_1);
    const double ratio_0 = variance_0 / common;
    const double ratio_1 = variance_1 / common;
    const double delta = (mean_1 - mean_0) / std::sqrt(common);
    const double of_spread = (ratio_0 * ratio_0 / (n - 1.0) + ratio_1 * ratio_1 / (m - 1.0)) / 8.0;
    const double half =
        confidence.z() * std::sqrt(delta * delta * of_spread + ratio_0 / (n - 1.0) + ratio_1 / (m - 1.0));
    result.effect = delta * (1.0 - 3.0 / (4.0 * (n + m) - 9.0));
    result.effect_interval = {delta - half, delta + half};
    return result;
}

template <class T>
TestResult levene(std::span<const ColumnView<T>> samples, Centre centre, const TestOptions& options) {
    const stats::Confidence confidence(options.confidence);
    if (samples.size() < 2)
        throw Error(ErrorCode::invalid_argument,
                    "levene: " + std::to_string(samples.size()) + " samples, at least 2 are needed");
    if (options.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported, "levene: the test has no one-sided alternative");
    std::vector<Values> ascending = scaled<T>(samples, options, "levene");
    TestResult result;
    result.reference_count = static_cast<double>(ascending[0].size());
    result.live_count = -result.reference_count;
    for (const Values& sample : ascending) result.live_count += static_cast<double>(sample.size());
    if (std::any_of(ascending.begin(), ascending.end(), [](const Values& sample) { return sample.empty(); }))
        return result;
    if (ascending.size() == 2) set_spread_effect(ascending[0], ascending[1], confidence.z(), result);
    Values all;
    double within = 0.0;
    for (Values& sample : ascending) {
        sample = deviations(std::move(sample), centre);
        within += squares_about(sample, mean_of(sample));
        all.insert(all.end(), sample.begin(), sample.end());
    }
    const double groups = static_cast<double>(ascending.size());
    const double degrees = static_cast<double>(all.size()) - groups;
    // Deviations that are equal but for rounding (two values per sample) are no evidence; scaled values are below 2.
    const double rounding = 4.0 * std::numeric_limits<double>::epsilon();
    if (!(within > rounding * rounding * static_cast<double>(all.size())) || degrees < 1.0) return result;
    const double grand = mean_of(all);
    double between = 0.0;
    for (const Values& sample : ascending) {
        const double difference = mean_of(sample) - grand;
        between += static_cast<double>(sample.size()) * difference * difference;
    }
    result.degrees_of_freedom = degrees;
    result.statistic = degrees / (groups - 1.0) * (between / within);
    result.p_value = stats::f_sf(result.statistic, groups - 1.0, degrees);
    return result;
}

template <class T>
TestResult brown_forsythe(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    const std::array<ColumnView<T>, 2> views{reference, live};
    return levene<T>(views, Centre::median, options);
}

template TestResult welch_t(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult welch_t(ColumnView<double>, ColumnView<double>, const TestOptions&);
template TestResult levene(std::span<const ColumnView<float>>, Centre, const TestOptions&);
template TestResult levene(std::span<const ColumnView<double>>, Centre, const TestOptions&);
template TestResult brown_forsythe(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult brown_forsythe(ColumnView<double>, ColumnView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
