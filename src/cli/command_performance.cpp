// SPDX-License-Identifier: Apache-2.0
// `vedette performance`: how a model does without labels, with late ones, under label shift, and what costs it.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "commands.hpp"
#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "guard/stream_page.hpp"
#include "input.hpp"
#include "interruption.hpp"
#include "label_events.hpp"
#include "missed_run.hpp"
#include "performance_file.hpp"
#include "performance_question.hpp"
#include "performance_rows.hpp"
#include "state_file.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;
using drift::PerformanceMetric;
using rendering::grouped;
using rendering::interval_json;
using rendering::number;

constexpr std::size_t largest_reference = std::size_t{1} << 30U;

drift::PerformanceReference read_reference(const std::string& path) {
    try {
        return drift::PerformanceReference::deserialize(read_file(path, largest_reference));
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

// Rows of another width would all be turned away.
void check_scores(const PerformanceToolOptions& options, const drift::PerformanceReference& reference) {
    if (options.columns.scores.size() != reference.columns())
        throw InputError(fmt::format("--scores: {} columns, {} was fitted to {}", options.columns.scores.size(),
                                     options.reference, reference.columns()));
}

Json counts_json(const drift::PerformanceCounts& counts) {
    return {{"rows", counts.rows},
            {"nan", counts.nan},
            {"out_of_range", counts.out_of_range},
            {"unknown_class", counts.unknown_class},
            {"over_capacity", counts.over_capacity}};
}

std::string counts_text(const drift::PerformanceCounts& counts) {
    const std::uint64_t refused = counts.nan + counts.out_of_range + counts.unknown_class + counts.over_capacity;
    return refused == 0 ? std::string()
                        : fmt::format("not taken: {} with NaN, {} with a score outside [0, 1], {} with no class\n",
                                      grouped(counts.nan), grouped(counts.out_of_range), grouped(counts.unknown_class));
}

std::string metrics_text(const drift::PerformanceReference& reference, const drift::PerformanceEstimate& found,
                         bool tells_realised) {
    std::vector<std::vector<std::string>> rows{{"metric", "reference", "live", "from", "to"}};
    if (tells_realised) rows.front().insert(rows.front().end(), {"these rows from", "to"});
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
        const auto metric = static_cast<PerformanceMetric>(m);
        const drift::MetricEstimate& each = found[metric];
        rows.push_back({drift::performance_metric_name(metric), number(reference.realised(metric)), number(each.value),
                        number(each.interval.lower), number(each.interval.upper)});
        if (tells_realised)
            rows.back().insert(rows.back().end(), {number(each.realised.lower), number(each.realised.upper)});
    }
    return text_table(rows);
}

Json reference_json(const drift::PerformanceReference& reference) {
    Json out{{"rows", reference.rows()}, {"classes", reference.classes()}};
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
        const auto metric = static_cast<PerformanceMetric>(m);
        out[drift::performance_metric_name(metric)] = rendering::finite_json(reference.realised(metric));
    }
    return out;
}

ExitStatus tell(const Json& document, const std::string& text, bool as_json, ExitStatus status) {
    write_text("-", as_json ? document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : text);
    return status;
}

// The loss by the chosen metric as one stream; places are rows (labels, where they come late), the period is this run.
StreamReport stream_of(const PerformanceProgress& progress, std::uint64_t first, Decision decision) {
    const drift::MetricSequenceOptions& options = progress.harm.sequence().options();
    const Json words{{"metric", drift::performance_metric_name(options.metric)},
                     {"level", options.alarm_level},
                     {"tolerated", options.tolerated}};
    const std::span<const StreamAlarm> alarms = progress.harm.noted_alarms();
    return {.name = fmt::format("1 - {} {}", options.with_labels ? "realised" : "estimated",
                                drift::performance_metric_name(options.metric)),
            .kind = drift::MonitorKind::harm_monitor,
            .options = words.dump(),
            .decision = decision,
            .period_begin = first,
            .period_alarms = alarms.size(),
            .state = progress.harm.sequence().state(),
            .counts = {.accepted = progress.harm.values(), .changes = progress.harm.alarms()},
            .seen = progress.join ? progress.labels : progress.rows,
            .reading = progress.harm.reading(),
            .alarms = {alarms.begin(), alarms.end()}};
}

