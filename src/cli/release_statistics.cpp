// SPDX-License-Identifier: Apache-2.0
// Releases of numbers, and of counts by category.
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "guard/render_common.hpp"
#include "release_kinds.hpp"
#include "release_rows.hpp"
#include "text_table.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/quantile.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/statistics.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

double require_number(const std::optional<double>& value, const char* option) {
    if (!value) throw InputError(std::string(option) + " is needed for this statistic");
    return *value;
}

Bounds bounds_of(const ReleaseOptions& options) {
    return {require_number(options.lower, "--lower"), require_number(options.upper, "--upper")};
}

stats::Confidence confidence_of(const ReleaseOptions& options) {
    return stats::Confidence(options.confidence);
}

Answer number_answer(const ReleaseOptions& options, double value, const Interval& interval) {
    return Answer({{"value", value}, {"interval", interval_json(interval)}},
                  fmt::format("{} {:.10g} (without noise from {:.10g} to {:.10g}, at {:g}%)\n", options.statistic,
                              value, interval.lower, interval.upper, 100.0 * options.confidence));
}

// A state with the rows that count.
template <class Mechanism, class Add>
auto counted(const Mechanism& mechanism, const ReleaseOptions& options, Rows::As as, Add add) {
    Rows rows(options);
    auto partial = mechanism.partial();
    rows.read(as, [&](double number, const std::string& text) { add(partial, number, text); });
    if (rows.limited()) partial = mechanism.partial(*rows.limited());
    return partial;
}

constexpr auto add_number = [](auto& partial, double number, const std::string&) { partial.add(number); };
constexpr auto add_category = [](auto& partial, double, const std::string& text) { partial.add(text); };

template <class Moment>
Answer release_moment(const ReleaseOptions& options, ReleaseBudget& budget) {
    const Moment mechanism(unit_of(options), bounds_of(options), loss_of(options), confidence_of(options));
    const Release release = mechanism.release(counted(mechanism, options, Rows::As::numbers, add_number), budget);
    return number_answer(options, release.value, release.interval);
}

QuantileRank rank_of(double quantile) {
    const double thousandths = std::nearbyint(quantile * 1000.0);
    if (!(thousandths >= 1.0 && thousandths <= 999.0) || std::abs(quantile * 1000.0 - thousandths) > 1e-9)
        throw InputError("--quantile: it must be a number of thousandths between 0 and 1");
    return {static_cast<std::uint32_t>(thousandths), 1000};
}

// Counts by category, or by two of them.
class Cells {
  public:
    explicit Cells(const ReleaseOptions& options, bool is_two_way = false)
        : lines_{{"category", "count", fmt::format("{:g}% from", 100.0 * options.confidence), "to"}} {
        if (is_two_way) lines_[0].insert(lines_[0].begin() + 1, "second");
    }
    void add(const std::string& category, const std::optional<std::string>& second, double value,
             const Interval& interval) {
        Json cell = {{"category", category}};
        lines_.push_back({rendering::clean(category)});
        if (second) {
            cell["second"] = *second;
            lines_.back().push_back(rendering::clean(*second));
        }
        cell["value"] = value;
        cell["interval"] = interval_json(interval);
        cells_.push_back(cell);
        for (const double number : {value, interval.lower, interval.upper})
            lines_.back().push_back(fmt::format("{:.10g}", number));
    }
    [[nodiscard]] Answer answer() const { return Answer({{"cells", cells_}}, text_table(lines_)); }

  private:
    Json cells_ = Json::array();
    std::vector<std::vector<std::string>> lines_;
};

std::string name_or_others(const std::vector<std::string>& names, std::size_t i) {
    return i < names.size() ? names[i] : std::string("(all others)");
}

// Of two columns: row(source, first, second) for every record, or by_user(source, first, second, user).
template <class Row, class ByUser>
void read_pairs(const ReleaseOptions& options, Row row, ByUser by_user) {
    if (options.second.empty()) throw InputError("--column and --second are needed for this statistic");
    RowSource source(options.source);
    const std::size_t first = source.column(options.column), second = source.column(options.second);
    std::optional<std::size_t> user;
    if (!options.user.empty()) user = source.column(options.user);
    while (source.next()) {
        if (!user) {
            row(source, first, second);
        } else if (!source.is_null(*user)) {
            by_user(source, first, second, std::string(source.text(*user)));
        }
    }
}

}  // namespace

Answer release_count(const ReleaseOptions& options, ReleaseBudget& budget) {
    const PrivateCount mechanism(unit_of(options), loss_of(options), confidence_of(options));
    const auto add = [](CountPartial& partial, double, const std::string&) { partial.add(); };
    const Release release = mechanism.release(counted(mechanism, options, Rows::As::rows, add), budget);
    return number_answer(options, release.value, release.interval);
}

Answer release_sum(const ReleaseOptions& options, ReleaseBudget& budget) {
    return release_moment<PrivateSum>(options, budget);
}

Answer release_mean(const ReleaseOptions& options, ReleaseBudget& budget) {
    return release_moment<PrivateMean>(options, budget);
}

Answer release_variance(const ReleaseOptions& options, ReleaseBudget& budget) {
    return release_moment<PrivateVariance>(options, budget);
}

