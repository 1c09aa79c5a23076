// SPDX-License-Identifier: Apache-2.0
// `vedette score memory|watch|merge`: what the scores of single rows cannot see, attacks over many requests, in a file
// that goes on from run to run and that a guard takes too.
#include "command_memory.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "csv_writer.hpp"
#include "guard/render_common.hpp"
#include "row_columns.hpp"
#include "row_source.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/query_memory.hpp"

namespace vedette::inline v0::cli {

namespace {

using rendering::clean;
using rendering::grouped;

// Requests of a file in turn: the row as floats, whose it is, and when.
class Requests {
  public:
    explicit Requests(const TrafficSource& options, const std::vector<std::string>& made_with = {})
        : source_(options.rows.source) {
        account_ = source_.column(options.account);
        if (!options.time.empty()) time_column_ = source_.column(options.time);
        columns_ =
            row_columns(source_, {options.rows.columns, options.rows.ignore, {account_, time_column_}}, made_with);
        row_.resize(columns_.size());
    }

    bool next() {
        if (!source_.next()) return false;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::optional<double> number = source_.number(columns_[i]);
            if (!number && !source_.is_null(columns_[i]))
                throw InputError(fmt::format("{}: \"{}\" is not a number; choose numeric --columns",
                                             source_.place(columns_[i]), clean(source_.text(columns_[i]))));
            row_[i] = static_cast<float>(number.value_or(std::numeric_limits<double>::quiet_NaN()));
        }
        if (time_column_) {
            const std::optional<double> number = source_.number(*time_column_);
            if (!number || !(*number >= 0.0 && *number < 0x1p63) || *number != std::floor(*number))
                throw InputError(fmt::format("{}: \"{}\" is no time: a whole number from 0 on",
                                             source_.place(*time_column_), clean(source_.text(*time_column_))));
            time_ = static_cast<std::uint64_t>(*number);
        }
        account_name_ = source_.text(account_);
        return true;
    }

    [[nodiscard]] std::size_t width() const { return columns_.size(); }
    [[nodiscard]] std::vector<std::string> names() const { return names_of(source_, columns_); }
    [[nodiscard]] std::span<const float> row() const { return row_; }
    [[nodiscard]] const std::string& account() const { return account_name_; }
    [[nodiscard]] std::uint64_t time() const { return time_; }

  private:
    RowSource source_;
    std::vector<std::size_t> columns_;
    std::size_t account_ = 0;
    std::optional<std::size_t> time_column_;
    std::vector<float> row_;
    std::string account_name_;
    std::uint64_t time_ = 0;
};

struct Traffic {
    std::size_t width = 0;
    std::vector<std::string> names;
    std::vector<float> values;
    std::vector<std::string> accounts;
    std::vector<std::uint64_t> times;

    [[nodiscard]] std::size_t count() const { return accounts.size(); }
    [[nodiscard]] std::span<const float> row(std::size_t i) const {
        return std::span(values).subspan(i * width, width);
    }
};

Traffic read_traffic(const TrafficSource& options) {
    Requests requests(options);
    Traffic traffic;
    traffic.width = requests.width();
    traffic.names = requests.names();
    while (requests.next()) {
        traffic.values.insert(traffic.values.end(), requests.row().begin(), requests.row().end());
        traffic.accounts.push_back(requests.account());
        traffic.times.push_back(requests.time());
    }
    return traffic;
}

bool is_finite(std::span<const float> row) {
    return std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); });
}

// Half of each column's standard deviation; of a column that never changes 1, which any other value leaves.
std::vector<double> usual_steps(const Traffic& traffic) {
    std::vector<double> steps;
    for (std::size_t column = 0; column < traffic.width; ++column) {
        double count = 0.0, mean = 0.0, squares = 0.0;
        for (std::size_t i = 0; i < traffic.count(); ++i) {
            const double x = traffic.row(i)[column];
            if (!std::isfinite(x)) continue;
            count += 1.0;
            const double apart = x - mean;
            mean += apart / count;
            squares += apart * (x - mean);
        }
        const double step = count > 1.0 ? 0.5 * std::sqrt(squares / (count - 1.0)) : 0.0;
        steps.push_back(std::isnormal(step) ? step : 1.0);
    }
    return steps;
}