PerformanceReport report_of(const PerformanceProgress& progress, const PerformanceToolOptions& options,
                            Decision decision) {
    PerformanceReport report{
        .decision = decision, .metric = options.metric, .by_labels = progress.realised.has_value()};
    const drift::PerformanceReference& reference = progress.harm.sequence().reference();
    report.reference.rows = reference.rows();
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m)
        report.reference.metrics[m].value = reference.realised(static_cast<PerformanceMetric>(m));
    if (progress.estimated) report.estimated = progress.estimated->estimate(1.0 - options.level);
    if (progress.realised) {
        report.realised = progress.realised->performance(1.0 - options.level);
        report.gap = progress.realised->gap(1.0 - options.level);
    }
    return report;
}

Decision decision_of(ExitStatus status) noexcept {
    return status == exit_failed ? Decision::alarm : status == exit_pass ? Decision::pass : Decision::not_evaluated;
}

// Counts rows, from where a state file ended if there is one, and saves.
class Count {
  public:
    Count(const char* command, const PerformanceToolOptions& options, const drift::PerformanceReference& reference)
        : options_(options),
          file_(options.state),
          asked_(asked_of({command, options}, reference)),
          progress_(progress_of({command, options}, reference)) {
        if (file_.is_wanted()) interruption_.emplace();
    }

    PerformanceProgress& progress() noexcept { return progress_; }
    [[nodiscard]] int stop() const noexcept { return interruption_ ? interruption_->descriptor() : -1; }
    [[nodiscard]] SourceOptions source() const {
        SourceOptions source = options_.source;
        source.stop = stop();
        return source;
    }

    void resume() {
        file_.resume([this](std::span<const std::byte> bytes) { read_progress(asked_, bytes, progress_); });
        values_before_ = progress_.harm.values();
        first_ = progress_.join ? progress_.labels : progress_.rows;
    }
    /// Calls take() until it says that there is no more.
    template <class Take>
    void run(Take&& take) {
        try {
            while (take())
                if (options_.save_every != 0 && (progress_.rows + progress_.labels) % options_.save_every == 0) save();
        } catch (const ReadingStopped&) {
            fmt::print(stderr, "vedette: stopped by a signal after row {}{}\n", grouped(progress_.rows),
                       progress_.join ? fmt::format(" and label {}", grouped(progress_.labels)) : std::string());
        }
        save();
    }
    /// What ends in rows that cannot be taken is no pass.
    void judge(const MissedRun& silence) noexcept { is_silent_ = silence.lasts(); }
    /// Writes what was found. The status is of this run, and of alarms that a run saved which ended before telling.
    ExitStatus tell(const Json& document, const std::string& text) {
        const std::uint64_t alarms = progress_.harm.alarms();
        const ExitStatus status = alarms > progress_.told                                   ? exit_failed
                                  : progress_.harm.values() == values_before_ || is_silent_ ? exit_not_enough_data
                                                                                            : exit_pass;
        if (options_.as_html) {
            write_text("-", page(decision_of(status)));
        } else {
            cli::tell(document, text, options_.as_json, status);
        }
        if (std::exchange(progress_.told, alarms) != alarms) save();
        return status;
    }

  private:
    void save() {
        if (file_.is_wanted()) file_.save(write_progress(asked_, progress_));
    }

    [[nodiscard]] std::string page(Decision decision) const {
        const StreamReport stream = stream_of(progress_, first_, decision);
        std::string reason = progress_.harm.text();
        reason.pop_back();  // the end of the line
        return rendering::stream_page(
            "Performance", fmt::format("{} rows read", grouped(progress_.rows)), decision, std::span(&stream, 1),
            {.performance = report_of(progress_, options_, decision), .performance_reason = reason});
    }