Answer release_quantile(const ReleaseOptions& options, ReleaseBudget& budget) {
    const PrivateQuantile mechanism(unit_of(options), QuantileGrid(bounds_of(options), options.steps),
                                    rank_of(options.quantile), Epsilon(options.epsilon.value_or(0.0)),
                                    confidence_of(options));
    const QuantileRelease release =
        mechanism.release(counted(mechanism, options, Rows::As::numbers, add_number), budget);
    return Answer({{"value", release.value}, {"rank_error", release.rank_error}},
                  fmt::format("{} {:.6g} (at {:g}%, its rank is off by at most {:g} rows)\n", options.statistic,
                              release.value, 100.0 * options.confidence, release.rank_error));
}

Answer release_covariance(const ReleaseOptions& options, ReleaseBudget& budget) {
    const Bounds second(require_number(options.second_lower, "--second-lower"),
                        require_number(options.second_upper, "--second-upper"));
    const PrivacyUnit unit = unit_of(options);
    const PrivateCovariance mechanism(unit, bounds_of(options), second, loss_of(options), confidence_of(options));
    MomentsPartial partial = mechanism.partial();
    std::optional<PairContributions> limited;
    if (unit.is_user()) limited.emplace(unit, options.choice);
    std::optional<Numbers> numbers_x, numbers_y;
    const auto pair_of = [&](const RowSource& source, std::size_t x, std::size_t y) {
        if (!numbers_x) {
            numbers_x.emplace(x);
            numbers_y.emplace(y);
        }
        return ValuePair{numbers_x->of(source), numbers_y->of(source)};
    };
    read_pairs(
        options,
        [&](const RowSource& source, std::size_t x, std::size_t y) {
            const ValuePair pair = pair_of(source, x, y);
            partial.add(pair.x, pair.y);
        },
        [&](const RowSource& source, std::size_t x, std::size_t y, const std::string& user) {
            limited->add(user, pair_of(source, x, y));
        });
    if (numbers_x) {
        numbers_x->check(options.column);
        numbers_y->check(options.second);
    }
    if (limited) partial = mechanism.partial(*limited);
    const Release release = mechanism.release(partial, budget);
    return number_answer(options, release.value, release.interval);
}

// The bounds as an interval, or none.
Answer release_range(const ReleaseOptions& options, ReleaseBudget& budget) {
    const PrivateRange mechanism(unit_of(options), {options.least_power, options.largest_power}, loss_of(options));
    const std::optional<Bounds> bounds =
        mechanism.release(counted(mechanism, options, Rows::As::numbers, add_number), budget).bounds;
    if (!bounds) return Answer({{"bounds", nullptr}}, "range none: no power of two seems to hold enough values\n");
    return Answer({{"bounds", interval_json({bounds->lower(), bounds->upper()})}},
                  fmt::format("range {:g} to {:g} (rarer values lie outside)\n", bounds->lower(), bounds->upper()));
}

Answer release_histogram(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (options.categories.empty() == (options.delta == 0.0))
        throw InputError("histogram: either --categories, or --delta for those that the data have");
    Cells cells(options);
    if (options.categories.empty()) {
        const ThresholdedHistogram mechanism(unit_of(options), Epsilon(options.epsilon.value_or(0.0)),
                                             Delta(options.delta), confidence_of(options));
        const auto partial = counted(mechanism, options, Rows::As::categories, add_category);
        for (const CategoryRelease& told : mechanism.release(partial, budget).categories)
            cells.add(told.category, {}, told.value, told.interval);
        return cells.answer();
    }
    const PrivateHistogram mechanism(unit_of(options), options.categories, loss_of(options), confidence_of(options));
    const HistogramRelease release =
        mechanism.release(counted(mechanism, options, Rows::As::categories, add_category), budget);
    for (std::size_t i = 0; i < release.cells.size(); ++i)
        cells.add(name_or_others(options.categories, i), {}, release.cells[i].value, release.cells[i].interval);
    return cells.answer();
}

Answer release_table(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (options.categories.empty() || options.second_categories.empty())
        throw InputError("--categories and --second-categories are needed for a table");
    const PrivacyUnit unit = unit_of(options);
    const PrivateContingencyTable mechanism(unit, options.categories, options.second_categories, loss_of(options),
                                            confidence_of(options));
    ContingencyPartial partial = mechanism.partial();
    std::optional<TableContributions> limited;
    if (unit.is_user()) limited.emplace(unit, options.choice);
    read_pairs(
        options,
        [&](RowSource& source, std::size_t row, std::size_t column) {
            const std::string category(source.text(row));  // void once the other one is asked for
            partial.add(category, source.text(column));
        },
        [&](RowSource& source, std::size_t row, std::size_t column, const std::string& user) {
            const std::string category(source.text(row));
            limited->add(user, category, source.text(column));
        });
    if (limited) partial = mechanism.partial(*limited);
    const ContingencyRelease release = mechanism.release(partial, budget);
    Cells cells(options, true);
    for (std::size_t i = 0; i < release.cells.size(); ++i)
        cells.add(name_or_others(options.categories, i / release.columns),
                  name_or_others(options.second_categories, i % release.columns), release.cells[i].value,
                  release.cells[i].interval);
    return cells.answer();
}

}  // namespace vedette::inline v0::cli
