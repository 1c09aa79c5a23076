// SPDX-License-Identifier: Apache-2.0
// Maximum mean discrepancy with Gaussian kernels: bandwidths, the statistic of one mean kernel or of MMD-FUSE, and its
// contributions.
#include "vedette/drift/maximum_mean_discrepancy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <variant>

#include "drift/pair_test.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "maximum_mean_discrepancy";

// exp(-|x - y|^2/(2 s^2)) for each bandwidth s: their mean, or each for itself.
template <class W>
class Gaussians final : public PairKernel<W> {
  public:
    // Bandwidths in units of stored rows.
    Gaussians(std::span<const double> bandwidths, KernelAggregation aggregation)
        : separate_(aggregation == KernelAggregation::fuse) {
        // The largest factor at which equal rows still have exponent 0 and not a NaN.
        constexpr double most = sizeof(W) == sizeof(float) ? 0x1p120 : 0x1p1000;
        for (const double s : bandwidths) {
            const double precision = 1.0 / (s * s);
            factors_.push_back(static_cast<W>(std::min(0.5 * std::numbers::log2e * precision, most)));
            precisions_.push_back(std::min(precision, most));
        }
        set_slope_weights(std::vector<double>(factors_.size(), 1.0 / static_cast<double>(factors_.size())));
    }

    // The slope is that of the kernels' sum with these weights, none of them negative.
    void set_slope_weights(std::span<const double> weights) {
        slope_weights_.resize(weights.size());
        double limit = 0.0;
        at_zero_ = W{0};
        for (std::size_t b = 0; b < weights.size(); ++b) {
            slope_weights_[b] = static_cast<W>(weights[b]);
            at_zero_ += slope_weights_[b];
            limit -= 0.5 * weights[b] * precisions_[b];
        }
        steepest_ = static_cast<W>(limit);
    }

    [[nodiscard]] std::size_t functions() const noexcept override { return separate_ ? factors_.size() : 1; }
    [[nodiscard]] bool wants_squares() const noexcept override { return true; }
    void evaluate(std::size_t function, const W* squared, std::size_t rows, W* out) const noexcept override {
        const auto& table = kernels::pairs<W>(kernels::kernels());
        if (separate_) return table.gaussian(squared, rows, factors_[function], W{1}, false, out);
        const W weight = W{1} / static_cast<W>(factors_.size());
        for (std::size_t b = 0; b < factors_.size(); ++b)
            table.gaussian(squared, rows, factors_[b], weight, b > 0, out);
    }
    void slope(const W* squared, std::size_t rows, W* out) const noexcept override {
        const auto& table = kernels::pairs<W>(kernels::kernels());
        for (std::size_t b = 0; b < factors_.size(); ++b)
            table.gaussian(squared, rows, factors_[b], slope_weights_[b], b > 0, out);
        // The mean slope from a distance of zero on. Close to it the difference is rounding: not beyond the limit.
        for (std::size_t i = 0; i < rows * kernels::panel_rows; ++i) {
            const W fall = std::min(out[i] - at_zero_, W{0});
            const W slope = squared[i] > W{0} ? fall / squared[i] : W{0};
            out[i] = std::max(slope, steepest_);
        }
    }
    // Whether kernel values differ from 1 by so little at this squared distance that a float would lose them.
    [[nodiscard]] bool is_flat_at(double squared) const noexcept {
        return std::any_of(factors_.begin(), factors_.end(),
                           [&](W factor) { return static_cast<double>(factor) * squared < 0x1p-6; });
    }

  private:
    bool separate_;
    std::vector<W> factors_;
    std::vector<double> precisions_;
    std::vector<W> slope_weights_;
    W at_zero_{0};   // the sum of the slope weights
    W steepest_{0};  // the slope at a distance of zero
};

