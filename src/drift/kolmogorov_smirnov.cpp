// SPDX-License-Identifier: Apache-2.0
// Two-sample Kolmogorov-Smirnov and Kuiper tests.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "drift/bucket_table.hpp"
#include "drift/clean_values.hpp"
#include "drift/sample_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* ks_name = "ks_two_sample";
constexpr const char* kuiper_name = "kuiper_two_sample";
constexpr double exact_steps_automatic = 1e8;
constexpr double exact_steps_largest = 1e10;
constexpr std::size_t exact_size_automatic = 10'000;
constexpr std::size_t kuiper_permuted_size = 200;

// n m (F - G) as an integer, its extremes over the ends of tie groups, and the largest tie group.
struct DifferenceScan {
    std::int64_t n = 0;
    std::int64_t m = 0;
    Alternative alternative = Alternative::two_sided;
    bool kuiper = false;
    std::int64_t difference = 0;
    std::int64_t largest = 0;
    std::int64_t smallest = 0;
    std::size_t largest_group = 0;

    template <class T>
    void operator()(T, std::size_t c, std::size_t d) {
        difference += static_cast<std::int64_t>(c) * m - static_cast<std::int64_t>(d) * n;
        largest = std::max(largest, difference);
        smallest = std::min(smallest, difference);
        largest_group = std::max(largest_group, c + d);
    }
    [[nodiscard]] std::int64_t height() const {
        if (kuiper) return largest - smallest;
        switch (alternative) {
            case Alternative::greater: return largest;
            case Alternative::less: return -smallest;
            default: return std::max(largest, -smallest);
        }
    }
    [[nodiscard]] double extremeness() const { return static_cast<double>(height()); }
};

template <class T>
DifferenceScan scan_differences(const SortedSample<T>& reference, const SortedSample<T>& live, Alternative alternative,
                                bool kuiper) {
    DifferenceScan scan{static_cast<std::int64_t>(reference.size()), static_cast<std::int64_t>(live.size()),
                        alternative, kuiper};
    for_each_tie_group(reference.values(), live.values(), [&](T v, std::size_t c, std::size_t d) { scan(v, c, d); });
    return scan;
}

// How many cells of the recursion lie inside the boundary.
double exact_steps(const DifferenceScan& scan) {
    const double n = static_cast<double>(scan.n);
    const double m = static_cast<double>(scan.m);
    const double reach = static_cast<double>(scan.height()) +
                         static_cast<double>(scan.largest_group - 1) * static_cast<double>(std::max(scan.n, scan.m));
    return scan.alternative == Alternative::two_sided ? std::min(n * m, 2.0 * reach) : n * m;
}

// The share of paths from (0, 0) to (n, m) that reach the boundary at the end of a tie group. On diagonal k = i + j,
// reached[i] is that share among paths that end in (i, k - i): the mean over the last step, so nothing is subtracted.
class BoundaryShare {
  public:
    explicit BoundaryShare(const DifferenceScan& scan)
        : n_(scan.n),
          m_(scan.m),
          height_(scan.height()),
          reach_(height_ + static_cast<std::int64_t>(scan.largest_group - 1) * std::max(n_, m_)),
          alternative_(scan.alternative),
          reached_(static_cast<std::size_t>(n_) + 2, 0.0),
          next_(reached_) {}

    void step(std::int64_t k, bool group_ends) {
        // Cells whose difference i (n + m) - k n is beyond +-reach have met the boundary before: their share is 1.
        const auto [low, high] = inside(k, reach_);
        const auto* from = reached_.data() + 1;  // index -1 is a cell outside, of weight 0
        auto* to = next_.data() + 1;
        const double whole = static_cast<double>(k);
        const double inverse = 1.0 / whole;
        for (std::int64_t i = low; i <= high; ++i) {
            const double x = static_cast<double>(i);
            to[i] = (x * from[i - 1] + (whole - x) * from[i]) * inverse;
        }
        if (group_ends) {
            const auto [first, last] = inside(k, height_);
            for (std::int64_t i = low; i <= high && i < first; ++i) to[i] = 1.0;
            for (std::int64_t i = std::max(low, last + 1); i <= high; ++i) to[i] = 1.0;
        }
        if (low - 1 >= 0) to[low - 1] = 1.0;
        if (high + 1 <= n_) to[high + 1] = 1.0;
        std::swap(reached_, next_);
    }

    [[nodiscard]] double result() const { return reached_[static_cast<std::size_t>(n_) + 1]; }

  private:
    // The i of diagonal k whose difference is strictly inside +-bound on the sides that count.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> inside(std::int64_t k, std::int64_t bound) const {
        const std::int64_t total = n_ + m_;
        std::int64_t low = std::max<std::int64_t>(0, k - m_);
        std::int64_t high = std::min(n_, k);
        if (alternative_ != Alternative::greater) low = std::max(low, floor_ratio(k * n_ - bound, total) + 1);
        if (alternative_ != Alternative::less) high = std::min(high, -floor_ratio(-(k * n_ + bound), total) - 1);
        return {low, high};
    }
    static std::int64_t floor_ratio(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

    std::int64_t n_;
    std::int64_t m_;
    std::int64_t height_;
    std::int64_t reach_;
    Alternative alternative_;
    std::vector<double> reached_;
    std::vector<double> next_;
};

