// SPDX-License-Identifier: Apache-2.0
// From names to multivariate tests, and from tables to matrices of comparable columns.
#include "vedette/drift/multivariate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "drift/row_blocks.hpp"
#include "drift/row_matrix.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/classifier_test.hpp"
#include "vedette/drift/density_difference.hpp"
#include "vedette/drift/energy_test.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::array<const char*, multivariate_test_count> names{
    "hotelling_t2", "maximum_mean_discrepancy", "energy", "density_difference", "classifier", "mmd_fuse",
    "mean_shift",   "random_feature_mmd"};

}  // namespace

const char* multivariate_test_name(MultivariateTest test) noexcept {
    const auto index = static_cast<std::size_t>(test);
    return index < names.size() ? names[index] : "unknown";
}

std::optional<MultivariateTest> multivariate_test(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) return static_cast<MultivariateTest>(i);
    return std::nullopt;
}

namespace drift {
namespace {

// The complete rows of the chosen columns, row by row.
struct Rows {
    std::vector<double> values;
    std::size_t columns = 0;
    std::vector<std::size_t> origins;  // of each row, its index in the table

    [[nodiscard]] std::size_t count() const { return values.size() / columns; }
    [[nodiscard]] MatrixView<double> view() const {
        return MatrixView<double>::row_major(values.data(), count(), columns);
    }
};

Rows complete_rows(const Table& table, std::span<const std::string> columns, const RowBlocks& blocks) {
    Rows rows;
    rows.columns = columns.size();
    std::vector<double> by_row;
    std::vector<double> column;
    std::size_t count = 0;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const Column& source = *table.find(columns[c]);
        count = source.size();
        column.resize(count);
        source.copy_as_double(0, count, column.data());
        by_row.resize(count * columns.size());
        for (std::size_t i = 0; i < count; ++i) by_row[i * columns.size() + c] = column[i];
    }
    rows.values = take(blocks, columns.size(), std::move(by_row), &rows.origins);
    return rows;
}

// Both sides in units of the pooled standard deviation: the same whichever rows are called live, so that permutations
// stay exact.
void standardise(Rows& reference, Rows& live) {
    const auto total = static_cast<double>(reference.count() + live.count());
    for (std::size_t c = 0; c < reference.columns; ++c) {
        const auto each = [&](auto&& visit) {
            for (Rows* side : {&reference, &live})
                for (std::size_t i = c; i < side->values.size(); i += side->columns) visit(side->values[i]);
        };
        double largest = 0.0;
        each([&](double value) { largest = std::max(largest, std::abs(value)); });
        if (largest == 0.0) continue;
        double mean = 0.0;
        each([&](double& value) { mean += (value /= largest) / total; });
        double variance = 0.0;
        each([&](double& value) {
            value -= mean;
            variance += value * value / total;
        });
        if (!(variance > 1e-24)) {
            each([](double& value) { value = 0.0; });
            continue;
        }
        const double scale = 1.0 / std::sqrt(variance);
        each([&](double& value) { value *= scale; });
    }
}

// `most` rows at random, in their order.
Rows thinned(const Rows& rows, std::size_t most, std::uint64_t seed, std::uint64_t index) {
    if (rows.count() <= most) return rows;
    std::vector<std::uint8_t> labels(rows.count());
    stats::random_split(seed, index, most, labels);
    Rows kept;
    kept.columns = rows.columns;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] != 0) {
            kept.values.insert(kept.values.end(), rows.values.begin() + static_cast<std::ptrdiff_t>(i * rows.columns),
                               rows.values.begin() + static_cast<std::ptrdiff_t>((i + 1) * rows.columns));
            kept.origins.push_back(rows.origins[i]);
        }
    return kept;
}

// The rows that contribute most, up to `most`.
std::vector<RowContribution> leading_rows(const std::vector<double>& contributions,
                                          const std::vector<std::size_t>& origins, std::size_t most) {
    std::vector<RowContribution> rows;
    for (std::size_t i = 0; i < contributions.size(); ++i)
        if (contributions[i] > 0.0) rows.push_back({origins[i] + 1, contributions[i]});
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(most, rows.size()));
    std::partial_sort(rows.begin(), end, rows.end(), [](const RowContribution& a, const RowContribution& b) {
        return a.contribution != b.contribution ? a.contribution > b.contribution : a.position < b.position;
    });
    rows.erase(end, rows.end());
    return rows;
}