// In units of stored rows; `unit` takes them to the caller's.
template <class W>
std::vector<double> choose_bandwidths(const DistanceSample<W>& sample, const MmdOptions& options, double unit) {
    std::vector<double> bandwidths;
    for (const double s : options.bandwidths) bandwidths.push_back(s / unit);
    if (!bandwidths.empty()) return bandwidths;
    if (options.aggregation == KernelAggregation::mean_kernel) {
        bandwidths.push_back(std::sqrt(0.5 * sample.median()));
    } else {
        constexpr int count = 10;
        double first = 0.5 * std::sqrt(sample.quantile(0.05));
        const double last = 2.0 * std::sqrt(sample.quantile(0.95));
        if (!(first > 0.0)) first = last > 0.0 ? 0.5 * std::sqrt(0.5 * sample.median()) : 0.0;
        for (int i = 0; i < count; ++i) bandwidths.push_back(first + (last - first) * i / (count - 1));
    }
    // Rows that are all equal have no distances: any bandwidth gives a statistic of 0.
    for (double& s : bandwidths)
        if (!(s > 0.0)) s = 1.0;
    return bandwidths;
}

// The reference with its bandwidths.
template <class W>
struct Prepared {
    PairFrame frame;
    MmdOptions options;
    std::vector<double> bandwidths;  // in units of the data
    Gaussians<W> kernel;
    ReferencePairs<W> pairs;
};

bool slopes_in_one_pass(const MmdOptions& options) noexcept {
    // Otherwise the kernels' weights depend on the statistic.
    return options.feature_contributions && options.aggregation == KernelAggregation::mean_kernel;
}

// Whether the rounding of rows to a step, of which each kernel value is out by a quarter of step/s at most (standard
// deviation, continuous columns; three steps where all round alike), and MMD^2 of one law by (step/s)/rows, may be.
bool is_fine(double step, double bandwidth, std::size_t rows) noexcept {
    return step > 0.0 && step <= 1e-4 * bandwidth && step <= 1e-7 * bandwidth * static_cast<double>(rows);
}

constexpr std::size_t least_rounded_columns = 16;  // fewer have nothing to gain

// Rows of floats are rounded to whole steps where that leaves MMD^2 what it promises. Both sides or none: of columns
// that hold few levels all values round alike, which cancels between two laws only if both are rounded. A frozen
// reference does not know of rows to come, and stays as it is.
void round_rows(PairRows<float>& reference, PairRows<float>* live, double bandwidth) {
    if (live == nullptr || reference.dimension < least_rounded_columns) return;
    const double step = std::max(reference.finest_step(), live->finest_step());
    if (!is_fine(step, bandwidth, std::min(reference.count, live->count))) return;
    reference.round_to(step);
    live->round_to(step);
}

// Nothing when a float cannot hold what is to be told apart.
template <class W>
std::optional<Prepared<W>> prepare(PairRows<W> reference, PairRows<W>* live, const PairFrame& frame,
                                   const MmdOptions& options) {
    if (sizeof(W) == sizeof(float) && (reference.beyond_float || (live != nullptr && live->beyond_float)))
        return std::nullopt;
    const DistanceSample<W> sample(reference, live, options.test.seed);
    std::vector<double> bandwidths = choose_bandwidths(sample, options, frame.unit());
    Gaussians<W> kernel(bandwidths, options.aggregation);
    if (sizeof(W) == sizeof(float) && !options.bandwidths.empty() && kernel.is_flat_at(sample.median()))
        return std::nullopt;
    if constexpr (sizeof(W) == sizeof(float))
        round_rows(reference, live, *std::min_element(bandwidths.begin(), bandwidths.end()));
    for (double& s : bandwidths) s *= frame.unit();
    std::vector<ByteRange<W>> ranges = sample.ranges(kernel);
    ReferencePairs<W> pairs(std::move(reference), std::move(ranges), kernel, slopes_in_one_pass(options));
    return Prepared<W>{frame, options, std::move(bandwidths), std::move(kernel), std::move(pairs)};
}

// Of each kernel: means over the three kinds of pairs, and the root mean square of all pooled pairs.
struct KernelMeans {
    double within = 0.0;
    double within_live = 0.0;
    double across = 0.0;
    double root_mean_square = 0.0;

    [[nodiscard]] double discrepancy() const noexcept { return (within - across) + (within_live - across); }
};