// The rows of the benign traffic that say what its law is: spread over all of it, or they would be those of its first
// hours and accounts.
drift::MmdMonitor<float> fit_mmd(const Traffic& traffic, const MemoryOptions& options) {
    constexpr std::size_t most = 10'000;
    std::size_t finite = 0;
    for (std::size_t i = 0; i < traffic.count(); ++i) finite += is_finite(traffic.row(i)) ? 1U : 0U;
    const std::size_t wanted = std::min(most, finite);
    std::vector<float> rows;
    std::size_t count = 0, seen = 0;
    for (std::size_t i = 0; i < traffic.count(); ++i) {
        if (!is_finite(traffic.row(i))) continue;
        if (++seen * wanted / finite == count) continue;
        rows.insert(rows.end(), traffic.row(i).begin(), traffic.row(i).end());
        ++count;
    }
    if (count < 2 * std::size_t{options.mmd_window})
        throw Error(ErrorCode::not_enough_data, fmt::format("{} benign rows without gaps, a window of {} asks for {}",
                                                            count, options.mmd_window, 2 * options.mmd_window));
    return drift::MmdMonitor<float>(
        MatrixView<float>::row_major(rows.data(), count, traffic.width),
        {.features = options.mmd_features, .window = options.mmd_window, .expected_run = options.expected_run});
}

bool is_left_out(perturbation::Repeat repeat, perturbation::RepeatRule rule) {
    return (repeat == perturbation::Repeat::own && rule != perturbation::RepeatRule::judged) ||
           (repeat == perturbation::Repeat::other && rule == perturbation::RepeatRule::left_out);
}

// Benign accounts share inputs too, of rows with few values most of all: of a thousand benign inputs one links at most,
// unless more share all that they can. `scores` with other accounts' inputs: an account's own link nobody.
double linking_score(std::vector<double> scores) {
    std::erase_if(scores, [](double score) { return std::isnan(score); });
    if (scores.empty()) return 1.0;
    const auto rank = static_cast<std::ptrdiff_t>(0.999 * static_cast<double>(scores.size() - 1));
    std::nth_element(scores.begin(), scores.begin() + rank, scores.end());
    const double common = scores[static_cast<std::size_t>(rank)];
    return std::min(1.0, std::max(0.5, std::nextafter(common, 2.0)));
}

// Who was accused, and of what, in the order of the first alarm.
struct Accused {
    std::string account;
    std::uint64_t after = 0;  // requests of the account in this file
    const char* reason = "";
    double value = 0.0;
};

struct Watched {
    std::uint64_t rows = 0, evaluated = 0;
    std::uint64_t unread = 0;  // with an empty field, or one that is not finite
    std::vector<Accused> accused;
    std::map<std::uint32_t, std::string> names;  // by mark
    std::string evidence;                        // CSV
};

std::string number_or_nothing(double x) {
    return std::isnan(x) ? std::string() : fmt::format("{:.6g}", x);
}

Watched watch(QueryMemory& memory, Requests& requests, bool with_evidence) {
    Watched watched;
    if (with_evidence) watched.evidence = "row,account,overlap,p_value,e_value,mmd,group_accounts,group_mmd,accused\n";
    std::map<std::string, std::uint64_t> asked;
    std::map<std::pair<std::string, std::string>, bool> known;
    while (requests.next()) {
        const MemoryEvidence said =
            memory.observe({.input = requests.row(), .account = requests.account(), .time = requests.time()});
        ++watched.rows;
        const std::uint64_t count = ++asked[requests.account()];
        watched.names.emplace(said.query.mark, requests.account());
        const auto accuse = [&](Decision decision, const char* reason, double value) {
            if (decision == Decision::alarm && known.emplace(std::pair(requests.account(), reason), true).second)
                watched.accused.push_back({requests.account(), count, reason, value});
        };
        accuse(said.query_attack, "query_attack", said.query.account.e_value);
        accuse(said.unlike_benign, "unlike_benign", said.mmd.distance);
        accuse(said.group_unlike_benign, "group_unlike_benign", said.group.window.distance);
        const bool is_accused = said.query_attack == Decision::alarm || said.unlike_benign == Decision::alarm ||
                                said.group_unlike_benign == Decision::alarm;
        watched.unread += is_finite(requests.row()) ? 0U : 1U;
        watched.evaluated += said.query_attack != Decision::not_evaluated ? 1U : 0U;
        if (with_evidence)
            watched.evidence +=
                fmt::format("{},{},{},{},{},{},{},{},{}\n", watched.rows, csv_field(requests.account()),
                            number_or_nothing(said.query.match.score), number_or_nothing(said.query.p_value),
                            number_or_nothing(said.query.account.e_value), number_or_nothing(said.mmd.distance),
                            said.group.accounts, number_or_nothing(said.group.window.distance), is_accused ? 1 : 0);
    }
    return watched;
}

