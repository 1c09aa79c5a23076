// SPDX-License-Identifier: Apache-2.0
// `vedette privacy grant` and `vedette privacy release`: a statistic of a column, noised, under a ledger's budget.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "input.hpp"
#include "row_source.hpp"
#include "text_table.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/quantile.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/statistics.hpp"

namespace vedette::inline v0::cli {

namespace {

using namespace privacy;
using Json = nlohmann::ordered_json;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Line {
    std::string category;  // empty but for histograms and tables
    double value = 0.0;
    Interval interval{};
};

struct Answer {
    std::vector<Line> lines;
    std::optional<double> rank_error;
    std::vector<std::string> columns = {};  // of a table, for its lines one after the other
};

bool has_cells(const ReleaseOptions& options) {
    return options.statistic == ReleasedStatistic::histogram || options.statistic == ReleasedStatistic::table;
}

double require_number(const std::optional<double>& value, const char* option) {
    if (!value) throw InputError(std::string(option) + " is needed for this statistic");
    return *value;
}

Bounds bounds_of(const ReleaseOptions& options) {
    return {require_number(options.lower, "--lower"), require_number(options.upper, "--upper")};
}

PrivacyUnit unit_of(const ReleaseOptions& options) {
    const Neighbouring neighbouring = Neighbouring::add_remove;
    if (options.user.empty()) return PrivacyUnit::record(neighbouring);
    return PrivacyUnit::user(neighbouring, options.limit);
}

// Rows into a state, by user or one by one. What is not a number is missing; a row without a user is left out.
class Rows {
  public:
    Rows(const ReleaseOptions& options, const PrivacyUnit& unit) : source_(options.source) {
        if (!options.column.empty()) column_ = source_.column(options.column);
        if (options.user.empty()) return;
        user_ = source_.column(options.user);
        limited_.emplace(unit, options.choice);
    }

    /// row(number, text) for every record; by user they go into contributions instead.
    template <class Row>
    void read(bool by_category, Row row) {
        while (source_.next()) {
            const double number =
                !by_category && column_ ? source_.number(*column_).value_or(not_a_number) : not_a_number;
            const std::string text = by_category && column_ ? std::string(source_.text(*column_)) : std::string();
            if (!limited_) {
                row(number, text);
            } else if (!source_.is_null(*user_)) {
                limited_->add(source_.text(*user_), number, text);
            }
        }
    }
    [[nodiscard]] const std::optional<Contributions>& limited() const noexcept { return limited_; }