template <class W>
std::vector<KernelMeans> means_of(const ComparedPairs<W>& pairs, double n, double m) {
    std::vector<KernelMeans> all(pairs.pooled.size());
    for (std::size_t f = 0; f < all.size(); ++f) {
        all[f].within = 2.0 * pairs.reference.within.total(f) / (n * (n - 1.0));
        all[f].within_live = 2.0 * pairs.within_live.total(f) / (m * (m - 1.0));
        all[f].across = pairs.across.total(f) / (n * m);
        const double squares =
            pairs.reference.within.squares[f] + pairs.within_live.squares[f] + pairs.across.squares[f];
        all[f].root_mean_square = std::sqrt(2.0 * squares / ((n + m) * (n + m - 1.0)));
    }
    return all;
}

// log(mean of exp(x_b)), and the weights that x_b have in it.
double soft_maximum(std::span<const double> x, std::vector<double>* weights) {
    const double largest = *std::max_element(x.begin(), x.end());
    double sum = 0.0;
    for (const double value : x) sum += std::exp(value - largest);
    if (weights != nullptr) {
        weights->clear();
        for (const double value : x) weights->push_back(std::exp(value - largest) / sum);
    }
    return largest + std::log(sum / static_cast<double>(x.size()));
}

// MMD-FUSE of relabelled bytes.
class FusedForms {
  public:
    template <class W>
    FusedForms(const ComparedPairs<W>& pairs, std::span<const KernelMeans> means, double n, double m, double sharpness)
        : values_(means.size()) {
        for (std::size_t f = 0; f < means.size(); ++f) {
            double total = 0.0;
            for (const std::uint32_t sum : pairs.pooled[f].row_sums) total += 0.5 * sum;
            // MMD^2 n m (n - 1)(m - 1)/2 = (N - 1) form/2 + m (m - 1) total, in bytes.
            const auto scale = static_cast<double>(pairs.reference.ranges[f].scale);
            const double unit = means[f].root_mean_square * scale;
            const double weight = unit > 0.0 ? 2.0 * sharpness / (unit * n * m * (n - 1.0) * (m - 1.0)) : 0.0;
            slopes_.push_back(weight * 0.5 * (n + m - 1.0));
            starts_.push_back(weight * m * (m - 1.0) * total);
        }
    }
    double operator()(Forms forms) {
        for (std::size_t f = 0; f < forms.size(); ++f)
            values_[f] = slopes_[f] * static_cast<double>(forms[f]) + starts_[f];
        return soft_maximum(values_, nullptr);
    }

  private:
    std::vector<double> slopes_;
    std::vector<double> starts_;
    std::vector<double> values_;
};

// test.statistic, and weights of the kernels in the contributions.
std::vector<double> fill_statistic(MultivariateResult& result, std::span<const KernelMeans> means,
                                   KernelAggregation aggregation, double sharpness) {
    std::vector<double> weights{1.0};
    if (aggregation == KernelAggregation::mean_kernel) {
        result.test.statistic = means[0].discrepancy();
        return weights;
    }
    std::vector<double> ratios;
    for (const KernelMeans& of : means)
        ratios.push_back(of.root_mean_square > 0.0 ? sharpness * of.discrepancy() / of.root_mean_square : 0.0);
    result.test.statistic = soft_maximum(ratios, &weights) / sharpness;
    for (std::size_t f = 0; f < weights.size(); ++f)
        weights[f] = means[f].root_mean_square > 0.0 ? weights[f] / means[f].root_mean_square : 0.0;
    return weights;
}

template <class W>
std::vector<double> feature_slopes(const Prepared<W>& prepared, const ComparedPairs<W>& pairs, const PairRows<W>& live,
                                   std::span<const double> weights) {
    const auto n = static_cast<double>(prepared.pairs.rows.count), m = static_cast<double>(live.count);
    const auto combine = [&](const std::vector<double>& within, const std::vector<double>& within_live,
                             const std::vector<double>& across) {
        std::vector<double> all(within.size());
        for (std::size_t f = 0; f < all.size(); ++f)
            all[f] = 2.0 * (within[f] / (n * (n - 1.0)) + within_live[f] / (m * (m - 1.0)) - across[f] / (n * m));
        return all;
    };
    if (slopes_in_one_pass(prepared.options))
        return combine(prepared.pairs.within.slopes, pairs.within_live.slopes, pairs.across.slopes);
    Gaussians<W> kernel = prepared.kernel;
    kernel.set_slope_weights(weights);
    const PairRows<W>& reference = prepared.pairs.rows;
    return combine(sum_slopes(reference, reference, kernel), sum_slopes(live, live, kernel),
                   sum_slopes(live, reference, kernel));
}