bool compares_pairs(MultivariateTest test) {
    return test == MultivariateTest::maximum_mean_discrepancy || test == MultivariateTest::mmd_fuse ||
           test == MultivariateTest::energy || test == MultivariateTest::density_difference;
}

// The total variation distance of two normal laws of one covariance whose means are `effect` standard deviations apart.
double share_of_mean_shift(double effect) {
    return 1.0 - 2.0 * stats::normal_sf(0.5 * std::max(0.0, effect));
}

// No classifier's AUC exceeds (1 + total variation)/2 by more than its ROC's bend: AUC - 1/2 <= tv - tv^2/2.
double share_of_auc(double effect) {
    return 1.0 - std::sqrt(std::max(0.0, 1.0 - 2.0 * std::clamp(effect, 0.0, 0.5)));
}

MultivariateResult with_moved_share(MultivariateResult result, double (*share)(double)) {
    const TestResult& test = result.test;
    if (std::isnan(test.effect)) return result;
    result.moved_share = share(test.effect);
    result.moved_share_interval = {share(test.effect_interval.lower), share(test.effect_interval.upper)};
    return result;
}

template <class T>
MultivariateResult density_difference(MatrixView<T> reference, MatrixView<T> live, const TestOptions& options) {
    if (options.alternative != Alternative::two_sided ||
        (options.method != Method::automatic && options.method != Method::permutation))
        throw Error(ErrorCode::unsupported, "density_difference: two-sided and by permutation only");
    return least_squares_density_difference(
        reference, live, {.nan = options.nan, .permutations = options.permutations, .seed = options.seed});
}

void require_limit_law(MultivariateTest test, const TestOptions& options) {
    if (options.alternative != Alternative::two_sided ||
        (options.method != Method::automatic && options.method != Method::asymptotic))
        throw Error(ErrorCode::unsupported,
                    std::string(multivariate_test_name(test)) + ": two-sided and by its own law only");
}

template <class T>
MultivariateResult mean_shift(MatrixView<T> reference, MatrixView<T> live, const TestOptions& options) {
    require_limit_law(MultivariateTest::mean_shift, options);
    check_columns(reference.columns(), live.columns(), "mean_shift");
    return MahalanobisDistance<T>(reference, options.nan).mean_shift(live, options.confidence, options.nan);
}

// With fewer rows of reference the covariance of many features is too uncertain: of 20 rows of 64 features p is below
// 0.05 in a fifth of runs.
constexpr std::size_t least_of_features = 100;

// Unit vectors have means at most 2 apart, so that half their distance is a share that must have moved.
double share_of_distance(double effect) {
    return std::clamp(0.5 * effect, 0.0, 1.0);
}

template <class T>
MultivariateResult random_feature_mmd(MatrixView<T> reference, MatrixView<T> live, const TestOptions& options) {
    constexpr const char* name = "random_feature_mmd";
    require_limit_law(MultivariateTest::random_feature_mmd, options);
    check_columns(reference.columns(), live.columns(), name);
    (void)kept_rows(live, options.nan, name, "live");  // what a stream would only count is refused here
    const std::size_t kept = kept_rows(reference, options.nan, name, "reference").size();
    if (kept < least_of_features) {
        throw Error(ErrorCode::not_enough_data, std::string(name) + ": " + std::to_string(kept) +
                                                    " complete rows of reference; its law needs " +
                                                    std::to_string(least_of_features));
    }
    const RandomFeatureMmd<T> frozen(reference, {.nan = options.nan, .seed = options.seed});
    FeatureWindow window = frozen.window();
    frozen.observe(window, live);
    MultivariateResult result = frozen.test(window, options.confidence);
    const double n = result.test.reference_count, m = result.test.live_count;
    result.row_contributions = frozen.witness(window, live);
    for (double& row : result.row_contributions) row *= n / (n + m);
    return result;
}

std::vector<std::string> shared_numeric_columns(const Table& reference, const Table& live) {
    std::vector<std::string> columns;
    for (const NamedColumn& column : reference.columns()) {
        const Column* other = live.find(column.name);
        if (other != nullptr && other->is_numeric() && column.column.is_numeric()) columns.emplace_back(column.name);
    }
    if (columns.empty()) throw Error(ErrorCode::schema_mismatch, "the two tables have no numeric column in common");
    return columns;
}

}  // namespace

