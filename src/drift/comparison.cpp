// SPDX-License-Identifier: Apache-2.0
// From names to tests, and from tables to samples.
#include "vedette/drift/comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "drift/fisher_tables.hpp"
#include "drift/row_blocks.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {
namespace {

[[noreturn]] void refuse(DriftTest test, const char* kind) {
    throw Error(ErrorCode::unsupported, std::string(drift_test_name(test)) + " does not run on " + kind + " samples");
}

void require_two_sided(DriftTest test, const TestOptions& options) {
    if (options.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported,
                    std::string(drift_test_name(test)) + ": alternative must be two_sided, it has no direction");
}

void require_form(DriftTest test, TestForm form) {
    if (!has_form(test, form))
        throw Error(ErrorCode::unsupported,
                    std::string(drift_test_name(test)) + " has no form \"" + test_form_name(form) + '"');
}

Centre levene_centre(TestForm form) {
    return form == TestForm::trimmed ? Centre::trimmed : Centre::mean;
}

AndersonDarlingOptions anderson_darling_options(const TestOptions& options, TestForm form) {
    AndersonDarlingOptions own{options};
    if (form == TestForm::clamped) own.law = AndersonDarlingLaw::table;
    return own;
}

EppsSingletonOptions epps_singleton_options(const TestOptions& options, TestForm form) {
    EppsSingletonOptions own{options};
    if (form == TestForm::separate) own.covariance = EppsSingletonCovariance::separate;
    return own;
}

// Whether the test's p-value comes from relabelling, or may: of these only Fisher's test has an exact law that could
// give the same numbers, which `fisher_permutes` tells.
bool may_permute(DriftTest test, const TestOptions& options) {
    if (options.method != Method::automatic) return options.method == Method::permutation;
    switch (test) {
        case DriftTest::wasserstein:
        case DriftTest::energy_distance:
        case DriftTest::anderson_darling:
        case DriftTest::epps_singleton:
        case DriftTest::fisher_exact: return true;
        default: return false;
    }
}

// p = 1/(B + 1): no relabelling was as extreme. The clamped form has its ends from a table.
bool is_smallest_p(DriftTest test, const TestResult& result, const TestOptions& options, TestForm form) {
    if (form == TestForm::clamped && options.method == Method::automatic) return false;
    return options.permutations > 0 && may_permute(test, options) &&
           result.p_value == 1.0 / (static_cast<double>(options.permutations) + 1.0);
}

// The grid that a baseline would have learned from the reference, and the live values counted into it.
template <class T>
TestResult test_on_grid(DriftTest test, std::span<const T> reference, std::span<const T> live,
                        const TestOptions& options) {
    require_two_sided(test, options);
    std::vector<double> values(reference.begin(), reference.end());
    const stats::Grid grid = stats::fit_grid(values);
    std::vector<std::uint64_t> counts(grid.cells(), 0);
    for (const T value : live) ++counts[grid.cell(static_cast<double>(value))];
    const GridEvidence all =
        evaluate(GridReference::ordered(grid, std::nan("")), counts, stats::Confidence(options.confidence));
    return *result_of(all, test);
}

// One of the tests that take a table of counts as it is.
TestResult test_of_table(DriftTest test, const CountTable& table, const TestOptions& options, TestForm form) {
    if (test == DriftTest::fisher_exact) return fisher_exact(table, options);
    require_two_sided(test, options);
    const ContingencyOptions by_expectation{.yates = form == TestForm::yates,
                                            .confidence = options.confidence,
                                            .method = options.method,
                                            .permutations = options.permutations,
                                            .seed = options.seed};
    return test == DriftTest::chi_square ? chi_square(table, by_expectation) : g_test(table, by_expectation);
}

// How often the commonest category of both sides together comes (of equals the first): labels have no part in which it
// is, so that the test keeps its level. Without a method, Fisher's test where z's law is coarse.
TestResult test_of_commonest(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                             const TestOptions& options) {
    std::size_t commonest = 0;
    std::array<std::uint64_t, 2> totals{};
    for (std::size_t i = 0; i < reference.size(); ++i) {
        totals[0] += reference[i];
        totals[1] += live[i];
        if (reference[i] + live[i] > reference[commonest] + live[commonest]) commonest = i;
    }
    const std::uint64_t before = reference.empty() ? 0 : reference[commonest];
    const std::uint64_t now = live.empty() ? 0 : live[commonest];
    if (options.method == Method::automatic)
        return two_proportion(before, totals[0], now, totals[1], stats::Confidence(options.confidence));
    const std::array<std::uint64_t, 4> table{before, totals[0] - before, now, totals[1] - now};
    return two_proportion_z({table, 2, 2}, options);
}

// `automatic`, resolved.
DriftTest named(DriftTest test, bool numeric) {
    if (test != DriftTest::automatic) return test;
    return numeric ? DriftTest::kolmogorov_smirnov : DriftTest::chi_square;
}

// The counts of each text, in the order of the texts: a row for each column.
class CategoryCounts {
  public:
    explicit CategoryCounts(std::span<const Column> samples, std::size_t step = 1) : rows_(samples.size()) {
        std::map<std::string_view, std::vector<std::uint64_t>> counts;
        for (std::size_t row = 0; row < rows_; ++row)
            for (std::size_t i = 0; i < samples[row].size(); i += step)
                if (samples[row].is_valid(i)) {
                    std::vector<std::uint64_t>& of_text = counts[samples[row].text(i)];
                    of_text.resize(rows_);
                    ++of_text[row];
                }
        counts_.resize(rows_ * counts.size());
        std::size_t column = 0;
        for (const auto& [text, of_text] : counts) {
            for (std::size_t row = 0; row < rows_; ++row) counts_[row * counts.size() + column] = of_text[row];
            ++column;
        }
    }
    [[nodiscard]] std::span<const std::uint64_t> row(std::size_t index) const {
        return std::span(counts_).subspan(index * columns(), columns());
    }
    [[nodiscard]] CountTable table() const noexcept { return {counts_, rows_, columns()}; }
    [[nodiscard]] std::size_t columns() const noexcept { return counts_.size() / rows_; }