std::string name_of(const Watched& watched, std::uint32_t mark) {
    const auto known = watched.names.find(mark);
    return known == watched.names.end() ? fmt::format("(of another file, {:08x})", mark) : known->second;
}

void check_width(const QueryMemory& memory, std::size_t width) {
    const std::size_t wanted = memory.queries()->store().fingerprinter().values();
    if (width != wanted)
        throw InputError(fmt::format("{} numeric columns, the memory takes {}: choose --columns", width, wanted));
}

// A memory with the names of the columns that it remembers.
struct NamedMemory {
    QueryMemory memory;
    std::vector<std::string> columns;  // empty = not known

    void save(const std::string& path) const {
        write_file_atomically(path, with_columns(memory.to_bytes(), columns), NewFile::owner_only);
    }
};

NamedMemory memory_of(const std::vector<std::byte>& bytes, const std::string& path) {
    try {
        NamedMemory named{QueryMemory::from_bytes(bytes), columns_of(bytes)};
        if (named.memory.queries() == nullptr || named.memory.queries()->store().fingerprinter().is_of_images())
            throw InputError(fmt::format("{}: a memory that remembers no rows of a table", clean(path)));
        return named;
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", path, error.what()));
    }
}

}  // namespace

ExitStatus score_memory(const MemoryOptions& options) {
    const Traffic traffic = read_traffic(options.benign);
    if (traffic.count() == 0) throw Error(ErrorCode::not_enough_data, "there is no benign request");
    perturbation::RowFingerprintOptions row{
        .values = traffic.width,
        .steps = options.steps.empty() ? usual_steps(traffic) : options.steps,
        .window = std::min(options.window, std::max<std::size_t>(traffic.width, 1))};
    const perturbation::Fingerprinter fingerprinter(row);
    // Scores rise with what is remembered, so the calibration sees the store as full as it will ever be.
    constexpr std::size_t least_remembered = 64;
    const std::size_t remembered = std::min(options.remembered, std::max(least_remembered, traffic.count() / 2));
    perturbation::FingerprintStore store(
        fingerprinter, {.memory = perturbation::FingerprintStore::memory_needed(fingerprinter, remembered),
                        .silent = options.is_silent});
    // The first half fills the store, as it will be in service; what the second half is given there calibrates.
    perturbation::UpdateSimilarity updates({.values = traffic.width});
    std::vector<double> scores, with_others, update_scores;
    for (std::size_t i = 0; i < traffic.count(); ++i) {
        const auto match = store.observe(traffic.row(i), traffic.accounts[i], traffic.times[i]);
        if (is_left_out(match.repeat, options.repeats)) continue;
        const double step = updates.update(traffic.row(i), traffic.accounts[i]).score;
        if (2 * i < traffic.count()) continue;
        scores.push_back(match.score);
        with_others.push_back(match.account == store.account_mark(traffic.accounts[i]) ? 0.0 : match.score);
        if (!std::isnan(step)) update_scores.push_back(step);
    }
    const stats::ConformalOptions promise{.guarantee = options.guarantee,
                                          .failure_probability = options.failure_probability};
    const stats::ConformalCalibration calibration(scores, promise);
    std::optional<perturbation::CalibratedUpdates> steps;
    if (options.with_updates)
        steps =
            perturbation::CalibratedUpdates{std::move(updates), stats::ConformalCalibration(update_scores, promise)};
    perturbation::QueryWatch queries(
        std::move(store), calibration,
        {.callers = {.level = options.level}, .linked_score = linking_score(with_others), .repeats = options.repeats},
        std::move(steps));
    std::optional<MmdAccounts> mmd;
    std::optional<MmdGroups> groups;
    if (options.mmd_accounts > 0) {
        const drift::MmdMonitor<float> fitted = fit_mmd(traffic, options);
        mmd.emplace(fitted, options.mmd_accounts);
        groups.emplace(fitted, MmdGroupOptions{.least_shared = options.least_shared});
    }
    const NamedMemory named{QueryMemory(std::move(queries), std::nullopt, std::move(mmd), std::move(groups)),
                            traffic.names};
    const QueryMemory& memory = named.memory;
    named.save(options.output);
    write_text("-",
               fmt::format("{}: {} columns, {} benign requests remembered, {} calibrated; an account is accused at "
                           "level {:.3g}; the least p-value is {:.3g}\n",
                           clean(options.output), traffic.width, grouped(memory.queries()->store().size()),
                           grouped(scores.size()), options.level, calibration.smallest_p_value()));
    return exit_pass;
}

