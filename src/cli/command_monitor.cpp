// SPDX-License-Identifier: Apache-2.0
// `vedette monitor`: columns of a stream watched value by value, or several row by row, alarms as they happen, saved
// and resumed.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "drift/monitor_options.hpp"
#include "guard/render_common.hpp"
#include "interruption.hpp"
#include "missed_run.hpp"
#include "monitor_file.hpp"
#include "monitor_output.hpp"
#include "state_file.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

using drift::MonitorKind;
using drift::MonitorReferenceUse;
using rendering::clean;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// "column=kind:options"; the column is empty where none is named.
struct Specification {
    std::string column;
    drift::MonitorKind kind = drift::MonitorKind::adwin;
    std::string options;
};

// The kind in `text` at `begin`, up to the end or a colon; null when there is none.
const char* kind_at(std::string_view text, std::size_t begin) noexcept {
    const std::string_view word = text.substr(begin, text.find(':', begin) - begin);
    for (std::uint8_t i = 0; i < drift::monitor_kind_count; ++i) {
        const char* const name = drift::monitor_kind_name(static_cast<drift::MonitorKind>(i));
        if (word == name) return name;
    }
    return drift::is_row_monitor(word) ? drift::monitor_kind_name(MonitorKind::mmd_monitor) : nullptr;
}

MonitorKind kind_named(const char* name) {
    return drift::is_row_monitor(name) ? MonitorKind::mmd_monitor : drift::monitor_kind(name);
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        parts.push_back(text.substr(begin, comma - begin));
        begin = comma + 1;
    }
    return parts;
}

// The name of a column may hold anything, "=" too: the first place where a kind stands decides.
Specification parse_specification(const std::string& text) {
    for (std::size_t begin = 0; begin <= text.size();) {
        if (const char* const name = kind_at(text, begin)) {
            const std::size_t colon = text.find(':', begin);
            return {begin == 0 ? std::string() : text.substr(0, begin - 1), kind_named(name),
                    colon == std::string::npos ? std::string() : text.substr(colon + 1)};
        }
        const std::size_t sign = text.find('=', begin);
        if (sign == std::string::npos) break;
        begin = sign + 1;
    }
    // Says which kinds there are.
    const std::string_view word = std::string_view(text).substr(0, text.find(':'));
    static_cast<void>(drift::monitor_kind(word.substr(word.rfind('=') + 1)));
    throw InputError("--monitor " + text + ": must be KIND, KIND:OPTIONS or COLUMN=KIND:OPTIONS");
}

std::string with_blocks(std::string options, const MonitorOptions& given) {
    const bool is_object =
        options.find_first_not_of(" \t") != std::string::npos && options[options.find_first_not_of(" \t")] == '{';
    const char* const key = given.block > 1 ? "block" : "thin";
    const std::uint64_t length = std::max(given.block, given.source.thinning);
    if (length <= 1) return options;
    if (is_object) throw InputError(fmt::format("--{0}: name {0} among the options in JSON instead", key));
    return fmt::format("{}{}{}={}", options, options.empty() ? "" : ",", key, length);
}

// A level of its own would start a process anew, and its evidence be lost.
std::string with_unreachable_level(const std::string& options) {
    const char* const name = drift::monitor_kind_name(MonitorKind::e_process);
    drift::OptionList list = drift::parse_options(name, options);
    if (drift::find_option(list, "level") != nullptr)
        throw InputError("--false-discovery-rate: e_process has a level, and is judged by the rate instead");
    list.push_back({"level", 1e-100});
    return drift::write_options(list);
}