  private:
    std::size_t rows_;
    std::vector<std::uint64_t> counts_;
};

double sum_of(std::span<const std::uint64_t> counts) {
    double sum = 0.0;
    for (const std::uint64_t count : counts) sum += static_cast<double>(count);
    return sum;
}

// Nulls come as NaN.
template <class T>
std::vector<T> values_of(const Column& column) {
    std::vector<T> values(column.size());
    if constexpr (std::is_same_v<T, float>) {
        column.copy_as_float(0, values.size(), values.data());
    } else {
        column.copy_as_double(0, values.size(), values.data());
    }
    return values;
}

template <class T>
std::vector<T> finite_values(const Column& column) {
    std::vector<T> values = values_of<T>(column);
    std::erase_if(values, [](T value) { return !std::isfinite(value); });
    return values;
}

SortedSample<double> finite_sample(const Column& column) {
    return SortedSample<double>(finite_values<double>(column));
}

void require_numbers(const Column& column, const char* side) {
    if (!column.is_numeric())
        throw Error(ErrorCode::type_mismatch,
                    std::string("the ") + side + " column holds categories; a frozen reference is of numbers");
}

// Few tests of large samples each do without sorting.
constexpr std::size_t few_tests = 3;
constexpr std::size_t large_sample = 8192;

// What the data do not allow is not evaluated; what the caller got wrong is an error.
template <class Run>
NamedResult evaluated(DriftTest test, double reference_count, double live_count, const TestOptions& options,
                      TestForm form, Run&& run) {
    NamedResult named_result{test, {}};
    try {
        named_result.result = run();
        named_result.is_smallest_p = is_smallest_p(test, named_result.result, options, form);
    } catch (const Error& error) {
        // Fisher's test of too many items, or of more categories than it has a direction for.
        const bool unfit = test == DriftTest::fisher_exact && error.code() == ErrorCode::unsupported;
        if (error.code() != ErrorCode::not_enough_data && !unfit) throw;
        named_result.result = {};  // g++ 12 lets a callee that throws leave its return value half written here
        named_result.result.reference_count = reference_count;
        named_result.result.live_count = live_count;
    }
    return named_result;
}

// The same of tables of counts.
template <class Run>
NamedResult evaluated_table(DriftTest test, double reference_count, double live_count, const CountTable& table,
                            const TestOptions& options, Run&& run) {
    NamedResult answer = evaluated(test, reference_count, live_count, options, TestForm::standard, run);
    if (answer.is_smallest_p && test == DriftTest::fisher_exact) answer.is_smallest_p = fisher_permutes(table, options);
    return answer;
}

template <class Reference, class Live, class Count>
NamedResult run_named(DriftTest test, const Reference& reference, const Live& live, const TestOptions& options,
                      TestForm form, Count&& count) {
    return evaluated(test, count(reference), count(live), options, form,
                     [&] { return run_test(test, reference, live, options, form); });
}

// The rows of a weighted column that have a finite value.
struct FiniteRows {
    std::vector<double> values;
    std::vector<double> weights;

