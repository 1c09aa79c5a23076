// SPDX-License-Identifier: Apache-2.0
// `vedette privacy grant` and `vedette privacy release`: a statistic of a column, noised, under a ledger's budget.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
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
    if (options.user.empty()) return PrivacyUnit::record(options.neighbouring);
    return PrivacyUnit::user(options.neighbouring, options.limit);
}

ReleaseLoss loss_of(const ReleaseOptions& options) {
    if (options.rho) return Rho(*options.rho);
    const Epsilon epsilon(options.epsilon.value_or(0.0));
    if (options.delta != 0.0) return {epsilon, Delta(options.delta)};
    return epsilon;
}

// Options that say nothing to the statistic at hand: whoever gives one believes something else.
void check_given(const ReleaseOptions& options) {
    using enum ReleasedStatistic;
    struct Use {
        const char* option;
        std::vector<ReleasedStatistic> statistics;
    };
    static const std::vector<Use> uses = {
        {"--lower", {sum, mean, variance, quantile, covariance}},
        {"--upper", {sum, mean, variance, quantile, covariance}},
        {"--categories", {histogram, table}},
        {"--second", {covariance, table}},
        {"--second-lower", {covariance}},
        {"--second-upper", {covariance}},
        {"--second-categories", {table}},
        {"--least-power", {range}},
        {"--largest-power", {range}},
        {"--quantile", {quantile}},
        {"--steps", {quantile}},
        {"--categories-per-user", {histogram, table}},
        {"--confidence", {count, sum, mean, variance, histogram, quantile, covariance, table}},
    };
    const auto is_given = [&](const char* option) {
        return std::find(options.given.begin(), options.given.end(), option) != options.given.end();
    };
    for (const auto& [option, statistics] : uses)
        if (is_given(option) && std::find(statistics.begin(), statistics.end(), options.statistic) == statistics.end())
            throw InputError(fmt::format("{}: it is of no use to --statistic {}", option, options.statistic_name));
    if (options.user.empty())
        for (const char* option : {"--rows-per-user", "--categories-per-user", "--choice"})
            if (is_given(option))
                throw InputError(fmt::format("{}: it needs --user; without it every row is someone else's", option));
    if (options.rho && options.delta != 0.0) throw InputError("--delta: rho has none");
}

// The numbers of a column. Texts alone are a mistake of the command line, which noise would hide: found before anything
// is spent. Whoever runs this sees the rows.
class Numbers {
  public:
    explicit Numbers(std::size_t column) : column_(column) {}

    double of(const RowSource& source) {
        const std::optional<double> number = source.number(column_);
        if (number) {
            ++numbers_;
        } else if (!source.is_null(column_)) {
            ++texts_;
        }
        return number.value_or(not_a_number);
    }
    void check(const std::string& name) const {
        if (numbers_ == 0 && texts_ > 0)
            throw InputError(fmt::format("column \"{}\" holds texts and no number; nothing was spent", name));
    }

  private:
    std::size_t column_;
    std::uint64_t numbers_ = 0, texts_ = 0;
};

// Rows into a state, by user or one by one. What is not a number is missing; a row without a user is left out.
class Rows {
  public:
    Rows(const ReleaseOptions& options, const PrivacyUnit& unit) : source_(options.source), name_(options.column) {
        if (!options.column.empty()) column_ = source_.column(options.column);
        if (options.user.empty()) return;
        user_ = source_.column(options.user);
        limited_.emplace(unit, options.choice);
    }

    enum class As : std::uint8_t { rows, numbers, categories };
    /// row(number, text) for every record; by user they go into contributions instead. Throws InputError for numbers of
    /// a column of texts.
    template <class Row>
    void read(As as, Row row) {
        std::optional<Numbers> numbers;
        if (as == As::numbers) numbers.emplace(column_.value());
        while (source_.next()) {
            const double number = numbers ? numbers->of(source_) : not_a_number;
            const std::string text = as == As::categories ? std::string(source_.text(column_.value())) : std::string();
            if (!limited_) {
                row(number, text);
            } else if (!source_.is_null(*user_)) {
                limited_->add(source_.text(*user_), number, text);
            }
        }
        if (numbers) numbers->check(name_);
    }
    [[nodiscard]] const std::optional<Contributions>& limited() const noexcept { return limited_; }

