// SPDX-License-Identifier: Apache-2.0
// What the e-processes of a watch, or of several shards', say together.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/evidence_json.hpp"
#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0 {

std::optional<EvidenceReport> Watch::evidence(const WatchMark& since) const {
    if (!joined_) return std::nullopt;
    EvidenceReport out{.decision = Decision::not_evaluated,
                       .false_discovery_rate = joined_->false_discovery_rate(),
                       .threshold = joined_->threshold(),
                       .shards = 1,
                       .merge = {},
                       .streams = {}};
    std::size_t earlier = 0;
    const std::vector<StreamReport> reports = report(since);
    bool any = false;
    for (std::size_t k = 0; k < joined_streams_.size(); ++k) {
        const StreamReport& stream = reports[joined_streams_[k]];
        out.streams.push_back({stream.subject(), stream.joined_e_value, stream.is_discovered});
        if (stream.is_discovered && stream.period_alarms == 0) ++earlier;
        any = any || stream.decision != Decision::not_evaluated;
    }
    out.decision = out.discovered() > earlier ? Decision::alarm
                   : !any                     ? Decision::not_evaluated
                   : earlier > 0              ? Decision::warn
                                              : Decision::pass;
    return out;
}

EvidenceReport Watch::evidence(std::span<const Watch* const> shards) {
    if (shards.empty()) throw Error(ErrorCode::invalid_argument, "watch: evidence of no shard");
    for (std::size_t i = 0; i < shards.size(); ++i) {
        const Watch* const shard = shards[i];
        if (shard == nullptr || std::find(shards.begin(), shards.begin() + static_cast<std::ptrdiff_t>(i), shard) !=
                                    shards.begin() + static_cast<std::ptrdiff_t>(i))
            throw Error(ErrorCode::invalid_argument, "watch: a shard is none, or there twice");
        if (shard->baseline().id() != shards.front()->baseline().id())
            throw Error(ErrorCode::baseline_mismatch, "watch: a shard is that of another baseline");
        if (!shard->joined_) throw Error(ErrorCode::invalid_policy, "watch: a shard's policy joins no evidence");
    }
    const Watch& first = *shards.front();
    std::vector<double> averages(first.joined_->size());
    for (const Watch* const shard : shards) {
        bool same = shard->joined_streams_.size() == averages.size() &&
                    shard->joined_->false_discovery_rate() == first.joined_->false_discovery_rate();
        for (std::size_t k = 0; same && k < averages.size(); ++k) {
            const Stream& a = shard->streams_[shard->joined_streams_[k]];
            const Stream& b = first.streams_[first.joined_streams_[k]];
            same = a.name == b.name && a.source == b.source && a.monitor.options_json() == b.monitor.options_json();
            averages[k] += shard->joined_->e_values()[k] / static_cast<double>(shards.size());
        }
        if (!same) throw Error(ErrorCode::invalid_policy, "watch: shards join other streams");
    }
    const drift::JoinedEvidence joined(averages, first.joined_->false_discovery_rate());
    EvidenceReport out{.decision = joined.discoveries().empty() ? Decision::pass : Decision::alarm,
                       .false_discovery_rate = joined.false_discovery_rate(),
                       .threshold = joined.threshold(),
                       .shards = shards.size(),
                       .merge = drift::EvidenceMerge::average,
                       .streams = {}};
    bool any = false;
    const std::vector<StreamReport> reports = first.report();
    for (std::size_t k = 0; k < averages.size(); ++k) {
        out.streams.push_back({reports[first.joined_streams_[k]].subject(), averages[k], joined.is_discovered(k)});
        for (const Watch* const shard : shards)
            any = any || shard->streams_[shard->joined_streams_[k]].monitor.counts().accepted > 0;
    }
    if (!any) out.decision = Decision::not_evaluated;
    return out;
}

std::size_t EvidenceReport::discovered() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(streams.begin(), streams.end(), [](const Stream& stream) { return stream.is_discovered; }));
}

std::string EvidenceReport::reason() const {
    const std::string of =
        fmt::format("{} streams{}", streams.size(),
                    shards > 1 ? fmt::format(", the e-values of {} shards {}", shards,
                                             merge == drift::EvidenceMerge::average ? "averaged" : "multiplied")
                               : std::string());
    const std::string rate = fmt::format("false discovery rate {:g}", false_discovery_rate);
    if (decision == Decision::not_evaluated)
        return fmt::format("joined evidence of {} not evaluated, no value entered", of);
    if (discovered() == 0)
        return fmt::format("joined evidence discovers no change in {}; a first needs an e-value of {} ({})", of,
                           rendering::number(threshold), rate);
    std::string names;
    std::size_t shown = 0;
    for (const Stream& stream : streams) {
        if (!stream.is_discovered) continue;
        if (++shown > 5) break;
        names += fmt::format("{}{} {}", names.empty() ? "" : ", ", stream.subject, rendering::number(stream.e_value));
    }
    if (discovered() > 5) names += ", ...";
    return fmt::format("joined evidence discovers changes in {} of {}{}: e-values {}, needed were {} ({})",
                       discovered(), of, decision == Decision::warn ? ", before this period" : "", names,
                       rendering::number(threshold), rate);
}

std::string EvidenceReport::condition() const {
    const bool product = shards > 1 && merge == drift::EvidenceMerge::product;
    return fmt::format(
        "at any time and under any dependence between streams{}, where {}each stream's values are exchangeable with "
        "its "
        "reference's until they change: no autocorrelation",
        shards > 1 && !product ? " and shards" : "",
        product ? "shards are independent, each with a reference of its own, and " : "");
}

nlohmann::ordered_json rendering::joined_evidence_json(const EvidenceReport& evidence) {
    using Json = nlohmann::ordered_json;
    Json out{{"decision", decision_name(evidence.decision)},
             {"reason", evidence.reason()},
             {"condition", evidence.condition()},
             {"false_discovery_rate", evidence.false_discovery_rate},
             {"threshold", evidence.threshold},
             {"shards", evidence.shards},
             {"merge", evidence.shards > 1 ? Json(drift::evidence_merge_name(evidence.merge)) : Json(nullptr)},
             {"discovered", Json::array()},
             {"streams", Json::array()}};
    for (const EvidenceReport::Stream& stream : evidence.streams) {
        if (stream.is_discovered) out["discovered"].push_back(stream.subject);
        out["streams"].push_back({{"stream", stream.subject},
                                  {"e_value", finite_json(stream.e_value)},
                                  {"is_discovered", stream.is_discovered}});
    }
    return out;
}

}  // namespace vedette::inline v0