    FiniteRows(const WeightedColumn& column, const char* side) {
        for (const Column* each : {&column.values, &column.weights})
            if (!each->is_numeric())
                throw Error(ErrorCode::type_mismatch,
                            std::string("the ") + side + " column or its weights hold categories; both are numbers");
        if (column.values.size() != column.weights.size())
            throw Error(ErrorCode::dimension_mismatch,
                        std::string("the ") + side + " column has " + std::to_string(column.values.size()) +
                            " rows, its weights have " + std::to_string(column.weights.size()));
        values = values_of<double>(column.values);
        weights = values_of<double>(column.weights);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!(weights[i] >= 0.0) || !std::isfinite(weights[i]))
                throw Error(ErrorCode::invalid_argument, std::string("the weight of the ") + side + " row " +
                                                             std::to_string(i) + " must be finite and not negative");
            if (!std::isfinite(values[i])) continue;
            values[kept] = values[i];
            weights[kept++] = weights[i];
        }
        values.resize(kept);
        weights.resize(kept);
    }
    [[nodiscard]] WeightedSample sample() const noexcept { return {values, weights}; }
    [[nodiscard]] double count() const noexcept { return static_cast<double>(values.size()); }
};

TestResult run_several(DriftTest test, std::span<const SortedSample<double>> samples, const TestOptions& options,
                       TestForm form) {
    if (test == DriftTest::anderson_darling)
        return anderson_darling<double>(samples, anderson_darling_options(options, form));
    std::vector<ColumnView<double>> views;
    for (const SortedSample<double>& sample : samples) views.emplace_back(sample.values());
    return levene<double>(views, test == DriftTest::levene ? levene_centre(form) : Centre::median, options);
}

NamedResult compare_several_numbers(DriftTest test, std::span<const Column> columns, const TestOptions& options,
                                    const RowBlocks& rows, TestForm form) {
    std::vector<SortedSample<double>> samples;
    double live_count = 0.0;
    for (const Column& column : columns) {
        samples.emplace_back(take(rows, 1, values_of<double>(column)));
        if (samples.size() > 1) live_count += static_cast<double>(samples.back().size());
    }
    return evaluated(test, static_cast<double>(samples.front().size()), live_count, options, form, [&] {
        for (const SortedSample<double>& sample : samples)
            if (sample.size() == 0) throw Error(ErrorCode::not_enough_data, "a sample is empty");
        return run_several(test, samples, options, form);
    });
}

NamedResult compare_several_categories(DriftTest test, std::span<const Column> columns, const TestOptions& options,
                                       const RowBlocks& rows, TestForm form) {
    const CategoryCounts counts(columns, step_of(rows));
    double live_count = 0.0;
    for (std::size_t row = 1; row < columns.size(); ++row) live_count += sum_of(counts.row(row));
    return evaluated_table(test, sum_of(counts.row(0)), live_count, counts.table(), options, [&] {
        for (std::size_t row = 0; row < columns.size(); ++row)
            if (sum_of(counts.row(row)) == 0.0) throw Error(ErrorCode::not_enough_data, "a sample is empty");
        return test_of_table(test, counts.table(), options, form);
    });
}

constexpr auto size_of = [](const auto& sample) { return static_cast<double>(sample.size()); };