  private:
    RowSource source_;
    std::optional<std::size_t> column_, user_;
    std::optional<Contributions> limited_;
};

template <class Mechanism>
Answer release_number(const Mechanism& mechanism, Rows& rows, ReleaseBudget& budget) {
    auto partial = mechanism.partial();
    rows.read(false, [&](double number, const std::string&) {
        if constexpr (std::is_same_v<Mechanism, PrivateCount>) {
            partial.add();
        } else {
            partial.add(number);
        }
    });
    if (rows.limited()) partial = mechanism.partial(*rows.limited());
    if constexpr (std::is_same_v<Mechanism, PrivateQuantile>) {
        const QuantileRelease release = mechanism.release(partial, budget);
        return {{{{}, release.value, {}}}, release.rank_error};
    } else {
        const Release release = mechanism.release(partial, budget);
        return {{{{}, release.value, release.interval}}, {}};
    }
}

Answer release_histogram(const ReleaseOptions& options, const PrivacyUnit& unit, Rows& rows, ReleaseBudget& budget) {
    const stats::Confidence confidence(options.confidence);
    Answer answer;
    const auto fill = [&](auto& partial) {
        rows.read(true, [&](double, const std::string& text) { partial.add(text); });
    };
    if (options.categories.empty()) {
        const ThresholdedHistogram mechanism(unit, Epsilon(options.epsilon), Delta(options.delta), confidence);
        OpenHistogramPartial partial = mechanism.partial();
        fill(partial);
        if (rows.limited()) partial = mechanism.partial(*rows.limited());
        for (const CategoryRelease& told : mechanism.release(partial, budget).categories)
            answer.lines.push_back({told.category, told.value, told.interval});
        return answer;
    }
    const PrivateHistogram mechanism(unit, options.categories, Epsilon(options.epsilon), confidence);
    HistogramPartial partial = mechanism.partial();
    fill(partial);
    if (rows.limited()) partial = mechanism.partial(*rows.limited());
    const HistogramRelease release = mechanism.release(partial, budget);
    for (std::size_t i = 0; i < release.cells.size(); ++i)
        answer.lines.push_back({i < options.categories.size() ? options.categories[i] : "(all others)",
                                release.cells[i].value, release.cells[i].interval});
    return answer;
}

// Of two columns, records only: row(source, first, second).
template <class Row>
void read_pairs(const ReleaseOptions& options, Row row) {
    if (!options.user.empty()) throw InputError("--user: this statistic is of records, each someone else's");
    if (options.column.empty() || options.second.empty())
        throw InputError("--column and --second are needed for this statistic");
    RowSource source(options.source);
    const std::size_t first = source.column(options.column), second = source.column(options.second);
    while (source.next()) row(source, first, second);
}

Answer release_covariance(const ReleaseOptions& options, const ReleaseLoss& loss, ReleaseBudget& budget) {
    const Bounds second(require_number(options.second_lower, "--second-lower"),
                        require_number(options.second_upper, "--second-upper"));
    const PrivateCovariance mechanism(unit_of(options), bounds_of(options), second, loss,
                                      stats::Confidence(options.confidence));
    MomentsPartial partial = mechanism.partial();
    read_pairs(options, [&](const RowSource& source, std::size_t x, std::size_t y) {
        partial.add(source.number(x).value_or(not_a_number), source.number(y).value_or(not_a_number));
    });
    const Release release = mechanism.release(partial, budget);
    return {{{{}, release.value, release.interval}}, {}};
}

Answer release_table(const ReleaseOptions& options, const ReleaseLoss& loss, ReleaseBudget& budget) {
    if (options.categories.empty() || options.second_categories.empty())
        throw InputError("--categories and --second-categories are needed for a table");
    const PrivateContingencyTable mechanism(unit_of(options), options.categories, options.second_categories, loss,
                                            stats::Confidence(options.confidence));
    ContingencyPartial partial = mechanism.partial();
    read_pairs(options, [&](RowSource& source, std::size_t row, std::size_t column) {
        const std::string category(source.text(row));  // void once the other one is asked for
        partial.add(category, source.text(column));
    });
    const ContingencyRelease release = mechanism.release(partial, budget);
    Answer answer;
    const auto name = [](const std::vector<std::string>& names, std::size_t i) {
        return i < names.size() ? names[i] : std::string("(all others)");
    };
    for (std::size_t i = 0; i < release.cells.size(); ++i) {
        answer.lines.push_back(
            {name(options.categories, i / release.columns), release.cells[i].value, release.cells[i].interval});
        answer.columns.push_back(name(options.second_categories, i % release.columns));
    }
    return answer;
}

// The bounds as a line's interval, or no line.
Answer release_range(const ReleaseOptions& options, const PrivacyUnit& unit, const ReleaseLoss& loss, Rows& rows,
                     ReleaseBudget& budget) {
    const PrivateRange mechanism(unit, {options.least_power, options.largest_power}, loss);
    RangePartial partial = mechanism.partial();
    rows.read(false, [&](double number, const std::string&) { partial.add(number); });
    if (rows.limited()) partial = mechanism.partial(*rows.limited());
    const std::optional<Bounds> bounds = mechanism.release(partial, budget).bounds;
    Answer answer;
    if (bounds) answer.lines.push_back({{}, bounds->upper(), {bounds->lower(), bounds->upper()}});
    return answer;
}

QuantileRank rank_of(double quantile) {
    const double thousandths = std::nearbyint(quantile * 1000.0);
    if (!(thousandths >= 1.0 && thousandths <= 999.0) || std::abs(quantile * 1000.0 - thousandths) > 1e-9)
        throw InputError("--quantile: it must be a number of thousandths between 0 and 1");
    return {static_cast<std::uint32_t>(thousandths), 1000};
}

Answer release_statistic(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (options.column.empty() && options.statistic != ReleasedStatistic::count)
        throw InputError("--column is needed for this statistic");
    if (options.statistic == ReleasedStatistic::histogram && options.categories.empty() == (options.delta == 0.0))
        throw InputError("histogram: either --categories, or --delta for those that the data have");
    if (options.statistic == ReleasedStatistic::quantile && options.delta != 0.0)
        throw InputError("--delta: a quantile's choice is pure, and has none");
    const PrivacyUnit unit = unit_of(options);
    const Epsilon epsilon(options.epsilon);
    const ReleaseLoss loss = options.delta != 0.0 ? ReleaseLoss(epsilon, Delta(options.delta)) : epsilon;
    const stats::Confidence confidence(options.confidence);
    if (options.statistic == ReleasedStatistic::covariance) return release_covariance(options, loss, budget);
    if (options.statistic == ReleasedStatistic::table) return release_table(options, loss, budget);
    Rows rows(options, unit);
    switch (options.statistic) {
        case ReleasedStatistic::count: return release_number(PrivateCount(unit, loss, confidence), rows, budget);
        case ReleasedStatistic::sum:
            return release_number(PrivateSum(unit, bounds_of(options), loss, confidence), rows, budget);
        case ReleasedStatistic::mean:
            return release_number(PrivateMean(unit, bounds_of(options), loss, confidence), rows, budget);
        case ReleasedStatistic::variance:
            return release_number(PrivateVariance(unit, bounds_of(options), loss, confidence), rows, budget);
        case ReleasedStatistic::histogram: return release_histogram(options, unit, rows, budget);
        case ReleasedStatistic::range: return release_range(options, unit, loss, rows, budget);
        case ReleasedStatistic::covariance:
        case ReleasedStatistic::table:
        case ReleasedStatistic::quantile: break;
    }
    return release_number(PrivateQuantile(unit, QuantileGrid(bounds_of(options), options.steps),
                                          rank_of(options.quantile), epsilon, confidence),
                          rows, budget);
}

// What the account has left at that time, rounded down.
Guarantee left_of(Ledger& ledger, const LedgerAccount& account, std::int64_t now) {
    for (const LedgerBalance& balance : ledger.balances(account))
        if (balance.period.from <= now && now < balance.period.until) {
            const auto less = [](std::uint64_t budget, std::uint64_t spent) {
                return static_cast<double>(budget > spent ? budget - spent : 0);
            };
            return {less(balance.budget.loss, balance.spent.loss) / LedgerCost::loss_units,
                    less(balance.budget.delta, balance.spent.delta) / LedgerCost::delta_units};
        }
    return {};
}

Json to_json(const Line& line, bool has_interval) {
    Json cell = Json::object();
    cell["value"] = line.value;
    if (has_interval) cell["interval"] = {{"lower", line.interval.lower}, {"upper", line.interval.upper}};
    return cell;
}

std::string to_json(const ReleaseOptions& options, const Answer& answer, const Guarantee& left,
                    const LedgerHead& head) {
    Json document = {{"statistic", options.statistic_name}};
    if (!options.column.empty()) document["column"] = options.column;
    if (has_cells(options)) {
        document["cells"] = Json::array();
        for (std::size_t i = 0; i < answer.lines.size(); ++i) {
            Json cell = {{"category", answer.lines[i].category}};
            if (!answer.columns.empty()) cell["second"] = answer.columns[i];
            cell.update(to_json(answer.lines[i], true));
            document["cells"].push_back(cell);
        }
    } else if (options.statistic == ReleasedStatistic::range) {
        document["bounds"] = nullptr;
        if (!answer.lines.empty())
            document["bounds"] = {{"lower", answer.lines[0].interval.lower}, {"upper", answer.lines[0].interval.upper}};
    } else {
        document.update(to_json(answer.lines[0], !answer.rank_error));
        if (answer.rank_error) document["rank_error"] = *answer.rank_error;
    }
    document["confidence"] = options.confidence;
    document["spent"] = {{"epsilon", options.epsilon}, {"delta", options.delta}};
    document["left"] = {{"epsilon", left.epsilon}, {"delta", left.delta}};
    document["ledger_head"] = head_text(head);
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const ReleaseOptions& options, const Answer& answer, const Guarantee& left) {
    const double percent = 100.0 * options.confidence;
    std::string text;
    if (has_cells(options)) {
        std::vector<std::vector<std::string>> table = {{"category", "count", fmt::format("{:g}% from", percent), "to"}};
        for (const Line& line : answer.lines)
            table.push_back({rendering::clean(line.category), fmt::format("{:.10g}", line.value),
                             fmt::format("{:.10g}", line.interval.lower), fmt::format("{:.10g}", line.interval.upper)});
        if (!answer.columns.empty()) {
            table[0].insert(table[0].begin() + 1, "second");
            for (std::size_t i = 0; i < answer.columns.size(); ++i)
                table[i + 1].insert(table[i + 1].begin() + 1, rendering::clean(answer.columns[i]));
        }
        text = text_table(table);
    } else if (options.statistic == ReleasedStatistic::range) {
        text = answer.lines.empty() ? std::string("range none: no power of two seems to hold enough values\n")
                                    : fmt::format("range {:g} to {:g} (rarer values lie outside)\n",
                                                  answer.lines[0].interval.lower, answer.lines[0].interval.upper);
    } else if (answer.rank_error) {
        text = fmt::format("{} {:.6g} (at {:g}%, its rank is off by at most {:g} rows)\n", options.statistic_name,
                           answer.lines[0].value, percent, *answer.rank_error);
    } else {
        const Line& line = answer.lines[0];
        text = fmt::format("{} {:.10g} (without noise from {:.10g} to {:.10g}, at {:g}%)\n", options.statistic_name,
                           line.value, line.interval.lower, line.interval.upper, percent);
    }
    text += fmt::format("epsilon {:g} spent, {:.6g} left", options.epsilon, left.epsilon);
    if (options.delta > 0.0) text += fmt::format("; delta {:g} spent, {:.6g} left", options.delta, left.delta);
    return text + "\n";
}

// For those who keep heads: the one to give next time.
std::string head_line(const LedgerUse& use, Ledger& ledger) {
    return use.file.at_least.empty() ? std::string() : "ledger head " + head_text(ledger.head()) + "\n";
}

}  // namespace

std::int64_t seconds_of(const std::optional<std::int64_t>& now) {
    if (now) return *now;
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

ExitStatus privacy_grant(const GrantOptions& options) {
    const std::int64_t now = seconds_of(options.use.now);
    const LedgerCost budget = LedgerCost::budget(options.epsilon, options.delta);
    if (!(options.days > 0.0 && options.days <= 1e6)) throw InputError("--days: it must be above 0, at most 1000000");
    const auto seconds = static_cast<std::int64_t>(std::ceil(options.days * 86'400.0));
    Ledger ledger = options.create ? create_ledger(options.use.file) : open_ledger(options.use.file);
    ledger.grant(options.use.account, budget, {now, now + seconds});
    write_text("-", fmt::format("epsilon {:g} and delta {:g} granted until {}\n", options.epsilon, options.delta,
                                now + seconds) +
                        head_line(options.use, ledger));
    return exit_pass;
}

ExitStatus privacy_release(const ReleaseOptions& options) {
    const std::int64_t now = seconds_of(options.use.now);
    Ledger ledger = open_ledger(options.use.file);
    LedgerBudget budget(ledger, options.use.account, now);
    const Answer answer = release_statistic(options, budget);
    const Guarantee left = left_of(ledger, options.use.account, now);
    write_text("-", options.as_json ? to_json(options, answer, left, ledger.head())
                                    : to_text(options, answer, left) + head_line(options.use, ledger));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
