// SPDX-License-Identifier: Apache-2.0
// D between step functions of which at least one is a sketch's, and what follows from its bounds.
#include "vedette/drift/sketch_tests.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {
namespace {

void check_share(const char* name, double value) {
    if (!(value > 0.0 && value < 1.0))
        throw Error(ErrorCode::invalid_argument, std::string("ks_two_sample: ") + name + " is " +
                                                     std::to_string(value) + ", must lie strictly between 0 and 1");
}

// The distribution function of a sketch: values ascending, weights summed up.
template <class T>
class SketchSteps {
  public:
    explicit SketchSteps(const stats::KllSketch<T>& sketch) : values_(sketch.sorted_values()), total_(sketch.count()) {
        std::uint64_t sum = 0;
        for (auto& item : values_) item.weight = sum += item.weight;
    }

    [[nodiscard]] const std::vector<stats::WeightedValue<T>>& values() const noexcept { return values_; }
    [[nodiscard]] double at(std::size_t i) const noexcept { return share(values_[i].weight); }
    [[nodiscard]] double before(std::size_t i) const noexcept { return i == 0 ? 0.0 : at(i - 1); }
    // P(X < x) and P(X <= x).
    [[nodiscard]] double below(T x) const noexcept {
        return before(index([x](const auto& item) { return item.value < x; }));
    }
    [[nodiscard]] double at_most(T x) const noexcept {
        return before(index([x](const auto& item) { return item.value <= x; }));
    }

  private:
    template <class Is>
    [[nodiscard]] std::size_t index(Is&& is) const noexcept {
        return static_cast<std::size_t>(std::partition_point(values_.begin(), values_.end(), is) - values_.begin());
    }
    [[nodiscard]] double share(std::uint64_t weight) const noexcept {
        return static_cast<double>(weight) / static_cast<double>(total_);
    }

    std::vector<stats::WeightedValue<T>> values_;
    std::uint64_t total_;
};

template <class T>
class SampleSteps {
  public:
    explicit SampleSteps(const SortedSample<T>& sample) : values_(sample.values()) {}

    [[nodiscard]] double below(T x) const noexcept {
        return share(std::lower_bound(values_.begin(), values_.end(), x) - values_.begin());
    }
    [[nodiscard]] double at_most(T x) const noexcept {
        return share(std::upper_bound(values_.begin(), values_.end(), x) - values_.begin());
    }

  private:
    [[nodiscard]] double share(std::ptrdiff_t count) const noexcept {
        return static_cast<double>(count) / static_cast<double>(values_.size());
    }

    std::span<const T> values_;
};

// Between two kept values the sketch stands still while the other side only grows: the largest difference lies at an
// end of such a stretch.
template <class T, class Reference>
double largest_difference(const Reference& reference, const SketchSteps<T>& live) {
    double largest = 0.0;
    for (std::size_t i = 0; i < live.values().size(); ++i) {
        const T value = live.values()[i].value;
        largest = std::max({largest, std::abs(reference.below(value) - live.before(i)),
                            std::abs(reference.at_most(value) - live.at(i))});
    }
    return largest;
}

struct Side {
    std::uint64_t count;
    double error;  // of its ranks, uniformly
};

template <class T>
Side side_of(const stats::KllSketch<T>& sketch, const char* name, double error_probability) {
    if (sketch.empty())
        throw Error(ErrorCode::not_enough_data,
                    std::string("ks_two_sample: the ") + name + " sketch has seen no finite value");
    return {sketch.count(), sketch.uniform_rank_error(1.0 - error_probability)};
}

SketchKsResult conclude(double statistic, const Side& reference, const Side& live, double spent, double confidence) {
    const auto n = static_cast<double>(reference.count);
    const auto m = static_cast<double>(live.count);
    const double effective = n / (n + m) * m;
    SketchKsResult result;
    result.statistic = statistic;
    result.rank_error = reference.error + live.error;
    result.statistic_interval = {std::max(0.0, statistic - result.rank_error),
                                 std::min(1.0, statistic + result.rank_error)};
    result.p_value_interval = {stats::kolmogorov_finite_sf(result.statistic_interval.upper, effective),
                               stats::kolmogorov_finite_sf(result.statistic_interval.lower, effective)};
    result.sketch_error_probability = spent;
    result.p_value = std::min(1.0, result.p_value_interval.upper + spent);
    const stats::Confidence each(0.5 + 0.5 * confidence);
    const double band = stats::dkw_half_width(reference.count, each) + stats::dkw_half_width(live.count, each);
    result.effect_interval = {std::max(0.0, result.statistic_interval.lower - band),
                              std::min(1.0, result.statistic_interval.upper + band)};
    result.reference_count = reference.count;
    result.live_count = live.count;
    return result;
}

}  // namespace

template <class T>
SketchKsResult ks_two_sample(const SortedSample<T>& reference, const stats::KllSketch<T>& live,
                             const SketchTestOptions& options) {
    check_share("confidence", options.confidence);
    check_share("sketch_error_probability", options.sketch_error_probability);
    if (reference.empty())
        throw Error(ErrorCode::not_enough_data, "ks_two_sample: the reference sample holds no value");
    if (!reference.is_finite())
        throw Error(ErrorCode::invalid_argument,
                    "ks_two_sample: the reference sample holds infinities, which a sketch sets apart");
    const Side second = side_of(live, "live", options.sketch_error_probability);
    const double statistic = largest_difference(SampleSteps<T>(reference), SketchSteps<T>(live));
    return conclude(statistic, {reference.size(), 0.0}, second,
                    live.is_exact() ? 0.0 : options.sketch_error_probability, options.confidence);
}

template <class T>
SketchKsResult ks_two_sample(const stats::KllSketch<T>& reference, const stats::KllSketch<T>& live,
                             const SketchTestOptions& options) {
    check_share("confidence", options.confidence);
    check_share("sketch_error_probability", options.sketch_error_probability);
    const double half = 0.5 * options.sketch_error_probability;
    const Side first = side_of(reference, "reference", half);
    const Side second = side_of(live, "live", half);
    const double spent = (reference.is_exact() ? 0.0 : half) + (live.is_exact() ? 0.0 : half);
    const double statistic = largest_difference(SketchSteps<T>(reference), SketchSteps<T>(live));
    return conclude(statistic, first, second, spent, options.confidence);
}

template SketchKsResult ks_two_sample(const SortedSample<float>&, const stats::KllSketch<float>&,
                                      const SketchTestOptions&);
template SketchKsResult ks_two_sample(const SortedSample<double>&, const stats::KllSketch<double>&,
                                      const SketchTestOptions&);
template SketchKsResult ks_two_sample(const stats::KllSketch<float>&, const stats::KllSketch<float>&,
                                      const SketchTestOptions&);
template SketchKsResult ks_two_sample(const stats::KllSketch<double>&, const stats::KllSketch<double>&,
                                      const SketchTestOptions&);

}  // namespace vedette::inline v0::drift