template <class W>
std::vector<double> row_shares(const ComparedPairs<W>& pairs, std::span<const KernelMeans> means,
                               std::span<const double> weights, double n, double m) {
    std::vector<double> rows(pairs.within_live.by_panel_row[0].size());
    for (std::size_t f = 0; f < means.size(); ++f) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double witness =
                pairs.within_live.by_panel_row[f][i] / (m - 1.0) - pairs.across.by_panel_row[f][i] / n;
            rows[i] += weights[f] * (witness + (means[f].within - means[f].across)) / m;
        }
    }
    return rows;
}

struct Deviations {
    double sum = 0.0;
    double squares = 0.0;
    double count = 0.0;

    void add(double x) noexcept {
        sum += x;
        squares += x * x;
        count += 1.0;
    }
    [[nodiscard]] double variance_of_mean() const noexcept {
        return std::max(0.0, squares - sum * sum / count) / ((count - 1.0) * count);
    }
};

// Of the mean of the kernels.
KernelMeans mean_of(std::span<const KernelMeans> means) {
    KernelMeans mean{};
    const auto count = static_cast<double>(means.size());
    for (const KernelMeans& of : means) {
        mean.within += of.within / count;
        mean.within_live += of.within_live / count;
        mean.across += of.across / count;
        mean.root_mean_square += of.root_mean_square / count;  // no less than the mean's own
    }
    return mean;
}

// Of sums by row, their mean over the kernels.
double mean_over(const std::vector<std::vector<double>>& kernels, std::size_t row) {
    double sum = 0.0;
    for (const std::vector<double>& rows : kernels) sum += rows[row];
    return sum / static_cast<double>(kernels.size());
}

// The variance of MMD^2 + ratio (mean of k within the reference), for the mean of the kernels: of the first order from
// each row's influence, that of the second, all there is where nothing has changed, as if both samples were of one law.
template <class W>
double variance_of(const ComparedPairs<W>& pairs, const KernelMeans& mean, double ratio, double n, double m) {
    Deviations reference, live;
    double row_squares = 0.0, total = 0.0;
    const auto add_row = [&](double sum) {
        const double row = sum / (n + m - 1.0);
        row_squares += row * row / (n + m);
        total += row / (n + m);
    };
    for (std::size_t i = 0; i < pairs.across.by_row[0].size(); ++i) {
        const double within = mean_over(pairs.reference.within.by_panel_row, i);
        const double across = mean_over(pairs.across.by_row, i);
        reference.add((1.0 + ratio) * within / (n - 1.0) - across / m);
        add_row(within + across);
    }
    for (std::size_t i = 0; i < pairs.across.by_panel_row[0].size(); ++i) {
        const double within = mean_over(pairs.within_live.by_panel_row, i);
        const double across = mean_over(pairs.across.by_panel_row, i);
        live.add(within / (m - 1.0) - across / n);
        add_row(within + across);
    }
    const double first = 4.0 * (reference.variance_of_mean() + live.variance_of_mean());
    const double centred =
        std::max(0.0, mean.root_mean_square * mean.root_mean_square - 2.0 * row_squares + total * total);
    return first + centred * (2.0 / (n * (n - 1.0)) + 2.0 / (m * (m - 1.0)) + 4.0 / (n * m));
}

