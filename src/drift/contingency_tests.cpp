// SPDX-License-Identifier: Apache-2.0
// Tests of independence: expected counts from the margins, and the noncentral hypergeometric law for Fisher's test.
#include "vedette/drift/contingency_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/fisher_tables.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Margins {
    std::vector<std::uint64_t> row, column;
    std::uint64_t total = 0;
    std::size_t rows = 0;  // with a count
    std::size_t columns = 0;

    // Live against reference can be compared at all.
    [[nodiscard]] bool comparable() const { return rows >= 2 && row[0] > 0; }
    [[nodiscard]] double degrees() const { return static_cast<double>(rows - 1) * static_cast<double>(columns - 1); }
};

Margins margins_of(const CountTable& table) {
    // Division, since rows * columns may wrap.
    const std::size_t size = table.counts.size();
    const bool fits =
        table.rows > 0 && table.columns > 0 && size / table.rows == table.columns && size % table.rows == 0;
    if (!fits)
        throw Error(ErrorCode::dimension_mismatch, "table: " + std::to_string(size) + " counts do not fill " +
                                                       std::to_string(table.rows) + " rows of " +
                                                       std::to_string(table.columns) + " columns, at least 1 x 1");
    Margins margins;
    margins.row.assign(table.rows, 0);
    margins.column.assign(table.columns, 0);
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint64_t count = table.counts[i];
        if (count > std::numeric_limits<std::uint64_t>::max() - margins.total)
            throw Error(ErrorCode::overflow,
                        "table: the sum of all counts exceeds 2^64 - 1 at count " + std::to_string(i));
        margins.total += count;
        margins.row[i / table.columns] += count;
        margins.column[i % table.columns] += count;
    }
    const auto positive = [](std::uint64_t count) { return count > 0; };
    margins.rows = static_cast<std::size_t>(std::count_if(margins.row.begin(), margins.row.end(), positive));
    margins.columns = static_cast<std::size_t>(std::count_if(margins.column.begin(), margins.column.end(), positive));
    return margins;
}

TestResult counted(const Margins& margins) {
    TestResult result;
    result.reference_count = static_cast<double>(margins.row[0]);
    result.live_count = static_cast<double>(margins.total - margins.row[0]);
    return result;
}

// (1 + d) log(1 + d) - d for d >= -1, without cancellation near 0.
double likelihood_term(double d) {
    if (d <= -1.0) return 1.0;
    if (std::abs(d) > 0.05) return (1.0 + d) * std::log1p(d) - d;
    double sum = 0.0;
    double power = d * d;
    for (double k = 2.0; k < 16.0; k += 1.0) {
        sum += power / (k * (k - 1.0));
        power *= -d;
    }
    return sum;
}

// The sum over all cells with an expectation of term(deviation, expected).
template <class Term>
double over_cells(const CountTable& table, const Margins& margins, bool yates, Term&& term) {
    const double total = static_cast<double>(margins.total);
    double sum = 0.0;
    for (std::size_t i = 0; i < table.counts.size(); ++i) {
        const double row = static_cast<double>(margins.row[i / table.columns]);
        const double column = static_cast<double>(margins.column[i % table.columns]);
        const double expected = row / total * column;
        if (!(expected > 0.0)) continue;
        double deviation = static_cast<double>(table.counts[i]) - expected;
        if (yates) deviation -= std::copysign(std::min(0.5, std::abs(deviation)), deviation);
        sum += term(deviation, expected);
    }
    return sum;
}

double pearson(double deviation, double expected) {
    return deviation * (deviation / expected);
}

Association association(const CountTable& table, const Margins& margins, double confidence) {
    Association result{std::numeric_limits<double>::quiet_NaN(), {}};
    const double tail = 0.5 * (1.0 - stats::Confidence(confidence).level());
    if (!margins.comparable()) return result;
    const double smaller = static_cast<double>(std::min(margins.rows, margins.columns) - 1);
    if (smaller == 0.0) {
        result.value = 0.0;
        return result;
    }
    const double x = over_cells(table, margins, false, pearson);
    const double scale = static_cast<double>(margins.total) * smaller;
    const auto limit = [&](double probability) {
        return std::min(1.0, std::sqrt(stats::chi_squared_noncentrality(x, margins.degrees(), probability) / scale));
    };
    result.value = std::min(1.0, std::sqrt(x / scale));
    result.interval = {limit(1.0 - tail), limit(tail)};
    return result;
}