    const PerformanceToolOptions& options_;
    StateFile file_;
    std::string asked_;
    PerformanceProgress progress_;
    std::optional<Interruption> interruption_;  // where there is something to save
    std::uint64_t values_before_ = 0;
    std::uint64_t first_ = 0;  // place in the stream where this run began
    bool is_silent_ = false;
};

// Labels in the file itself; an empty field has not come.
void count_batch(const PerformanceToolOptions& options, Count& count) {
    RowSource source(count.source());
    const std::vector<std::size_t> columns = score_columns(options.columns, source);
    const std::size_t prediction = source.column(options.columns.prediction);
    const std::size_t label = source.column(options.columns.label);
    std::vector<double> scores(columns.size());
    PerformanceProgress& to = count.progress();
    count.run([&] {
        if (!source.next()) return false;
        ++to.rows;
        if (source.is_null(label)) return true;
        for (std::size_t k = 0; k < columns.size(); ++k) scores[k] = number_in(source, columns[k]);
        const std::uint32_t predicted = class_in(source, prediction), truth = class_in(source, label);
        if (!to.realised->observe(scores, predicted, truth)) return true;
        to.harm.sequence().observe(scores, predicted, truth);
        to.harm.note(to.rows);
        return true;
    });
}

// Both files as one stream of events; alarms bear the number of the label.
void count_late(const PerformanceToolOptions& options, Count& count) {
    PerformanceProgress& to = count.progress();
    LabelEvents events(options, to.row_time, to.label_time, count.stop());
    count.run([&] {
        if (!events.next()) return false;
        if (!events.is_label()) {
            ++to.rows;
            to.row_time = events.time();
            static_cast<void>(to.join->predict(events.id(), events.time(), events.scores(), events.which()));
            return true;
        }
        ++to.labels;
        to.label_time = events.time();
        static_cast<void>(
            to.join->label(events.id(), events.time(), events.which(), *to.realised, nullptr, &to.harm.sequence()));
        to.harm.note(to.labels);
        return true;
    });
}

Json join_json(const drift::LabelJoin& join, const drift::DelayCounts& delays, bool has_times) {
    const drift::LabelJoinCounts& counts = join.counts();
    Json out{
        {"predictions", counts.predictions}, {"refused", counts.refused},     {"duplicates", counts.duplicates},
        {"joined", counts.joined},           {"unknown", counts.unknown},     {"refused_labels", counts.refused_labels},
        {"expired", counts.expired},         {"displaced", counts.displaced}, {"waiting", join.waiting()}};
    if (has_times && delays.count() > 0)
        out["delay"] = {{"median", delays.quantile(0.5)},
                        {"90 %", delays.quantile(0.9)},
                        {"99 %", delays.quantile(0.99)},
                        {"longest", delays.quantile(1.0)}};
    return out;
}

std::string join_text(const drift::LabelJoin& join, const drift::DelayCounts& delays, bool has_times) {
    const drift::LabelJoinCounts& counts = join.counts();
    std::string text = fmt::format(
        "labels: {} joined, {} of ids that nobody waits for, {} that are no class; rows: {} still wait, {} waited too "
        "long, {} forgotten for lack of room, {} with an id that waited already, {} not taken\n",
        grouped(counts.joined), grouped(counts.unknown), grouped(counts.refused_labels), grouped(join.waiting()),
        grouped(counts.expired), grouped(counts.displaced), grouped(counts.duplicates), grouped(counts.refused));
    if (has_times && delays.count() > 0)
        text +=
            fmt::format("delay: median {}, 90 % {}, 99 % {}, longest {}\n", grouped(delays.quantile(0.5)),
                        grouped(delays.quantile(0.9)), grouped(delays.quantile(0.99)), grouped(delays.quantile(1.0)));
    return text;
}

}  // namespace