template <class T>
double exact_p(const SortedSample<T>& reference, const SortedSample<T>& live, const DifferenceScan& scan) {
    if (scan.height() == 0) return 1.0;
    BoundaryShare share(scan);
    std::int64_t k = 0;
    for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t d) {
        for (std::size_t left = c + d; left > 0; --left) share.step(++k, left == 1);
    });
    return std::min(1.0, share.result());
}

double asymptotic_p(const DifferenceScan& scan, double distance) {
    const double m = static_cast<double>(std::max(scan.n, scan.m));
    const double n = static_cast<double>(std::min(scan.n, scan.m));
    const double effective = m * n / (m + n);
    if (scan.alternative == Alternative::two_sided)
        return stats::kolmogorov_finite_sf(distance, std::nearbyint(effective));
    const double z = std::sqrt(effective) * distance;
    return std::min(1.0, std::exp(-2.0 * z * z - 2.0 * z * (m + 2.0 * n) / std::sqrt(m * n * (m + n)) / 3.0));
}

// P(V >= v) of the limit law at lambda: 2 sum (4 j^2 lambda^2 - 1) exp(-2 j^2 lambda^2). Below 0.4 it is 1 to 1e-9.
double kuiper_sf(double lambda) {
    if (lambda < 0.4) return 1.0;
    double sum = 0.0;
    for (int j = 1; j <= 12; ++j) {
        const double a = 2.0 * j * j * lambda * lambda;
        sum += (2.0 * a - 1.0) * std::exp(-a);
    }
    return std::clamp(2.0 * sum, 0.0, 1.0);
}

// Bands around both distribution functions at once.
double band_width(const TestResult& result, double confidence) {
    const stats::Confidence each(1.0 - 0.5 * (1.0 - confidence));
    return stats::dkw_half_width(static_cast<std::uint64_t>(result.reference_count), each) +
           stats::dkw_half_width(static_cast<std::uint64_t>(result.live_count), each);
}

// Statistic, effect and interval, from a scan.
void describe(const DifferenceScan& scan, double confidence, TestResult& result) {
    const double distance = static_cast<double>(scan.height()) / (result.reference_count * result.live_count);
    result.statistic = result.effect = distance;
    const double width = (scan.kuiper ? 2.0 : 1.0) * band_width(result, confidence);
    result.effect_interval = {std::max(0.0, distance - width), std::min(1.0, distance + width)};
}

double kuiper_asymptotic_p(const TestResult& result) {
    const double root =
        std::sqrt(result.reference_count * result.live_count / (result.reference_count + result.live_count));
    return kuiper_sf((root + 0.155 + 0.24 / root) * result.statistic);
}

void check_kuiper(const TestOptions& options) {
    check_options(kuiper_name, options);
    require_two_sided(kuiper_name, options);
    refuse_exact(kuiper_name, options);
}

// Whether no more than the extremes of F - G is needed, whatever the data.
bool is_asymptotic(const TestOptions& options, std::size_t larger) {
    if (options.method == Method::automatic) return larger > exact_size_automatic;
    return options.method == Method::asymptotic;
}

Wanted wanted(Alternative alternative) {
    switch (alternative) {
        case Alternative::greater: return Wanted::largest;
        case Alternative::less: return Wanted::smallest;
        default: return Wanted::largest_size;
    }
}

DifferenceScan scan_of(const DifferenceExtremes& extremes, const TestResult& counts, Alternative alternative,
                       bool kuiper) {
    DifferenceScan scan{static_cast<std::int64_t>(counts.reference_count), static_cast<std::int64_t>(counts.live_count),
                        alternative, kuiper};
    scan.largest = extremes.largest;
    scan.smallest = extremes.smallest;
    return scan;
}

TestResult asymptotic_ks(const DifferenceExtremes& extremes, const TestOptions& options, TestResult result) {
    const DifferenceScan scan = scan_of(extremes, result, options.alternative, false);
    describe(scan, options.confidence, result);
    result.p_value = asymptotic_p(scan, result.statistic);
    return result;
}

TestResult asymptotic_kuiper(const DifferenceExtremes& extremes, const TestOptions& options, TestResult result) {
    describe(scan_of(extremes, result, Alternative::two_sided, true), options.confidence, result);
    result.p_value = kuiper_asymptotic_p(result);
    return result;
}

}  // namespace