// The cells of rows and columns that have a count.
std::vector<std::uint64_t> filled_cells(const CountTable& table, const Margins& margins) {
    std::vector<std::uint64_t> cells;
    cells.reserve(margins.rows * margins.columns);
    for (std::size_t i = 0; i < table.counts.size(); ++i)
        if (margins.row[i / table.columns] > 0 && margins.column[i % table.columns] > 0)
            cells.push_back(table.counts[i]);
    return cells;
}

void require_drawable(const Margins& margins, std::size_t permutations, const char* test) {
    constexpr std::uint64_t most_items = std::uint64_t{1} << 32U;
    if (permutations == 0)
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": permutations is 0, must be at least 1");
    if (margins.total > most_items)
        throw Error(ErrorCode::unsupported, std::string(test) + ": the table has " + std::to_string(margins.total) +
                                                " items, above 2^32; the asymptotic chi_square serves such tables");
}

// Of random tables with the margins of this one: how often the statistic is as large.
template <class Term>
double permuted_independence(const CountTable& table, const Margins& margins, double statistic, bool yates,
                             const ContingencyOptions& options, Term&& term) {
    constexpr std::size_t looked_up = 1024;
    constexpr double rounding = 1e-10;  // equal statistics may be reached by different roundings
    std::vector<std::uint64_t> cells = filled_cells(table, margins);
    const CountTable drawn{cells, margins.rows, margins.columns};
    const Margins filled = margins_of(drawn);
    const LogFactorials log_factorial(looked_up);
    const double bound = statistic - rounding * (1.0 + statistic);
    std::uint64_t as_extreme = 0;
    for (std::size_t index = 0; index < options.permutations; ++index) {
        Random random(options.seed, index);
        random_table(random, log_factorial, filled.row, filled.column, cells);
        as_extreme += over_cells(drawn, filled, yates, term) >= bound ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

template <class Term>
TestResult independence(const CountTable& table, const ContingencyOptions& options, const char* test, Term&& term) {
    if (options.method == Method::exact)
        throw Error(ErrorCode::unsupported,
                    std::string(test) + ": method is exact, which this test does not have; fisher_exact does");
    const Margins margins = margins_of(table);
    const bool permuted = options.method == Method::permutation;
    if (permuted) require_drawable(margins, options.permutations, test);
    TestResult result = counted(margins);
    const Association effect = association(table, margins, options.confidence);
    if (!margins.comparable()) return result;
    result.effect = effect.value;
    result.effect_interval = effect.interval;
    result.degrees_of_freedom = margins.degrees();
    result.statistic = 0.0;
    result.p_value = 1.0;
    if (!(result.degrees_of_freedom > 0.0)) return result;
    const bool yates = options.yates && result.degrees_of_freedom == 1.0;
    result.statistic = over_cells(table, margins, yates, term);
    result.p_value = permuted ? permuted_independence(table, margins, result.statistic, yates, options, term)
                              : stats::chi_squared_sf(result.statistic, result.degrees_of_freedom);
    return result;
}

Margins four_fold(const CountTable& table, const char* test) {
    if (table.rows != 2 || table.columns != 2)
        throw Error(ErrorCode::dimension_mismatch, std::string(test) + ": the table has " + std::to_string(table.rows) +
                                                       " rows and " + std::to_string(table.columns) +
                                                       " columns, not 2 and 2");
    return margins_of(table);
}

void require_method(const TestOptions& options, Method only, const char* test) {
    if (options.method != Method::automatic && options.method != only)
        throw Error(ErrorCode::unsupported,
                    std::string(test) + ": method " + method_name(options.method) + " is not defined for this test");
}

// Live events given the margins: hypergeometric, or noncentral at odds ratio exp(log_odds).
class EventLaw {
  public:
    EventLaw(double live, double reference, double events)
        : lowest_(std::max(0.0, events - reference)), log_weight_{0.0} {
        for (double x = lowest_; x < std::min(live, events); x += 1.0) {
            const double up = (events - x) / (x + 1.0) * ((live - x) / (reference - events + x + 1.0));
            log_weight_.push_back(log_weight_.back() + std::log(up));
        }
    }
    struct Tails {
        double lower, upper, two_sided;
    };
    // P(X <= x), P(X >= x), and the probability of all that is no likelier than x.
    [[nodiscard]] Tails tails(double x, double log_odds = 0.0) const {
        const auto place = static_cast<std::size_t>(x - lowest_);
        const auto log_at = [&](std::size_t i) { return log_weight_[i] + static_cast<double>(i) * log_odds; };
        double most = -infinity;
        for (std::size_t i = 0; i < log_weight_.size(); ++i) most = std::max(most, log_at(i));
        double total = 0.0;
        Tails sum{0.0, 0.0, 0.0};
        for (std::size_t i = 0; i < log_weight_.size(); ++i) {
            const double weight = std::exp(log_at(i) - most);
            total += weight;
            if (i <= place) sum.lower += weight;
            if (i >= place) sum.upper += weight;
            // Equal weights may be reached by different roundings.
            if (log_at(i) <= log_at(place) + 1e-7) sum.two_sided += weight;
        }
        const auto share = [&](double part) { return std::min(1.0, part / total); };
        return {share(sum.lower), share(sum.upper), share(sum.two_sided)};
    }
    [[nodiscard]] Interval log_odds_interval(double x, double tail) const {
        const auto solve = [&](auto&& is_below) {
            double low = -800.0;
            double high = 800.0;
            for (int step = 0; step < 64; ++step) {
                const double middle = 0.5 * (low + high);
                (is_below(middle) ? low : high) = middle;
            }
            return 0.5 * (low + high);
        };
        const bool first = x == lowest_;
        const bool last = x == lowest_ + static_cast<double>(log_weight_.size() - 1);
        return {first ? -infinity : solve([&](double odds) { return tails(x, odds).upper < tail; }),
                last ? infinity : solve([&](double odds) { return tails(x, odds).lower > tail; })};
    }

  private:
    double lowest_;
    std::vector<double> log_weight_;
};

FisherTable filled_part(const CountTable& table, const Margins& margins) {
    return {filled_cells(table, margins), margins.rows, margins.columns};
}

// Of a 2 x 2 table without empty rows and columns: live events as relabelling the items would give them.
double permuted_events(const CountTable& table, const Margins& margins, const TestOptions& options) {
    require_drawable(margins, options.permutations, "fisher_exact");
    if (options.alternative == Alternative::two_sided) return filled_part(table, margins).permuted(options);
    constexpr std::size_t looked_up = 1024;
    const LogFactorials log_factorial(looked_up);
    std::uint64_t as_extreme = 0;
    for (std::size_t index = 0; index < options.permutations; ++index) {
        Random random(options.seed, index);
        const std::uint64_t events =
            random_hypergeometric(random, log_factorial, margins.column[0], margins.column[1], margins.row[1]);
        const bool extreme =
            options.alternative == Alternative::greater ? events >= table.counts[2] : events <= table.counts[2];
        as_extreme += extreme ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

constexpr double quick_steps = 2e6;  // tens of milliseconds

double fisher_p(const FisherTable& filled, const TestOptions& options) {
    constexpr double most_steps = 3e7;
    if (options.method == Method::permutation) return filled.permuted(options);
    const std::optional<double> p = filled.exact(options.method == Method::exact ? most_steps : quick_steps);
    if (p) return *p;
    if (options.method == Method::exact)
        throw Error(ErrorCode::unsupported,
                    "fisher_exact: method is exact, which would take too long for this table; automatic permutes");
    return filled.permuted(options);
}

TestResult fisher_of_any(const CountTable& table, const TestOptions& options) {
    const Margins margins = margins_of(table);
    if (options.method == Method::asymptotic)
        throw Error(ErrorCode::unsupported, "fisher_exact: method is asymptotic, which this test does not have");
    if (options.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported, "fisher_exact: alternative must be two_sided beyond 2 x 2");
    if (options.permutations == 0)
        throw Error(ErrorCode::invalid_argument, "fisher_exact: permutations is 0, must be at least 1");
    TestResult result = counted(margins);
    const Association effect = association(table, margins, options.confidence);
    if (!margins.comparable()) return result;
    result.effect = effect.value;
    result.effect_interval = effect.interval;
    if (margins.columns < 2) {
        result.statistic = 0.0;
        result.p_value = 1.0;
        return result;
    }
    require_drawable(margins, options.permutations, "fisher_exact");
    const FisherTable filled = filled_part(table, margins);
    result.statistic = filled.log_probability();
    result.p_value = fisher_p(filled, options);
    return result;
}

}  // namespace

TestResult chi_square(const CountTable& table, const ContingencyOptions& options) {
    return independence(table, options, "chi_square", pearson);
}

TestResult g_test(const CountTable& table, const ContingencyOptions& options) {
    return independence(table, options, "g_test", [](double deviation, double expected) {
        return 2.0 * expected * likelihood_term(deviation / expected);
    });
}

Association cramers_v(const CountTable& table, double confidence) {
    return association(table, margins_of(table), confidence);
}

TestResult fisher_exact(const CountTable& table, const TestOptions& options) {
    if (table.rows != 2 || table.columns != 2) return fisher_of_any(table, options);
    constexpr std::uint64_t largest = 100'000;
    const Margins margins = four_fold(table, "fisher_exact");
    if (options.method != Method::permutation) require_method(options, Method::exact, "fisher_exact");
    const double tail = 0.5 * (1.0 - stats::Confidence(options.confidence).level());
    TestResult result = counted(margins);
    if (!margins.comparable()) return result;
    const std::uint64_t smallest = std::min({margins.row[0], margins.row[1], margins.column[0], margins.column[1]});
    if (smallest == 0) {
        result.p_value = 1.0;
        return result;
    }
    if (smallest > largest)
        throw Error(ErrorCode::unsupported, "fisher_exact: the smallest margin is " + std::to_string(smallest) +
                                                ", above 100000; chi_square serves such tables");
    const auto count = [&](std::size_t i) { return static_cast<double>(table.counts[i]); };
    const EventLaw law(result.live_count, result.reference_count, static_cast<double>(margins.column[0]));
    const EventLaw::Tails tails = law.tails(count(2));
    result.statistic = (count(2) / count(3)) * (count(1) / count(0));
    if (count(0) == 0.0 || count(3) == 0.0) result.statistic = infinity;
    result.effect = std::log(result.statistic);
    result.effect_interval = law.log_odds_interval(count(2), tail);
    if (options.method == Method::permutation) {
        result.p_value = permuted_events(table, margins, options);
        return result;
    }
    result.p_value = options.alternative == Alternative::two_sided ? tails.two_sided
                     : options.alternative == Alternative::greater ? tails.upper
                                                                   : tails.lower;
    return result;
}

bool fisher_permutes(const CountTable& table, const TestOptions& options) {
    if (options.method != Method::automatic) return options.method == Method::permutation;
    if (table.rows == 2 && table.columns == 2) return false;
    const Margins margins = margins_of(table);
    if (!margins.comparable() || margins.columns < 2) return false;
    return !filled_part(table, margins).exact(quick_steps).has_value();
}

TestResult two_proportion_z(const CountTable& table, const TestOptions& options) {
    const Margins margins = four_fold(table, "two_proportion_z");
    require_method(options, Method::asymptotic, "two_proportion_z");
    const stats::Confidence confidence(options.confidence);
    TestResult result = counted(margins);
    if (!margins.comparable()) return result;
    const double n = result.reference_count;
    const double m = result.live_count;
    result.effect = static_cast<double>(table.counts[2]) / m - static_cast<double>(table.counts[0]) / n;
    result.effect_interval =
        stats::newcombe(table.counts[0], margins.row[0], table.counts[2], margins.row[1], confidence);
    if (margins.columns < 2) {
        result.statistic = 0.0;
        result.p_value = 1.0;
        return result;
    }
    const double total = static_cast<double>(margins.total);
    const double variance = static_cast<double>(margins.column[0]) / total *
                            (static_cast<double>(margins.column[1]) / total) * (1.0 / n + 1.0 / m);
    result.statistic = result.effect / std::sqrt(variance);
    result.p_value = options.alternative == Alternative::two_sided ? 2.0 * stats::normal_sf(std::abs(result.statistic))
                     : options.alternative == Alternative::greater ? stats::normal_sf(result.statistic)
                                                                   : stats::normal_cdf(result.statistic);
    return result;
}

}  // namespace vedette::inline v0::drift