ExitStatus score_watch(const MemoryWatchOptions& options) {
    NamedMemory named = memory_of(read_file(options.memory), options.memory);
    QueryMemory& memory = named.memory;
    Requests requests(options.live, named.columns);
    check_width(memory, requests.width());
    const Watched watched = watch(memory, requests, !options.evidence.empty());
    if (watched.rows == 0) throw Error(ErrorCode::not_enough_data, "there is no request to watch");
    const auto groups = memory.queries()->links().groups(options.least_shared);
    if (options.as_json) {
        nlohmann::ordered_json out{
            {"rows", watched.rows}, {"evaluated", watched.evaluated}, {"not_evaluated", watched.unread}};
        out["accused"] = nlohmann::ordered_json::array();
        for (const Accused& each : watched.accused)
            out["accused"].push_back({{"account", each.account},
                                      {"reason", each.reason},
                                      {"after_requests", each.after},
                                      {"value", each.value}});
        out["groups"] = nlohmann::ordered_json::array();
        for (const perturbation::AccountGroup& group : groups) {
            nlohmann::ordered_json names = nlohmann::ordered_json::array();
            for (const std::uint32_t mark : group.accounts) names.push_back(name_of(watched, mark));
            out["groups"].push_back({{"accounts", std::move(names)}, {"shared", group.shared}});
        }
        write_text("-", out.dump() + '\n');
    } else {
        std::string text =
            fmt::format("{}: {} requests, {} findings against accounts, {} groups share inputs{}\n",
                        !watched.accused.empty()         ? "alarm"
                        : watched.unread == watched.rows ? "not evaluated"
                                                         : "pass",
                        grouped(watched.rows), grouped(watched.accused.size()), grouped(groups.size()),
                        watched.unread == 0
                            ? ""
                            : fmt::format("; {} not evaluated: an empty or infinite field", grouped(watched.unread)));
        std::vector<std::vector<std::string>> table{{"account", "reason", "after requests", "value"}};
        for (const Accused& each : watched.accused)
            table.push_back({clean(each.account), each.reason, grouped(each.after), fmt::format("{:.4g}", each.value)});
        if (!watched.accused.empty()) text += text_table(table);
        for (const perturbation::AccountGroup& group : groups) {
            std::string names;
            for (const std::uint32_t mark : group.accounts)
                names += (names.empty() ? "" : ", ") + clean(name_of(watched, mark));
            text += fmt::format("at most {} inputs shared: {}\n", group.shared, names);
        }
        write_text("-", text);
    }
    if (!options.evidence.empty()) write_text(options.evidence, watched.evidence);
    if (!options.output.empty()) named.save(options.output);
    if (!watched.accused.empty()) return exit_failed;
    return watched.unread > 0 ? exit_not_enough_data : exit_pass;
}

ExitStatus score_merge(const std::string& into, const std::vector<std::string>& others, const std::string& output) {
    std::vector<std::vector<std::byte>> seen{read_file(into)};
    NamedMemory named = memory_of(seen[0], into);
    for (const std::string& path : others) {
        std::vector<std::byte> bytes = read_file(path);
        if (std::find(seen.begin(), seen.end(), bytes) != seen.end())
            throw InputError(fmt::format("{}: the same memory twice: all of it would count twice", clean(path)));
        const NamedMemory other = memory_of(bytes, path);
        if (!named.columns.empty() && !other.columns.empty() && named.columns != other.columns)
            throw InputError(fmt::format("{}: a memory of other columns", clean(path)));
        try {
            named.memory.merge(other.memory);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("{}: {}", path, error.what()));
        }
        seen.push_back(std::move(bytes));
    }
    named.save(output);
    write_text(
        "-", fmt::format("{}: {} inputs remembered\n", clean(output), grouped(named.memory.queries()->store().size())));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