FeatureComparison compare_columns(const NamedColumn& reference, const Column& live, std::span<const DriftTest> tests,
                                  const TestOptions& options, const RowBlocks& rows, TestForm form) {
    FeatureComparison feature{std::string(reference.name), reference.column.is_numeric(), {}};
    const auto each = [&](auto&& run) {
        for (const DriftTest wanted : tests) {
            const DriftTest test = named(wanted, feature.numeric);
            if (runs_on_samples(test, feature.numeric)) feature.results.push_back(run(test));
        }
    };
    const auto each_of_numbers = [&](const auto& reference_side, const auto& live_side) {
        each([&](DriftTest test) { return run_named(test, reference_side, live_side, options, form, size_of); });
    };
    if (feature.numeric) {
        const std::vector<double> reference_values = take(rows, 1, values_of<double>(reference.column));
        const std::vector<double> live_values = take(rows, 1, values_of<double>(live));
        if (tests.size() <= few_tests && std::min(reference_values.size(), live_values.size()) >= large_sample)
            each_of_numbers(ColumnView<double>(std::span<const double>(reference_values)),
                            ColumnView<double>(std::span<const double>(live_values)));
        else
            each_of_numbers(SortedSample<double>(reference_values), SortedSample<double>(live_values));
    } else {
        const std::array<Column, 2> sides{reference.column, live};
        const CategoryCounts counts(sides, step_of(rows));
        each([&](DriftTest test) {
            return evaluated_table(test, sum_of(counts.row(0)), sum_of(counts.row(1)), counts.table(), options,
                                   [&] { return run_test(test, counts.row(0), counts.row(1), options, form); });
        });
    }
    return feature;
}

}  // namespace

template <class T>
TestResult run_test(DriftTest test, const SortedSample<T>& reference, const SortedSample<T>& live,
                    const TestOptions& options, TestForm form) {
    require_form(named(test, true), form);
    const ColumnView<T> reference_values(reference.values());
    const ColumnView<T> live_values(live.values());
    switch (named(test, true)) {
        case DriftTest::kolmogorov_smirnov: return ks_two_sample(reference, live, options);
        case DriftTest::kuiper: return kuiper_two_sample(reference, live, options);
        case DriftTest::cramer_von_mises: return cramer_von_mises(reference, live, options);
        case DriftTest::anderson_darling:
            return anderson_darling(reference, live, anderson_darling_options(options, form));
        case DriftTest::mann_whitney: return mann_whitney(reference, live, options);
        case DriftTest::epps_singleton: return epps_singleton(reference, live, epps_singleton_options(options, form));
        case DriftTest::wasserstein: return wasserstein_1(reference, live, options);
        case DriftTest::energy_distance: return energy_distance(reference, live, options);
        case DriftTest::welch_t: return welch_t(reference_values, live_values, options);
        case DriftTest::levene: {
            const std::array<ColumnView<T>, 2> both{reference_values, live_values};
            return levene<T>(both, levene_centre(form), options);
        }
        case DriftTest::brown_forsythe: return brown_forsythe(reference_values, live_values, options);
        case DriftTest::chi_square:
        case DriftTest::g_test:
            if (form == TestForm::yates)
                throw Error(ErrorCode::unsupported, "form \"yates\" is of categories, and so of no numeric column");
            [[fallthrough]];
        case DriftTest::population_stability:
        case DriftTest::jensen_shannon:
        case DriftTest::hellinger:
        case DriftTest::total_variation: return test_on_grid(test, reference.values(), live.values(), options);
        default: refuse(test, "numeric");
    }
}

template <class T>
TestResult run_test(DriftTest test, const BucketedSample<T>& reference, ColumnView<T> live,
                    const TestOptions& options) {
    switch (named(test, true)) {
        case DriftTest::kolmogorov_smirnov: return ks_two_sample(reference, live, options);
        case DriftTest::kuiper: return kuiper_two_sample(reference, live, options);
        default: return run_test(test, reference.sample(), SortedSample<T>(live, options.nan), options);
    }
}

