// SPDX-License-Identifier: Apache-2.0
// Questions of performance commands as text and back, believing nothing, and the empty progress on one.
#include "performance_question.hpp"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "guard/render_common.hpp"
#include "input.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;
using drift::PerformanceMetric;
using rendering::number;

// The reference's loss by the chosen metric and the margin: of the accuracy with the exact bound on its draw, which has
// half of the level, as that bound misses too; of others by the normal limit of the metric on the reference's rows.
drift::MetricSequenceOptions harm_of(const PerformanceToolOptions& options,
                                     const drift::PerformanceReference& reference, bool with_labels) {
    drift::MetricSequenceOptions out{.metric = options.metric,
                                     .with_labels = with_labels,
                                     .level = options.level,
                                     .alarm_level = options.level,
                                     .tolerated = 0.0};
    if (options.tolerated) {
        out.tolerated = *options.tolerated;
        return out;
    }
    out.alarm_level = 0.5 * options.level;
    if (options.metric == PerformanceMetric::accuracy) {
        const std::span<const std::uint64_t> table = reference.confusion();
        std::uint64_t errors = reference.rows();
        for (std::size_t k = 0; k < reference.classes(); ++k) errors -= table[k * reference.classes() + k];
        out.tolerated = drift::tolerated_loss(errors, reference.rows(), out.alarm_level, options.margin);
        return out;
    }
    const double known = reference.realised(options.metric);
    if (std::isnan(known))
        throw InputError(fmt::format("--metric {}: the labels of the reference do not define it",
                                     drift::performance_metric_name(options.metric)));
    const double error = reference.sampling_error(options.metric, reference.rows());
    const double half = std::isnan(error) ? 0.0 : error * stats::normal_quantile(1.0 - out.alarm_level);
    out.tolerated = 1.0 - known + half + options.margin;
    if (!(out.tolerated < 1.0))
        throw InputError(fmt::format("--margin: the reference's loss and the margin are {}, which no metric exceeds",
                                     number(out.tolerated)));
    return out;
}

[[noreturn]] void refuse() {
    throw Error(ErrorCode::corrupt_data, "state file: what it was asked is no question of this command");
}

// A field of that type.
template <class T>
T field(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end()) refuse();
    const bool fits = std::is_same_v<T, std::string> ? found->is_string()
                      : std::is_same_v<T, double>    ? found->is_number()
                                                     : found->is_number_unsigned();
    if (!fits) refuse();
    return found->template get<T>();
}

}  // namespace

std::string asked_of(const PerformanceQuestion& question, const drift::PerformanceReference& reference) {
    const PerformanceToolOptions& options = question.options;
    const LabelledOptions& columns = options.columns;
    return Json{{"command", question.command},
                {"reference", to_hex(sha256(reference.serialize()))},
                {"scores", columns.scores},
                {"prediction", columns.prediction},
                {"label", columns.label},
                {"id", options.id},
                {"time", options.time},
                {"capacity", options.join.capacity},
                {"longest_wait", options.join.longest_wait},
                {"level", options.level},
                {"metric", drift::performance_metric_name(options.metric)},
                {"tolerated", options.tolerated ? Json(*options.tolerated) : Json{{"margin", options.margin}}}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

PerformanceQuestion question_in(const std::string& asked, const drift::PerformanceReference& reference) {
    const Json json = Json::parse(asked, nullptr, false);
    if (!json.is_object()) refuse();
    if (field<std::string>(json, "reference") != to_hex(sha256(reference.serialize())))
        throw Error(ErrorCode::baseline_mismatch, "was saved with another reference");
    PerformanceQuestion question;
    question.command = field<std::string>(json, "command");
    PerformanceToolOptions& options = question.options;
    const auto scores = json.find("scores");
    if (scores == json.end() || !scores->is_array()) refuse();
    for (const Json& name : *scores) {
        if (!name.is_string()) refuse();
        options.columns.scores.push_back(name.get<std::string>());
    }
    options.columns.prediction = field<std::string>(json, "prediction");
    options.columns.label = field<std::string>(json, "label");
    options.id = field<std::string>(json, "id");
    options.time = field<std::string>(json, "time");
    options.join.capacity = field<std::size_t>(json, "capacity");
    options.join.longest_wait = field<std::uint64_t>(json, "longest_wait");
    options.level = field<double>(json, "level");
    const auto metric = drift::performance_metric(field<std::string>(json, "metric"));
    if (!metric) refuse();
    options.metric = *metric;
    if (const auto tolerated = json.find("tolerated"); tolerated != json.end() && tolerated->is_object()) {
        options.margin = field<double>(*tolerated, "margin");
    } else {
        options.tolerated = field<double>(json, "tolerated");
    }
    if ((question.command != "estimate" && question.command != "realised") || asked_of(question, reference) != asked)
        refuse();
    return question;
}

PerformanceProgress progress_of(const PerformanceQuestion& question, const drift::PerformanceReference& reference) {
    const PerformanceToolOptions& options = question.options;
    const bool is_realised = question.command == "realised";
    PerformanceProgress progress{
        HarmWatch(options.level, drift::MetricSequence(reference, harm_of(options, reference, is_realised)))};
    if (!is_realised) {
        progress.estimated.emplace(reference);
        return progress;
    }
    progress.realised.emplace(reference);
    if (!options.id.empty())
        progress.join.emplace(reference, drift::LabelJoinOptions{.capacity = options.join.capacity,
                                                                 .longest_wait = options.join.longest_wait});
    return progress;
}

void merge_progress(PerformanceProgress& to, const PerformanceProgress& from) {
    to.harm.merge(from.harm);
    if (to.estimated) to.estimated->merge(*from.estimated);
    if (to.realised) to.realised->merge(*from.realised);
    to.rows += from.rows;
    to.labels += from.labels;
    to.row_time = std::max(to.row_time, from.row_time);
    to.label_time = std::max(to.label_time, from.label_time);
    to.told += from.told;
    to.told = std::min(to.told, to.harm.alarms());
}

}  // namespace vedette::inline v0::cli