class Watch {
  public:
    explicit Watch(const MonitorOptions& options)
        : options_(options),
          file_(options.state),
          outputs_(options.formats),
          source_(source_options(options, interruption_)) {
        if (!options.time.empty()) time_ = source_.column(options.time);
        for (const std::string& text : options.monitors) {
            const Specification wanted = parse_specification(text);
            if (wanted.kind == MonitorKind::mmd_monitor) {
                add_rows(wanted);
            } else {
                add(wanted);
            }
        }
        join();
        noted_.resize(source_.columns().size());
        row_.resize(source_.columns().size());
        if (!options_.reference.empty()) learn_from(options_.reference);
        for (std::size_t i = 0; i < state_.columns.size(); ++i) prepare(i);
        file_.resume([this](std::span<const std::byte> bytes) { resume(bytes); });
        for (const WatchedColumn& each : state_.columns) {
            const drift::MonitorCounts counts = summary(each).counts;
            const std::uint64_t missed = counts.nan + counts.infinite + counts.refused;
            silences_.push_back({.missed = missed});
            silences_.back().run.begin(missed, counts.accepted + missed);
        }
        outputs_.begin(state_.rows);
        changes_before_ = changes();
        accepted_before_ = accepted();
    }

    ExitStatus run() {
        try {
            while (source_.next()) take_row();
        } catch (const ReadingStopped&) {
            fmt::print(stderr, "vedette: stopped by a signal after row {}\n", rendering::grouped(state_.rows));
        }
        save();
        outputs_.finish(state_);
        if (changes() != changes_before_) return exit_failed;
        const std::vector<std::uint64_t> now = accepted();
        const bool all = std::equal(now.begin(), now.end(), accepted_before_.begin(), std::greater<>());
        const bool silent =
            std::any_of(silences_.begin(), silences_.end(), [](const Silence& each) { return each.run.lasts(); });
        return all && !silent ? exit_pass : exit_not_enough_data;
    }

  private:
    static SourceOptions source_options(const MonitorOptions& options, const Interruption& interruption) {
        SourceOptions source = options.source;
        source.thinning = 1;  // the monitors thin, so that rows keep their numbers
        source.stop = interruption.descriptor();
        return source;
    }

    void add(const Specification& wanted) {
        std::vector<std::string> names;
        if (!wanted.column.empty()) {
            names.push_back(wanted.column);
        } else if (!options_.columns.empty()) {
            names = options_.columns;
        } else if (source_.columns().size() == 1) {
            names = source_.columns();
        } else {
            throw InputError(fmt::format("--monitor {}: which of the {} columns? COLUMN={} or --columns says",
                                         drift::monitor_kind_name(wanted.kind), source_.columns().size(),
                                         drift::monitor_kind_name(wanted.kind)));
        }
        for (const std::string& name : names) {
            check_new(name, wanted.kind);
            indices_.push_back({source_.column(name)});
            std::string own = with_blocks(wanted.options, options_);
            if (options_.false_discovery_rate && wanted.kind == MonitorKind::e_process)
                own = with_unreachable_level(own);
            state_.columns.push_back({name, wanted.kind, std::move(own), {}, {}});
        }
    }

    void join() {
        if (!options_.false_discovery_rate) return;
        const auto processes =
            std::count_if(state_.columns.begin(), state_.columns.end(),
                          [](const WatchedColumn& each) { return each.kind == MonitorKind::e_process; });
        if (processes == 0)
            throw InputError("--false-discovery-rate: joins monitors of kind e_process, and none is named");
        state_.joined.emplace(static_cast<std::size_t>(processes), *options_.false_discovery_rate);
        mark_joined(state_);
    }

    // A monitor of several columns together: of those named, else of --columns, else of all but the time.
    void add_rows(const Specification& wanted) {
        const char* const kind = drift::monitor_kind_name(wanted.kind);
        std::vector<std::string> names = options_.columns;
        const std::vector<std::string>& all = source_.columns();
        if (std::find(all.begin(), all.end(), wanted.column) != all.end()) {
            names = {wanted.column};
        } else if (!wanted.column.empty()) {
            names = split_at_commas(wanted.column);
        } else if (names.empty()) {
            for (std::size_t i = 0; i < all.size(); ++i)
                if (!time_ || i != *time_) names.push_back(all[i]);
        }
        std::vector<std::size_t> places;
        for (const std::string& name : names) {
            const std::size_t place = source_.column(name);
            if (std::find(places.begin(), places.end(), place) != places.end())
                throw InputError(fmt::format("--monitor: {} names the column \"{}\" twice", kind, name));
            places.push_back(place);
        }
        const std::string joined = joined_name(names);
        check_new(joined, wanted.kind);
        const std::string options = with_blocks(wanted.options, options_);
        drift::RowMonitor::check(kind, options);
        indices_.push_back(std::move(places));
        state_.columns.push_back({joined, wanted.kind, options, {}, {}, std::move(names), {}});
    }