template <class T>
TestResult run_test(DriftTest test, ColumnView<T> reference, ColumnView<T> live, const TestOptions& options,
                    TestForm form) {
    require_form(named(test, true), form);
    switch (named(test, true)) {
        case DriftTest::kolmogorov_smirnov: return ks_two_sample(reference, live, options);
        case DriftTest::kuiper: return kuiper_two_sample(reference, live, options);
        case DriftTest::cramer_von_mises: return cramer_von_mises(reference, live, options);
        case DriftTest::anderson_darling:
            return anderson_darling(reference, live, anderson_darling_options(options, form));
        case DriftTest::mann_whitney: return mann_whitney(reference, live, options);
        case DriftTest::wasserstein: return wasserstein_1(reference, live, options);
        case DriftTest::energy_distance: return energy_distance(reference, live, options);
        default:
            return run_test(test, SortedSample<T>(reference, options.nan), SortedSample<T>(live, options.nan), options,
                            form);
    }
}

TestResult run_test(DriftTest test, std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                    const TestOptions& options, TestForm form) {
    require_form(named(test, false), form);
    if (reference.size() != live.size())
        throw Error(ErrorCode::dimension_mismatch, "categories: the reference has " + std::to_string(reference.size()) +
                                                       " counts, the live side " + std::to_string(live.size()));
    std::vector<std::uint64_t> counts(reference.begin(), reference.end());
    counts.insert(counts.end(), live.begin(), live.end());
    const CountTable table{counts, 2, reference.size()};
    const DriftTest wanted = named(test, false);
    if (wanted != DriftTest::fisher_exact) require_two_sided(wanted, options);
    switch (wanted) {
        case DriftTest::chi_square:
        case DriftTest::g_test:
        case DriftTest::fisher_exact: return test_of_table(wanted, table, options, form);
        case DriftTest::two_proportion: return test_of_commonest(reference, live, options);
        case DriftTest::population_stability:
        case DriftTest::jensen_shannon:
        case DriftTest::hellinger:
        case DriftTest::total_variation:
            return *result_of(evaluate(GridReference::nominal(reference), live, stats::Confidence(options.confidence)),
                              wanted);
        default: refuse(wanted, "categorical");
    }
}

std::vector<FeatureComparison> compare(const Table& reference, const Table& live, std::span<const DriftTest> tests,
                                       const TestOptions& options, const RowBlocks& rows, TestForm form) {
    check(rows);
    for (const DriftTest test : tests)
        if (!runs_on_samples(named(test, true), true) && !runs_on_samples(named(test, false), false))
            refuse(test, "any");
    std::vector<FeatureComparison> features;
    for (const NamedColumn& column : reference.columns()) {
        const Column* other = live.find(column.name);
        if (other == nullptr) continue;
        if (other->is_numeric() != column.column.is_numeric())
            throw Error(ErrorCode::schema_mismatch, "column \"" + std::string(column.name) +
                                                        "\" is numeric on one side and categorical on the other");
        features.push_back(compare_columns(column, *other, tests, options, rows, form));
    }
    if (features.empty()) throw Error(ErrorCode::schema_mismatch, "the two tables have no column in common");
    return features;
}

bool runs_on_weights(DriftTest test) noexcept {
    return test == DriftTest::automatic || test == DriftTest::wasserstein || test == DriftTest::energy_distance;
}

NamedResult compare_weighted(DriftTest test, const WeightedColumn& reference, const WeightedColumn& live,
                             const TestOptions& options) {
    if (!runs_on_weights(test))
        throw Error(ErrorCode::unsupported, std::string(drift_test_name(test)) +
                                                " has no form for weights; wasserstein and energy_distance do");
    const FiniteRows x(reference, "reference"), y(live, "live");
    const DriftTest wanted = test == DriftTest::automatic ? DriftTest::wasserstein : test;
    return evaluated(wanted, x.count(), y.count(), options, TestForm::standard, [&] {
        return wanted == DriftTest::wasserstein ? wasserstein_1(x.sample(), y.sample(), options)
                                                : energy_distance(x.sample(), y.sample(), options);
    });
}

bool runs_on_several(DriftTest test, bool numeric) noexcept {
    switch (test) {
        case DriftTest::automatic: return true;
        case DriftTest::anderson_darling:
        case DriftTest::levene:
        case DriftTest::brown_forsythe: return numeric;
        case DriftTest::chi_square:
        case DriftTest::g_test:
        case DriftTest::fisher_exact: return !numeric;
        default: return false;
    }
}