// The effect is the root of a ratio of U-statistics.
template <class W>
void fill_effect(MultivariateResult& result, const ComparedPairs<W>& pairs, std::span<const KernelMeans> means,
                 double confidence) {
    const double n = result.test.reference_count, m = result.test.live_count;
    const double quantile = stats::normal_quantile(0.5 + 0.5 * confidence);
    const KernelMeans mean = mean_of(means);
    const double discrepancy = mean.discrepancy(), spread = 1.0 - mean.within;
    // With t the total variation, P - Q is t (P' - Q') of two other laws: MMD^2 is t^2 times theirs, which is at most 2
    // for kernels between 0 and 1.
    const double reach = quantile * std::sqrt(variance_of(pairs, mean, 0.0, n, m));
    const auto share = [](double square) { return std::min(1.0, std::sqrt(std::max(0.0, square) / 2.0)); };
    result.moved_share = share(discrepancy);
    result.moved_share_interval = {share(discrepancy - reach), share(discrepancy + reach)};
    result.test.effect = discrepancy > 0.0 ? std::sqrt(discrepancy / std::max(spread, 0.0)) : 0.0;
    if (!(spread > 0.0)) return;
    const double ratio = discrepancy / spread;
    const double ratio_reach = quantile * std::sqrt(variance_of(pairs, mean, std::max(0.0, ratio), n, m)) / spread;
    result.test.effect_interval = {std::sqrt(std::max(0.0, ratio - ratio_reach)),
                                   std::sqrt(std::max(0.0, ratio + ratio_reach))};
}

// Row contributions come for kept rows only.
template <class W>
MultivariateResult compare(const Prepared<W>& prepared, const PairRows<W>& live) {
    const MmdOptions& options = prepared.options;
    const ComparedPairs<W> pairs(prepared.pairs, live, prepared.kernel, slopes_in_one_pass(options));
    const std::size_t rows = prepared.pairs.rows.count;
    const auto n = static_cast<double>(rows), m = static_cast<double>(live.count);
    const std::vector<KernelMeans> means = means_of(pairs, n, m);
    const double smaller = std::min(n, m), sharpness = std::sqrt(smaller * (smaller - 1.0));
    MultivariateResult result;
    const std::vector<double> weights = fill_statistic(result, means, options.aggregation, sharpness);
    result.test.reference_count = n;
    result.test.live_count = m;
    fill_effect(result, pairs, means, options.test.confidence);
    result.row_contributions = row_shares(pairs, means, weights, n, m);
    if (options.feature_contributions) result.feature_contributions = feature_slopes(prepared, pairs, live, weights);
    const RelabellingOptions relabelling{options.test.permutations, options.test.seed, options.stop_after};
    const FormWeights forms = unbiased_weights(rows, live.count);
    if (options.aggregation == KernelAggregation::mean_kernel) {
        result.test.p_value =
            relabelling_p_value(pairs.pooled, rows, live.count, forms, relabelling,
                                [](Forms permuted, Forms observed) { return permuted[0] >= observed[0]; });
    } else {
        FusedForms fused(pairs, means, n, m, sharpness);
        result.test.p_value = relabelling_p_value(
            pairs.pooled, rows, live.count, forms, relabelling,
            [&](Forms permuted, Forms observed) { return stats::is_as_extreme(fused(permuted), fused(observed)); });
    }
    return result;
}

void check_mmd_options(const MmdOptions& options) {
    check_pair_options(name, options.test);
    for (const double s : options.bandwidths)
        if (!(s > 0.0 && std::isfinite(s)))
            throw Error(ErrorCode::invalid_argument,
                        std::string(name) + ": a bandwidth is " + std::to_string(s) + ", must be positive and finite");
    if (options.aggregation != KernelAggregation::mean_kernel && options.aggregation != KernelAggregation::fuse)
        throw Error(ErrorCode::invalid_argument, std::string(name) + ": aggregation is " +
                                                     std::to_string(static_cast<unsigned>(options.aggregation)) +
                                                     ", no value of KernelAggregation");
}

template <class T>
MultivariateResult spread(MultivariateResult result, const Sample<T>& live) {
    std::vector<double> all(live.view.rows(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < live.kept.size(); ++k) all[live.kept[k]] = result.row_contributions[k];
    result.row_contributions = std::move(all);
    return result;
}

template <class W, class T>
std::optional<MultivariateResult> compare_samples(const std::array<Sample<T>, 2>& samples, const PairFrame& frame,
                                                  const MmdOptions& options) {
    PairRows<W> live(samples[1], frame);
    const std::optional<Prepared<W>> prepared = prepare(PairRows<W>(samples[0], frame), &live, frame, options);
    if (!prepared) return std::nullopt;
    return compare(*prepared, live);
}

}  // namespace