ExitStatus performance_fit(const PerformanceToolOptions& options) {
    LabelledOptions labelled = options.columns;
    labelled.path = options.source.path;
    const LabelledRows rows = read_labelled(labelled, options.source.delimiter);
    try {
        const auto reference =
            drift::PerformanceReference::fit(rows.matrix(), rows.predictions, rows.labels, options.fit);
        write_file_atomically(options.output, reference.serialize());
        std::size_t calibrated = 0;
        for (std::size_t k = 0; k < reference.columns(); ++k) calibrated += reference.is_calibrated(k) ? 1U : 0U;
        std::string text = fmt::format("{} rows, {} classes, {} of {} columns calibrated\n", grouped(reference.rows()),
                                       reference.classes(), calibrated, reference.columns());
        Json document = reference_json(reference);
        document["calibrated_columns"] = calibrated;
        for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
            const auto metric = static_cast<PerformanceMetric>(m);
            text += fmt::format("{} {}\n", drift::performance_metric_name(metric), number(reference.realised(metric)));
        }
        return tell(document, text, options.as_json, exit_pass);
    } catch (const Error& error) {
        throw Error(error.code(), options.source.path + ": " + error.what());
    }
}

ExitStatus performance_estimate(const PerformanceToolOptions& options) {
    const drift::PerformanceReference reference = read_reference(options.reference);
    check_scores(options, reference);
    Count count("estimate", options, reference);
    PerformanceProgress& to = count.progress();
    RowSource source(count.source());
    const std::vector<std::size_t> columns = score_columns(options.columns, source);
    const std::size_t prediction = source.column(options.columns.prediction);
    std::vector<double> scores(columns.size());
    count.resume();
    MissedRun silence;
    count.run([&] {
        if (!source.next()) return false;
        ++to.rows;
        for (std::size_t k = 0; k < columns.size(); ++k) scores[k] = number_in(source, columns[k]);
        const std::uint32_t predicted = class_in(source, prediction);
        const bool is_taken = !std::isnan(to.estimated->observe(scores, predicted));
        if (silence.add(!is_taken))
            fmt::print(stderr,
                       "vedette: note: up to row {}, {} in a row could not be taken (NaN, a score outside [0, 1] or no "
                       "class); nothing is estimated of them\n",
                       grouped(to.rows), silence.run());
        if (!is_taken) return true;
        to.harm.sequence().observe(scores, predicted);
        to.harm.note(to.rows);
        return true;
    });
    count.judge(silence);
    const drift::PerformanceEstimate found = to.estimated->estimate(1.0 - options.level);
    const Json document{{"reference", reference_json(reference)},
                        {"estimated", rendering::estimate_json(found)},
                        {"counts", counts_json(to.estimated->counts())},
                        {"harm", to.harm.json()}};
    const std::string text = fmt::format("{} rows, estimated without labels\n", grouped(found.rows)) +
                             metrics_text(reference, found, true) + to.harm.text() +
                             counts_text(to.estimated->counts());
    return count.tell(document, text);
}

ExitStatus performance_merge(const PerformanceToolOptions& options) {
    const drift::PerformanceReference reference = read_reference(options.reference);
    std::optional<PerformanceProgress> all;
    std::string asked;
    for (std::size_t i = 0; i < options.states.size(); ++i) {
        const std::string& path = options.states[i];
        if (std::count(options.states.begin(), options.states.end(), path) > 1)
            throw InputError(path + ": is there twice; its rows would count twice");
        try {
            const std::vector<std::byte> bytes = read_file(path);
            std::string question = asked_in(bytes);
            if (i == 0) asked = question;
            if (question != asked)
                throw Error(ErrorCode::schema_mismatch,
                            "was saved with other columns or options than " + options.states[0]);
            PerformanceProgress shard = progress_of(question_in(question, reference), reference);
            read_progress(question, bytes, shard);
            if (!all) {
                all.emplace(std::move(shard));
            } else {
                merge_progress(*all, shard);
            }
        } catch (const Error& error) {
            throw Error(error.code(), path + ": " + error.what());
        }
    }
    if (!options.output.empty()) write_file_atomically(options.output, write_progress(asked, *all));
    const double level = question_in(asked, reference).options.level;
    const bool realised = all->realised.has_value();
    const drift::PerformanceEstimate found =
        realised ? all->realised->performance(1.0 - level) : all->estimated->estimate(1.0 - level);
    Json document{{"shards", options.states.size()},
                  {realised ? "realised" : "estimated", rendering::estimate_json(found)},
                  {"harm", all->harm.json()}};
    std::string text = fmt::format("{} rows of {} shards{}\n", grouped(found.rows), options.states.size(),
                                   realised ? " with labels" : ", estimated without labels") +
                       metrics_text(reference, found, !realised) + all->harm.text() +
                       "(at all times of all shards together, where no row is in two of them)\n";
    if (all->join) text += "rows that wait for their labels stay with their shard\n";
    return tell(document, text, options.as_json,
                all->harm.alarms() > 0    ? exit_failed
                : all->harm.values() == 0 ? exit_not_enough_data
                                          : exit_pass);
}