  private:
    RowSource source_;
    std::string name_;
    std::optional<std::size_t> column_, user_;
    std::optional<Contributions> limited_;
};

template <class Mechanism>
Answer release_number(const Mechanism& mechanism, Rows& rows, ReleaseBudget& budget) {
    auto partial = mechanism.partial();
    constexpr bool counts = std::is_same_v<Mechanism, PrivateCount>;
    rows.read(counts ? Rows::As::rows : Rows::As::numbers, [&](double number, const std::string&) {
        if constexpr (counts) {
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

Answer release_histogram(const ReleaseOptions& options, const PrivacyUnit& unit, const ReleaseLoss& loss, Rows& rows,
                         ReleaseBudget& budget) {
    const stats::Confidence confidence(options.confidence);
    Answer answer;
    const auto fill = [&](auto& partial) {
        rows.read(Rows::As::categories, [&](double, const std::string& text) { partial.add(text); });
    };
    if (options.categories.empty()) {
        const ThresholdedHistogram mechanism(unit, Epsilon(options.epsilon.value_or(0.0)), Delta(options.delta),
                                             confidence);
        OpenHistogramPartial partial = mechanism.partial();
        fill(partial);
        if (rows.limited()) partial = mechanism.partial(*rows.limited());
        for (const CategoryRelease& told : mechanism.release(partial, budget).categories)
            answer.lines.push_back({told.category, told.value, told.interval});
        return answer;
    }
    const PrivateHistogram mechanism(unit, options.categories, loss, confidence);
    HistogramPartial partial = mechanism.partial();
    fill(partial);
    if (rows.limited()) partial = mechanism.partial(*rows.limited());
    const HistogramRelease release = mechanism.release(partial, budget);
    for (std::size_t i = 0; i < release.cells.size(); ++i)
        answer.lines.push_back({i < options.categories.size() ? options.categories[i] : "(all others)",
                                release.cells[i].value, release.cells[i].interval});
    return answer;
}

// Of two columns: row(source, first, second) for every record, or by_user(source, first, second, user).
template <class Row, class ByUser>
void read_pairs(const ReleaseOptions& options, Row row, ByUser by_user) {
    if (options.column.empty() || options.second.empty())
        throw InputError("--column and --second are needed for this statistic");
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

Answer release_covariance(const ReleaseOptions& options, const ReleaseLoss& loss, ReleaseBudget& budget) {
    const Bounds second(require_number(options.second_lower, "--second-lower"),
                        require_number(options.second_upper, "--second-upper"));
    const PrivacyUnit unit = unit_of(options);
    const PrivateCovariance mechanism(unit, bounds_of(options), second, loss, stats::Confidence(options.confidence));
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
    return {{{{}, release.value, release.interval}}, {}};
}

Answer release_table(const ReleaseOptions& options, const ReleaseLoss& loss, ReleaseBudget& budget) {
    if (options.categories.empty() || options.second_categories.empty())
        throw InputError("--categories and --second-categories are needed for a table");
    const PrivacyUnit unit = unit_of(options);
    const PrivateContingencyTable mechanism(unit, options.categories, options.second_categories, loss,
                                            stats::Confidence(options.confidence));
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
    rows.read(Rows::As::numbers, [&](double number, const std::string&) { partial.add(number); });
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
    check_given(options);
    if (options.column.empty() && options.statistic != ReleasedStatistic::count)
        throw InputError("--column is needed for this statistic");
    if (options.statistic == ReleasedStatistic::histogram && options.categories.empty() == (options.delta == 0.0))
        throw InputError("histogram: either --categories, or --delta for those that the data have");
    if (options.statistic == ReleasedStatistic::quantile && (options.delta != 0.0 || options.rho))
        throw InputError("--delta, --rho: a quantile's choice is pure, and has neither");
    const PrivacyUnit unit = unit_of(options);
    const ReleaseLoss loss = loss_of(options);
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
        case ReleasedStatistic::histogram: return release_histogram(options, unit, loss, rows, budget);
        case ReleasedStatistic::range: return release_range(options, unit, loss, rows, budget);
        case ReleasedStatistic::covariance:
        case ReleasedStatistic::table:
        case ReleasedStatistic::quantile: break;
    }
    return release_number(
        PrivateQuantile(unit, QuantileGrid(bounds_of(options), options.steps), rank_of(options.quantile),
                        Epsilon(options.epsilon.value_or(0.0)), confidence),
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

const char* neighbours_word(Neighbouring neighbouring) noexcept {
    return neighbouring == Neighbouring::add_remove ? "add_remove" : "replace_one";
}

// Whom the noise hides, in words.
std::string hidden_line(const ReleaseOptions& options) {
    const bool replaces = options.neighbouring == Neighbouring::replace_one;
    if (options.user.empty())
        return replaces ? "hidden: what any one record says, but not how many there are (neighbours replace_one)\n"
                        : "hidden: whether any one record is in the data (neighbours add_remove)\n";
    std::string rows = fmt::format("{} {} of a user", options.limit.rows, options.limit.rows == 1 ? "row" : "rows");
    if (has_cells(options))
        rows += fmt::format(" in each of {} {}", options.limit.partitions,
                            options.limit.partitions == 1 ? "category" : "categories");
    return replaces
               ? fmt::format(
                     "hidden: all that any one user's rows say, but not how many users there are "
                     "(neighbours replace_one; {} count)\n",
                     rows)
               : fmt::format("hidden: whether any one user is in the data (neighbours add_remove; {} count)\n", rows);
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
    document["neighbours"] = neighbours_word(options.neighbouring);
    document["unit"] = options.user.empty() ? Json("record") : Json("user");
    if (!options.user.empty()) {
        document["rows_per_user"] = options.limit.rows;
        if (has_cells(options)) document["categories_per_user"] = options.limit.partitions;
    }
    if (options.rho) {
        document["spent"] = {{"rho", *options.rho}};
        document["left"] = {{"rho", left.epsilon}};
    } else {
        document["spent"] = {{"epsilon", options.epsilon.value_or(0.0)}, {"delta", options.delta}};
        document["left"] = {{"epsilon", left.epsilon}, {"delta", left.delta}};
    }
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
    text += fmt::format("{} {:g} spent, {:.6g} left", options.rho ? "rho" : "epsilon",
                        options.rho ? *options.rho : options.epsilon.value_or(0.0), left.epsilon);
    if (options.delta > 0.0) text += fmt::format("; delta {:g} spent, {:.6g} left", options.delta, left.delta);
    return text + "\n" + hidden_line(options);
}

// An account whose measure nobody named may be one of epsilon, of which rho is no part.
void require_rho(Ledger& ledger, const LedgerAccount& account) {
    for (const LedgerBalance& balance : ledger.balances(account))
        if (balance.measure != LedgerMeasure::rho)
            throw InputError("--rho: the account is not kept in rho; see vedette privacy grant --rho");
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
    if (options.rho && options.delta != 0.0) throw InputError("--delta: rho has none");
    const double loss = options.rho ? *options.rho : options.epsilon.value_or(0.0);
    const LedgerCost budget = LedgerCost::budget(loss, options.delta);
    if (!(options.days > 0.0 && options.days <= 1e6)) throw InputError("--days: it must be above 0, at most 1000000");
    const auto seconds = static_cast<std::int64_t>(std::ceil(options.days * 86'400.0));
    Ledger ledger = options.create ? create_ledger(options.use.file) : open_ledger(options.use.file);
    ledger.grant(options.use.account, budget, {now, now + seconds},
                 options.rho ? LedgerMeasure::rho : LedgerMeasure::epsilon);
    const std::string what =
        options.rho ? fmt::format("rho {:g}", loss) : fmt::format("epsilon {:g} and delta {:g}", loss, options.delta);
    write_text("-", fmt::format("{} granted until {} ({})\n", what, now + seconds, time_text(now + seconds)) +
                        head_line(options.use, ledger));
    return exit_pass;
}

ExitStatus privacy_release(const ReleaseOptions& options) {
    const std::int64_t now = seconds_of(options.use.now);
    Ledger ledger = open_ledger(options.use.file);
    std::unique_ptr<ReleaseBudget> budget = std::make_unique<LedgerBudget>(ledger, options.use.account, now);
    if (options.rho) {
        require_rho(ledger, options.use.account);
        budget = std::make_unique<LedgerRhoBudget>(ledger, options.use.account, now);
    }
    const Answer answer = release_statistic(options, *budget);
    const Guarantee left = left_of(ledger, options.use.account, now);
    write_text("-", options.as_json ? to_json(options, answer, left, ledger.head())
                                    : to_text(options, answer, left) + head_line(options.use, ledger));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