template <class T>
MultivariateResult maximum_mean_discrepancy(MatrixView<T> reference, MatrixView<T> live, const MmdOptions& options) {
    check_mmd_options(options);
    check_columns(reference.columns(), live.columns(), name);
    const std::array<Sample<T>, 2> samples{read_sample(reference, options.test.nan, name, "reference", 2),
                                           read_sample(live, options.test.nan, name, "live", 2)};
    check_pooled_rows(name, samples[0].kept.size(), samples[1].kept.size());
    const PairFrame frame = make_frame<T>(samples);
    std::optional<MultivariateResult> result;
    if constexpr (sizeof(T) == sizeof(float)) result = compare_samples<float>(samples, frame, options);
    if (!result) result = compare_samples<double>(samples, frame, options);
    return spread(std::move(*result), samples[1]);
}

template MultivariateResult maximum_mean_discrepancy(MatrixView<float>, MatrixView<float>, const MmdOptions&);
template MultivariateResult maximum_mean_discrepancy(MatrixView<double>, MatrixView<double>, const MmdOptions&);

template <class T>
struct MaximumMeanDiscrepancy<T>::State {
    std::variant<std::monostate, Prepared<float>, Prepared<double>> prepared;
};

template <class T>
MaximumMeanDiscrepancy<T>::MaximumMeanDiscrepancy(MatrixView<T> reference, const MmdOptions& options) {
    check_mmd_options(options);
    check_columns(reference.columns(), reference.columns(), name);
    const Sample<T> sample = read_sample(reference, options.test.nan, name, "reference", 2);
    const PairFrame frame = make_frame<T>(std::span(&sample, 1));
    auto state = std::make_shared<State>();
    if constexpr (sizeof(T) == sizeof(float)) {
        auto prepared = prepare<float>(PairRows<float>(sample, frame), nullptr, frame, options);
        if (prepared) state->prepared = std::move(*prepared);
    }
    if (std::holds_alternative<std::monostate>(state->prepared))
        state->prepared = std::move(*prepare<double>(PairRows<double>(sample, frame), nullptr, frame, options));
    state_ = std::move(state);
}

namespace {

template <class Prepared, class Use>
auto use_prepared(const Prepared& prepared, Use&& use) {
    if (const auto* in_float = std::get_if<1>(&prepared)) return use(*in_float);
    return use(std::get<2>(prepared));
}

}  // namespace

template <class T>
std::size_t MaximumMeanDiscrepancy<T>::dimension() const noexcept {
    return use_prepared(state_->prepared, [](const auto& p) { return p.pairs.rows.dimension; });
}
template <class T>
std::size_t MaximumMeanDiscrepancy<T>::reference_count() const noexcept {
    return use_prepared(state_->prepared, [](const auto& p) { return p.pairs.rows.count; });
}
template <class T>
const std::vector<double>& MaximumMeanDiscrepancy<T>::bandwidths() const noexcept {
    return *use_prepared(state_->prepared, [](const auto& p) { return &p.bandwidths; });
}

template <class T>
MultivariateResult MaximumMeanDiscrepancy<T>::test(MatrixView<T> live) const {
    return use_prepared(state_->prepared, [&]<class W>(const Prepared<W>& prepared) {
        check_columns(prepared.pairs.rows.dimension, live.columns(), name);
        const Sample<T> sample = read_sample(live, prepared.options.test.nan, name, "live", 2);
        check_pooled_rows(name, prepared.pairs.rows.count, sample.kept.size());
        PairRows<W> rows(sample, prepared.frame);
        return spread(compare(prepared, rows), sample);
    });
}

template class MaximumMeanDiscrepancy<float>;
template class MaximumMeanDiscrepancy<double>;

}  // namespace vedette::inline v0::drift