ExitStatus performance_realised(const PerformanceToolOptions& options) {
    const drift::PerformanceReference reference = read_reference(options.reference);
    check_scores(options, reference);
    if (options.source.path == "-" && options.labels.path == "-")
        throw InputError("only one of the two files can be standard input");
    Count count("realised", options, reference);
    PerformanceProgress& to = count.progress();
    count.resume();
    to.join ? count_late(options, count) : count_batch(options, count);
    const drift::RealisedWindow& window = *to.realised;
    const drift::PerformanceEstimate found = window.performance(1.0 - options.level);
    const drift::EstimateGap gap = window.gap(1.0 - options.level);
    Json document{{"reference", reference_json(reference)},      {"rows", to.rows},
                  {"realised", rendering::estimate_json(found)}, {"gap", rendering::gap_json(gap)},
                  {"counts", counts_json(window.counts())},      {"harm", to.harm.json()}};
    std::string text = fmt::format("{} rows, {} with a label\n", grouped(to.rows), grouped(found.rows)) +
                       metrics_text(reference, found, false) + to.harm.text();
    if (gap.rows > 0)
        text += fmt::format("estimated accuracy of the same rows: {}, realised less estimated {} ({} to {}), p {}\n",
                            number(gap.estimated), number(gap.gap), number(gap.interval.lower),
                            number(gap.interval.upper), rendering::p_value(gap.p_value));
    text += counts_text(window.counts());
    if (to.join) {
        document["labels"] = join_json(*to.join, window.delays(), !options.time.empty());
        text += join_text(*to.join, window.delays(), !options.time.empty());
    }
    return count.tell(document, text);
}

ExitStatus performance_shift(const PerformanceToolOptions& options) {
    const drift::PerformanceReference reference = read_reference(options.reference);
    RowSource source(options.source);
    const std::size_t prediction = source.column(options.columns.prediction);
    std::vector<std::uint64_t> live(reference.classes());
    std::uint64_t rows = 0, unknown = 0;
    while (source.next()) {
        const std::uint32_t which = class_in(source, prediction);
        ++(which < live.size() ? rows : unknown);
        if (which < live.size()) ++live[which];
    }
    const drift::LabelShift shift = drift::estimate_label_shift(reference.confusion(), live, options.shift);
    const bool evaluated = shift.decision != Decision::not_evaluated;
    Json document{{"decision", decision_name(shift.decision)},
                  {"rows", rows},
                  {"unknown_class", unknown},
                  {"test",
                   {{"statistic", rendering::finite_json(shift.test.statistic)},
                    {"p_value", rendering::finite_json(shift.test.p_value)},
                    {"effect", rendering::finite_json(shift.test.effect)}}},
                  {"condition", rendering::finite_json(shift.condition)},
                  {"was_cut", shift.was_cut},
                  {"confidence", options.shift.confidence},
                  {"classes", Json::array()},
                  {"accuracy", rendering::finite_json(shift.accuracy)},
                  {"accuracy_interval", interval_json(shift.accuracy_interval)}};
    std::vector<std::vector<std::string>> table{{"class", "predicted", "reference", "live", "from", "to", "weight"}};
    for (std::size_t k = 0; k < shift.classes.size(); ++k) {
        const drift::ClassShare& each = shift.classes[k];
        document["classes"].push_back({{"class", k},
                                       {"predicted", live[k]},
                                       {"reference", rendering::finite_json(each.reference)},
                                       {"live", rendering::finite_json(each.live)},
                                       {"interval", interval_json(each.live_interval)},
                                       {"weight", rendering::finite_json(each.weight)},
                                       {"weight_error", rendering::finite_json(each.weight_error)}});
        table.push_back({std::to_string(k), grouped(live[k]), number(each.reference), number(each.live),
                         number(each.live_interval.lower), number(each.live_interval.upper), number(each.weight)});
    }
    std::string text = fmt::format("{} predictions: as in the reference? p {}; Cramer's V {}\n", grouped(rows),
                                   rendering::p_value(shift.test.p_value), number(shift.test.effect)) +
                       text_table(table);
    text += evaluated ? fmt::format("accuracy under these shares {} ({} to {}); condition {}\n", number(shift.accuracy),
                                    number(shift.accuracy_interval.lower), number(shift.accuracy_interval.upper),
                                    number(shift.condition))
                      : fmt::format(
                            "shares not evaluated: no live row, a class without labels, or a condition ({}) above "
                            "{:g}\n",
                            number(shift.condition), options.shift.largest_condition);
    if (unknown > 0) text += fmt::format("not taken: {} with no class\n", grouped(unknown));
    return tell(document, text, options.as_json, evaluated ? exit_pass : exit_not_enough_data);
}