NamedResult compare_several(DriftTest test, std::span<const Column> samples, const TestOptions& options,
                            const RowBlocks& rows, TestForm form) {
    check(rows);
    if (samples.size() < 2)
        throw Error(ErrorCode::invalid_argument,
                    "samples: there are " + std::to_string(samples.size()) + ", at least 2 are needed");
    const bool numeric = samples.front().is_numeric();
    for (const Column& sample : samples)
        if (sample.is_numeric() != numeric)
            throw Error(ErrorCode::schema_mismatch, "samples: some are numeric and others categorical");
    if (!runs_on_several(test, numeric))
        throw Error(ErrorCode::unsupported, std::string(drift_test_name(test)) +
                                                " does not run on several samples of " +
                                                (numeric ? "numbers" : "categories"));
    const DriftTest automatic = numeric ? DriftTest::anderson_darling : DriftTest::chi_square;
    const DriftTest wanted = test == DriftTest::automatic ? automatic : test;
    require_form(wanted, form);
    return numeric ? compare_several_numbers(wanted, samples, options, rows, form)
                   : compare_several_categories(wanted, samples, options, rows, form);
}

template <class T>
BucketedSample<T> freeze(const Column& reference, NanPolicy nan) {
    require_numbers(reference, "reference");
    std::vector<T> values = finite_values<T>(reference);
    std::size_t present = 0;
    for (std::size_t i = 0; i < reference.size(); ++i)
        if (reference.is_valid(i)) ++present;
    if (nan == NanPolicy::refuse && values.size() != present)
        throw Error(ErrorCode::invalid_argument,
                    "reference: " + std::to_string(present - values.size()) + " of " + std::to_string(present) +
                        " values are NaN or infinite, which is refused; NanPolicy::omit leaves them out");
    if (values.empty()) throw Error(ErrorCode::not_enough_data, "reference: there is no finite value to freeze");
    return BucketedSample<T>(values);
}

template <class T>
NamedResult compare(DriftTest test, const BucketedSample<T>& reference, const Column& live,
                    const TestOptions& options) {
    const DriftTest wanted = named(test, true);
    if (!runs_on_samples(wanted, true)) refuse(wanted, "numeric");
    require_numbers(live, "live");
    const std::vector<T> values = finite_values<T>(live);
    const ColumnView<T> view(values);
    return evaluated(wanted, size_of(reference), size_of(view), options, TestForm::standard,
                     [&] { return run_test(wanted, reference, view, options); });
}

PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, const Column& reference,
                               const Column& live) {
    if (reference.is_numeric() != live.is_numeric())
        throw Error(ErrorCode::schema_mismatch, "a column is numeric on one side and categorical on the other");
    if (reference.is_numeric())
        return preset_divergence(preset, divergence, finite_sample(reference), finite_sample(live));
    const std::array<Column, 2> sides{reference, live};
    const CategoryCounts counts(sides);
    return preset_divergence(preset, divergence, counts.row(0), counts.row(1));
}

template BucketedSample<float> freeze<float>(const Column&, NanPolicy);
template BucketedSample<double> freeze<double>(const Column&, NanPolicy);
template NamedResult compare<float>(DriftTest, const BucketedSample<float>&, const Column&, const TestOptions&);
template NamedResult compare<double>(DriftTest, const BucketedSample<double>&, const Column&, const TestOptions&);
template TestResult run_test<float>(DriftTest, const BucketedSample<float>&, ColumnView<float>, const TestOptions&);
template TestResult run_test<double>(DriftTest, const BucketedSample<double>&, ColumnView<double>, const TestOptions&);
template TestResult run_test<float>(DriftTest, const SortedSample<float>&, const SortedSample<float>&,
                                    const TestOptions&, TestForm);
template TestResult run_test<double>(DriftTest, const SortedSample<double>&, const SortedSample<double>&,
                                     const TestOptions&, TestForm);
template TestResult run_test<float>(DriftTest, ColumnView<float>, ColumnView<float>, const TestOptions&, TestForm);
template TestResult run_test<double>(DriftTest, ColumnView<double>, ColumnView<double>, const TestOptions&, TestForm);

}  // namespace vedette::inline v0::drift