template <class T>
MultivariateResult run_test(MultivariateTest test, MatrixView<T> reference, MatrixView<T> live,
                            const TestOptions& options) {
    switch (test) {
        case MultivariateTest::hotelling_t2:
            return with_moved_share(hotelling_t2(reference, live, options), share_of_mean_shift);
        case MultivariateTest::maximum_mean_discrepancy:
            return maximum_mean_discrepancy(reference, live, MmdOptions{.test = options});
        case MultivariateTest::mmd_fuse:
            return maximum_mean_discrepancy(reference, live,
                                            MmdOptions{.test = options, .aggregation = KernelAggregation::fuse});
        case MultivariateTest::energy: return energy_test(reference, live, EnergyOptions{.test = options});
        case MultivariateTest::density_difference: return density_difference(reference, live, options);
        case MultivariateTest::classifier:
            return with_moved_share(classifier_two_sample(reference, live, ClassifierTestOptions{.test = options}),
                                    share_of_auc);
        case MultivariateTest::mean_shift:
            return with_moved_share(mean_shift(reference, live, options), share_of_mean_shift);
        case MultivariateTest::random_feature_mmd:
            return with_moved_share(random_feature_mmd(reference, live, options), share_of_distance);
        default: break;
    }
    throw Error(ErrorCode::unsupported, "multivariate test " + std::to_string(static_cast<int>(test)) +
                                            " is none of 0 to " + std::to_string(multivariate_test_count - 1));
}

namespace {

// No relabelling was as extreme. Other laws give just this number only by design: 1/2, one permutation's, is the normal
// law's of a classifier that tells nothing apart.
bool is_smallest_p(MultivariateTest test, const TestResult& result, const TestOptions& options) {
    if (result.p_value != 1.0 / (static_cast<double>(options.permutations) + 1.0)) return false;
    if (options.method == Method::permutation) return true;
    if (test == MultivariateTest::mean_shift || test == MultivariateTest::random_feature_mmd) return false;
    return test != MultivariateTest::classifier || result.statistic != 0.5;
}

MultivariateResult run_one(MultivariateTest test, MatrixView<double> reference, MatrixView<double> live,
                           const JointOptions& options) {
    if (test != MultivariateTest::maximum_mean_discrepancy && test != MultivariateTest::mmd_fuse)
        return run_test(test, reference, live, options.test);
    return maximum_mean_discrepancy(
        reference, live,
        MmdOptions{.test = options.test,
                   .bandwidths = options.bandwidths,
                   .aggregation =
                       test == MultivariateTest::mmd_fuse ? KernelAggregation::fuse : KernelAggregation::mean_kernel});
}

}  // namespace

std::vector<JointComparison> compare_jointly(const Table& reference, const Table& live,
                                             std::span<const MultivariateTest> tests, const JointOptions& options) {
    constexpr std::size_t fewest_rows = 4;
    if (options.most_rows < fewest_rows)
        throw Error(ErrorCode::invalid_argument,
                    "most_rows is " + std::to_string(options.most_rows) + ", must be at least 4");
    const std::vector<std::string> columns = shared_numeric_columns(reference, live);
    check(options.rows);
    Rows reference_rows = complete_rows(reference, columns, options.rows);
    Rows live_rows = complete_rows(live, columns, options.rows);
    standardise(reference_rows, live_rows);
    std::vector<JointComparison> answers;
    for (const MultivariateTest test : tests) {
        const std::size_t most = compares_pairs(test) ? options.most_rows : static_cast<std::size_t>(-1);
        const Rows left = thinned(reference_rows, most, options.test.seed, 0);
        const Rows right = thinned(live_rows, most, options.test.seed, 1);
        JointComparison answer;
        answer.test = test;
        answer.columns = columns;
        answer.result.reference_count = static_cast<double>(left.count());
        answer.result.live_count = static_cast<double>(right.count());
        try {
            MultivariateResult result = run_one(test, left.view(), right.view(), options);
            answer.result = result.test;
            answer.is_smallest_p = is_smallest_p(test, result.test, options.test);
            if (options.rows.block == 1) {
                answer.moved_share = result.moved_share;
                answer.moved_share_interval = result.moved_share_interval;
            }
            answer.contributions = std::move(result.feature_contributions);
            answer.rows = leading_rows(result.row_contributions, right.origins, options.named_rows);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_enough_data) throw;
        }
        answers.push_back(std::move(answer));
    }
    return answers;
}

template MultivariateResult run_test<float>(MultivariateTest, MatrixView<float>, MatrixView<float>, const TestOptions&);
template MultivariateResult run_test<double>(MultivariateTest, MatrixView<double>, MatrixView<double>,
                                             const TestOptions&);

}  // namespace drift

}  // namespace vedette::inline v0