ExitStatus performance_rank(const PerformanceToolOptions& options) {
    LabelledOptions columns = options.columns;
    columns.bytes = read_once(columns.path);  // for its features, then for its labels
    ReferenceOptions reference;
    reference.source = columns.source(options.source.delimiter);
    reference.frame.ignore = options.ignore;
    for (const std::string* const name : {&options.columns.prediction, &options.columns.label})
        reference.frame.ignore.push_back(*name);
    reference.frame.ignore.insert(reference.frame.ignore.end(), options.columns.scores.begin(),
                                  options.columns.scores.end());
    const Baseline baseline = learn(reference);
    const std::optional<LabelledWindows> known = count_labelled(baseline, columns, options.source.delimiter);
    Window live(baseline);
    RowSource source(options.source);
    std::vector<std::size_t> places;
    for (const FeatureBaseline& feature : baseline.features()) places.push_back(source.column(feature.name));
    std::vector<Value> row(places.size());
    while (source.next()) {
        for (std::size_t f = 0; f < places.size(); ++f) row[f] = source.value(places[f], baseline.features()[f].kind);
        static_cast<void>(live.observe(std::span<const Value>(row)));
    }
    Policy policy;
    policy.level = options.level;
    policy.correction = options.correction;
    const std::vector<FeatureEffect> ranking = rank_by_performance(known->labelled, known->right, live, policy);
    Json document{{"labelled_rows", known->labelled.rows()},
                  {"live_rows", live.rows()},
                  {"confidence", 1.0 - options.level},
                  {"correction", stats::correction_name(options.correction)},
                  {"ranking", Json::array()}};
    std::vector<std::vector<std::string>> table{
        {"feature", "effect on accuracy", "from", "to", "adjusted p", "unknown rows"}};
    for (const auto& [effect, adjusted_p_value] : ranking) {
        const std::string& name = baseline.features()[effect.feature].name;
        document["ranking"].push_back(rendering::effect_json(name, effect, adjusted_p_value));
        table.push_back({rendering::shortened(name, 32), number(effect.effect), number(effect.interval.lower),
                         number(effect.interval.upper), rendering::p_value(adjusted_p_value),
                         rendering::percent(effect.live_unseen)});
    }
    const std::string text =
        fmt::format("{} live rows against {} labelled ones\n", grouped(live.rows()), grouped(known->labelled.rows())) +
        text_table(table);
    return tell(document, text, options.as_json, live.rows() == 0 ? exit_not_enough_data : exit_pass);
}

}  // namespace vedette::inline v0::cli