    void check_new(const std::string& name, MonitorKind kind) const {
        const bool twice = std::any_of(state_.columns.begin(), state_.columns.end(), [&](const WatchedColumn& each) {
            return each.column == name && each.kind == kind;
        });
        if (twice)
            throw InputError(
                fmt::format("--monitor: {} watches the column \"{}\" twice", drift::monitor_kind_name(kind), name));
    }

    // All values of the columns of a file.
    void learn_from(const std::string& path) {
        RowSource reference({.path = path,
                             .delimiter = options_.source.delimiter,
                             .has_header = options_.source.has_header,
                             .stop = interruption_.descriptor()});
        std::vector<std::vector<std::size_t>> places(state_.columns.size());
        for (std::size_t i = 0; i < places.size(); ++i) {
            const WatchedColumn& each = state_.columns[i];
            if (!uses_reference(each)) continue;
            for (const std::string& name : each.takes_rows() ? each.joined : std::vector{each.column})
                places[i].push_back(reference.column(name));
        }
        while (reference.next())
            for (std::size_t i = 0; i < places.size(); ++i) {
                if (places[i].empty()) continue;
                std::vector<double> row;
                for (const std::size_t place : places[i]) row.push_back(reference.number(place).value_or(not_a_number));
                learn(state_.columns[i], row);
            }
    }

    static bool uses_reference(const WatchedColumn& each) {
        return each.takes_rows() || drift::monitor_reference_use(each.kind) != MonitorReferenceUse::none;
    }

    // A row that lacks a value teaches nothing.
    static void learn(WatchedColumn& each, std::span<const double> row) {
        const auto enters = [](double value) { return std::abs(value) <= drift::MonitorBase::largest_value; };
        if (std::all_of(row.begin(), row.end(), enters))
            each.learned.insert(each.learned.end(), row.begin(), row.end());
    }