template <class T>
TestResult ks_two_sample(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options) {
    check_options(ks_name, options);
    TestResult result = start_result(ks_name, reference.size(), live.size(), 1);
    const DifferenceScan scan = scan_differences(reference, live, options.alternative, false);
    describe(scan, options.confidence, result);
    const double steps = exact_steps(scan);
    Method method = options.method;
    if (method == Method::automatic)
        method = std::max(reference.size(), live.size()) <= exact_size_automatic && steps <= exact_steps_automatic
                     ? Method::exact
                     : Method::asymptotic;
    if (method == Method::exact && steps > exact_steps_largest)
        throw Error(ErrorCode::unsupported, "ks_two_sample: the exact p-value would take " + std::to_string(steps) +
                                                " steps, at most 1e10 are supported");
    switch (method) {
        case Method::exact: result.p_value = exact_p(reference, live, scan); break;
        case Method::permutation:
            result.p_value = permutation_p(reference.values(), live.values(), options, [&] {
                return DifferenceScan{scan.n, scan.m, options.alternative};
            });
            break;
        default: result.p_value = asymptotic_p(scan, result.statistic);
    }
    return result;
}

template <class T>
TestResult kuiper_two_sample(const SortedSample<T>& reference, const SortedSample<T>& live,
                             const TestOptions& options) {
    check_kuiper(options);
    TestResult result = start_result(kuiper_name, reference.size(), live.size(), 1);
    const DifferenceScan scan = scan_differences(reference, live, Alternative::two_sided, true);
    describe(scan, options.confidence, result);
    const bool small = reference.size() + live.size() <= kuiper_permuted_size;
    if (options.method == Method::permutation || (options.method == Method::automatic && small)) {
        result.p_value = permutation_p(reference.values(), live.values(), options, [&] {
            return DifferenceScan{scan.n, scan.m, Alternative::two_sided, true};
        });
    } else {
        result.p_value = kuiper_asymptotic_p(result);
    }
    return result;
}

template <class T>
TestResult ks_two_sample(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    check_options(ks_name, options);
    const CleanValues<T> x(reference, options.nan), y(live, options.nan);
    const TestResult counts = start_result(ks_name, x.values().size(), y.values().size(), 1);
    if (is_asymptotic(options, std::max(x.values().size(), y.values().size())))
        if (const auto extremes = difference_extremes(x.values(), y.values(), wanted(options.alternative)))
            return asymptotic_ks(*extremes, options, counts);
    return ks_two_sample(SortedSample<T>(x.values()), SortedSample<T>(y.values()), options);
}

template <class T>
TestResult ks_two_sample(const BucketedSample<T>& reference, ColumnView<T> live, const TestOptions& options) {
    check_options(ks_name, options);
    const CleanValues<T> y(live, options.nan);
    const TestResult counts = start_result(ks_name, reference.size(), y.values().size(), 1);
    if (!is_asymptotic(options, std::max(reference.size(), y.values().size())))
        return ks_two_sample(reference.sample(), SortedSample<T>(y.values()), options);
    return asymptotic_ks(difference_extremes(reference.table(), y.values(), wanted(options.alternative)), options,
                         counts);
}

template <class T>
TestResult kuiper_two_sample(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options) {
    check_kuiper(options);
    const CleanValues<T> x(reference, options.nan), y(live, options.nan);
    const TestResult counts = start_result(kuiper_name, x.values().size(), y.values().size(), 1);
    if (is_asymptotic(options, std::max(x.values().size(), y.values().size())))
        if (const auto extremes = difference_extremes(x.values(), y.values(), Wanted::both))
            return asymptotic_kuiper(*extremes, options, counts);
    return kuiper_two_sample(SortedSample<T>(x.values()), SortedSample<T>(y.values()), options);
}

template <class T>
TestResult kuiper_two_sample(const BucketedSample<T>& reference, ColumnView<T> live, const TestOptions& options) {
    check_kuiper(options);
    const CleanValues<T> y(live, options.nan);
    const TestResult counts = start_result(kuiper_name, reference.size(), y.values().size(), 1);
    if (!is_asymptotic(options, std::max(reference.size(), y.values().size())))
        return kuiper_two_sample(reference.sample(), SortedSample<T>(y.values()), options);
    return asymptotic_kuiper(difference_extremes(reference.table(), y.values(), Wanted::both), options, counts);
}

template TestResult ks_two_sample<float>(const SortedSample<float>&, const SortedSample<float>&, const TestOptions&);
template TestResult ks_two_sample<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult ks_two_sample<float>(const BucketedSample<float>&, ColumnView<float>, const TestOptions&);
template TestResult kuiper_two_sample<float>(const SortedSample<float>&, const SortedSample<float>&,
                                             const TestOptions&);
template TestResult kuiper_two_sample<float>(ColumnView<float>, ColumnView<float>, const TestOptions&);
template TestResult kuiper_two_sample<float>(const BucketedSample<float>&, ColumnView<float>, const TestOptions&);
template TestResult ks_two_sample<double>(const SortedSample<double>&, const SortedSample<double>&, const TestOptions&);
template TestResult ks_two_sample<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);
template TestResult ks_two_sample<double>(const BucketedSample<double>&, ColumnView<double>, const TestOptions&);
template TestResult kuiper_two_sample<double>(const SortedSample<double>&, const SortedSample<double>&,
                                              const TestOptions&);
template TestResult kuiper_two_sample<double>(ColumnView<double>, ColumnView<double>, const TestOptions&);
template TestResult kuiper_two_sample<double>(const BucketedSample<double>&, ColumnView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