    // Makes the monitor now, or, where it is to learn first, tries whether it could be made.
    void prepare(std::size_t i) {
        WatchedColumn& each = state_.columns[i];
        try {
            // What rows are compared with is fitted for seconds, and a state file has it already.
            // It is done with the first row, so that a stream without one costs nothing.
            if (each.takes_rows() && (file_.exists() || (options_.learn == 0 && !each.learned.empty()))) return;
            if (options_.learn == 0 || !uses_reference(each)) return settle(each);
            const std::size_t fewest =
                drift::RandomFeatureMmd<double>::minimum_rows * std::max(options_.block, options_.source.thinning);
            if (each.takes_rows() && options_.learn < fewest)
                throw InputError(
                    fmt::format("--learn: {} needs at least {} rows", drift::monitor_kind_name(each.kind), fewest));
            if (each.takes_rows()) return;
            std::vector<double> ramp(std::max<std::size_t>(options_.learn, 2));
            std::iota(ramp.begin(), ramp.end(), 0.0);
            static_cast<void>(drift::make_monitor(each.kind, each.options, {.values = ramp}));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_enough_data) throw;
            throw InputError(fmt::format("column \"{}\": {}; --reference FILE or --learn ROWS gives one", each.column,
                                         error.what()));
        }
    }

    // Of rows: what has been waiting for the first one.
    void fit_rows() {
        for (WatchedColumn& each : state_.columns) {
            if (!each.takes_rows() || !each.is_learning() || options_.learn != 0) continue;
            try {
                settle(each);
            } catch (const Error& error) {
                if (error.code() != ErrorCode::not_enough_data) throw;
                throw InputError(fmt::format("column \"{}\": {}; --reference FILE or --learn ROWS gives one",
                                             each.column, error.what()));
            }
        }
    }

    static void settle(WatchedColumn& each) {
        if (each.takes_rows()) {
            const std::size_t width = each.joined.size();
            if (::isatty(STDERR_FILENO) == 1)
                fmt::print(stderr,
                           "vedette: note: {}: fits {} to {} rows and simulates its thresholds, which takes seconds\n",
                           clean(each.column), drift::monitor_kind_name(each.kind),
                           rendering::grouped(each.learned.size() / width));
            each.rows.emplace(drift::monitor_kind_name(each.kind), each.options,
                              MatrixView<double>::row_major(each.learned.data(), each.learned.size() / width, width));
            each.learned = {};
            return;
        }
        each.monitor = drift::make_monitor(each.kind, each.options, {.values = each.learned});
        each.learned = {};
    }

    void resume(std::span<const std::byte> bytes) {
        WatchState saved = read_monitors(bytes);
        const bool same = std::equal(saved.columns.begin(), saved.columns.end(), state_.columns.begin(),
                                     state_.columns.end(), [](const WatchedColumn& a, const WatchedColumn& b) {
                                         return a.column == b.column && a.joined == b.joined && a.kind == b.kind &&
                                                a.options == b.options;
                                     });
        const bool joins = saved.joined.has_value() == state_.joined.has_value() &&
                           (!saved.joined || saved.joined->false_discovery_rate() == *options_.false_discovery_rate);
        if (!same || !joins)
            throw Error(ErrorCode::schema_mismatch,
                        "was saved with other columns, monitors or options; remove it to begin anew");
        state_ = std::move(saved);
    }

    void take_row() {
        if (!std::exchange(has_rows_, true)) fit_rows();
        ++state_.rows;
        for (std::size_t i = 0; i < indices_.size(); ++i) {
            const std::span<double> row = std::span(row_).first(indices_[i].size());
            for (std::size_t k = 0; k < row.size(); ++k) row[k] = value_of(indices_[i][k]);
            take_values(i, row);
            if (!state_.columns[i].is_learning()) notice_silence(i);
        }
        if (options_.save_every != 0 && state_.rows % options_.save_every == 0) save();
    }

    static std::uint64_t thinned_to_one_of(const WatchedColumn& each) {
        const std::string options = each.rows ? each.rows->options_json() : each.monitor->options_json();
        return nlohmann::json::parse(options).value("thin", std::uint64_t{1});
    }

    void notice_silence(std::size_t i) {
        const WatchedColumn& each = state_.columns[i];
        const drift::MonitorCounts& counts = each.rows ? each.rows->counts() : each.monitor->counts();
        const std::uint64_t missed = counts.nan + counts.infinite + counts.refused;
        Silence& silence = silences_[i];
        const std::uint64_t seen = each.rows ? each.rows->seen() : each.monitor->seen();
        if (!silence.thin) silence.thin = thinned_to_one_of(each);
        // What is thinned out was neither taken nor missed.
        if (*silence.thin > 1 && seen % *silence.thin != 1) return;
        if (silence.run.add(missed != std::exchange(silence.missed, missed)))
            fmt::print(stderr,
                       "vedette: note: {}: up to row {}, {} in a row could not be taken (NaN, infinite or out of "
                       "range); {} sees nothing of them\n",
                       clean(each.takes_rows() ? joined_name(each.joined) : each.column),
                       rendering::grouped(state_.rows), silence.run.run(), drift::monitor_kind_name(each.kind));
    }

    // What is no number counts as NaN; the first such text of a column is noted.
    double value_of(std::size_t column) {
        if (const std::optional<double> number = source_.number(column)) return *number;
        if (!source_.is_null(column) && !noted_[column]) {
            noted_[column] = true;
            fmt::print(stderr, "vedette: note: {}: \"{}\" is not a number; such fields count as NaN\n",
                       clean(source_.place(column)), rendering::shortened(source_.text(column), 40));
        }
        return not_a_number;
    }

    // One value, or, of a monitor of rows, one row.
    void take_values(std::size_t i, std::span<const double> row) {
        WatchedColumn& each = state_.columns[i];
        if (each.is_learning()) {
            learn(each, row);
            if (each.learned.size() >= options_.learn * row.size()) settle(each);
            return;
        }
        const MonitorState before = each.rows ? each.rows->state() : each.monitor->state();
        const MonitorState said = each.rows ? each.rows->update(row) : each.monitor->update(row.front());
        if (each.is_joined) return take_evidence(i, row.front());
        const bool newly_warned = said == MonitorState::warning && before != MonitorState::warning;
        if (said != MonitorState::change && !(newly_warned && options_.warnings)) return;
        outputs_.tell(each, {.row = state_.rows,
                             .time = time_ ? source_.text(*time_) : std::string_view(),
                             .value = each.rows ? not_a_number : row.front(),
                             .state = said});
    }

    // One column's evidence may bring in others.
    void take_evidence(std::size_t i, double value) {
        const auto begin = state_.columns.begin();
        const auto is_joined = [](const WatchedColumn& each) { return each.is_joined; };
        const auto place = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(i), is_joined);
        if (!state_.joined->update(static_cast<std::size_t>(place), state_.columns[i].monitor->reading().p_value))
            return;
        std::vector<bool> before;
        for (const WatchedColumn& each : state_.columns) before.push_back(each.is_discovered);
        mark_joined(state_);
        for (std::size_t k = 0; k < before.size(); ++k)
            if (state_.columns[k].is_discovered && !before[k])
                outputs_.tell(state_.columns[k], {.row = state_.rows,
                                                  .time = time_ ? source_.text(*time_) : std::string_view(),
                                                  .value = k == i ? value : not_a_number,
                                                  .state = MonitorState::change});
    }

    void save() {
        if (file_.is_wanted()) file_.save(write_monitors(state_));
        outputs_.refresh(state_);
    }

    [[nodiscard]] std::uint64_t changes() const {
        std::uint64_t sum = 0;
        for (const WatchedColumn& each : state_.columns) sum += summary(each).counts.changes;
        return sum;
    }

    [[nodiscard]] std::vector<std::uint64_t> accepted() const {
        std::vector<std::uint64_t> counts;
        for (const WatchedColumn& each : state_.columns) counts.push_back(summary(each).counts.accepted);
        return counts;
    }

    const MonitorOptions& options_;
    StateFile file_;
    WatchOutputs outputs_;
    Interruption interruption_;
    RowSource source_;
    WatchState state_;
    // Of values that could not enter, of a monitor in this run.
    struct Silence {
        std::uint64_t missed = 0;                // so far, over all runs
        MissedRun run{};                         // of this run, by the share over all runs
        std::optional<std::uint64_t> thin = {};  // one of so many rows enters; known once there is a monitor
    };
    std::vector<Silence> silences_;
    std::vector<std::vector<std::size_t>> indices_;  // of the columns in the source
    std::vector<double> row_;                        // values of one monitor
    std::optional<std::size_t> time_;
    std::vector<bool> noted_;
    bool has_rows_ = false;
    std::uint64_t changes_before_ = 0;
    std::vector<std::uint64_t> accepted_before_;
};

}  // namespace

ExitStatus monitor(const MonitorOptions& options) {
    return Watch(options).run();
}

ExitStatus monitor_list() {
    std::string text;
    for (std::uint8_t i = 0; i < drift::monitor_kind_count; ++i) {
        const auto kind = static_cast<drift::MonitorKind>(i);
        text += fmt::format("{}:{}\n", drift::monitor_kind_name(kind), drift::monitor_defaults(kind));
    }
    text += fmt::format("{}:{}\n", drift::monitor_kind_name(MonitorKind::mmd_monitor), drift::RowMonitor::defaults());
    write_text("-", text);
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
