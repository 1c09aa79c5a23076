// SPDX-License-Identifier: Apache-2.0
// e-BH over the largest e-values of many processes, so that what is discovered stays so.
#include "vedette/drift/joined_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/e_values.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* kind = "joined_evidence";
constexpr std::size_t most_streams = std::size_t{1} << 24U;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("joined evidence: ") + what);
}

bool is_rate(double rate) noexcept {
    return rate >= 1e-12 && rate <= 0.5;
}

// What a process that has seen nothing is worth.
double least_e_value() {
    static const double least = stats::lift_e_process(1.0);
    return least;
}

void check_shards(std::span<const AnyMonitor* const> shards, EvidenceMerge merge) {
    const std::string options = shards.front()->options_json();
    std::vector<Digest> references;
    for (const AnyMonitor* const shard : shards) {
        if (shard->kind() != MonitorKind::e_process)
            throw Error(ErrorCode::invalid_argument,
                        std::string("join_evidence: takes monitors of kind e_process, not ") +
                            monitor_kind_name(shard->kind()));
        if (shard->options_json() != options)
            throw Error(ErrorCode::invalid_argument, "join_evidence: shards of one stream have other options");
        if (merge != EvidenceMerge::product) continue;
        AnyMonitor fresh = *shard;
        fresh.reset();
        const Digest digest = sha256(fresh.serialize());
        if (std::find(references.begin(), references.end(), digest) != references.end())
            throw Error(ErrorCode::invalid_argument,
                        "join_evidence: shards with the same reference are not independent: its luck enters each; take "
                        "their average");
        references.push_back(digest);
    }
}

}  // namespace

JoinedEvidence::JoinedEvidence(std::size_t streams, double false_discovery_rate) : rate_(false_discovery_rate) {
    if (streams == 0 || streams > most_streams)
        throw Error(ErrorCode::invalid_argument,
                    "joined evidence: " + std::to_string(streams) + " streams, must be 1 to 2^24");
    if (!is_rate(rate_))
        throw Error(ErrorCode::invalid_argument,
                    "joined evidence: false_discovery_rate is " + std::to_string(rate_) + ", must lie in [1e-12, 0.5]");
    e_values_.assign(streams, least_e_value());
    found_.resize(streams);
    is_found_.resize(streams);
    adjusted_.resize(streams);
    order_.resize(streams);
}

JoinedEvidence::JoinedEvidence(std::span<const double> e_values, double false_discovery_rate)
    : JoinedEvidence(e_values.size(), false_discovery_rate) {
    for (std::size_t i = 0; i < e_values.size(); ++i) {
        if (!(e_values[i] >= 0.0))
            throw Error(ErrorCode::invalid_argument, "joined evidence: e_values[" + std::to_string(i) + "] is " +
                                                         std::to_string(e_values[i]) + ", must be at least 0");
        e_values_[i] = e_values[i];
    }
    static_cast<void>(look());
}

bool JoinedEvidence::update(std::size_t stream, double p_value) noexcept {
    if (stream >= size() || !(p_value >= 0.0 && p_value <= 1.0)) return false;
    // The calibrator is below 1/p, so that most values need no logarithm.
    if (!(p_value * e_values_[stream] < 1.0)) return false;
    const double e_value = p_value > 0.0 ? stats::mixture_calibrator(p_value) : std::numeric_limits<double>::infinity();
    if (!(e_value > e_values_[stream])) return false;
    e_values_[stream] = e_value;
    return e_value * rate_ >= 1.0 && !is_found_[stream] && look();
}

bool JoinedEvidence::look() noexcept {
    for (std::size_t i = 0; i < size(); ++i) adjusted_[i] = std::min(1.0, 1.0 / e_values_[i]);
    if (!stats::adjust(adjusted_, stats::Correction::benjamini_hochberg, adjusted_, order_)) return false;
    const std::size_t before = count_;
    for (std::size_t i = 0; i < size(); ++i) {
        if (is_found_[i] || !(adjusted_[i] <= rate_)) continue;
        is_found_[i] = true;
        found_[count_++] = static_cast<std::uint32_t>(i);
    }
    return count_ != before;
}

void JoinedEvidence::reset() noexcept {
    std::fill(e_values_.begin(), e_values_.end(), least_e_value());
    is_found_.assign(size(), false);
    count_ = 0;
}

bool JoinedEvidence::is_discovered(std::size_t stream) const noexcept {
    return stream < size() && is_found_[stream];
}

double JoinedEvidence::threshold() const noexcept {
    return static_cast<double>(size()) / (rate_ * static_cast<double>(std::max<std::size_t>(count_, 1)));
}

std::vector<std::byte> JoinedEvidence::serialize() const {
    ContainerWriter writer;
    writer.add_scalar("rate", rate_);
    writer.add("e_values", e_values_);
    writer.add("discoveries", discoveries());
    return writer.finish(kind);
}

JoinedEvidence JoinedEvidence::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 3 && file.metadata_keys().size() == 4, "parts that none writes");
    const auto rate = file.scalar<double>("rate");
    require(file.tensor("e_values").shape.size() == 1 && file.tensor("discoveries").shape.size() == 1, "no list");
    const auto e_values = file.values<double>("e_values");
    require(is_rate(rate) && !e_values.empty() && e_values.size() <= most_streams, "a rate or a number out of range");
    for (const double e_value : e_values) require(e_value >= 0.0, "an e-value that is none");
    JoinedEvidence joined(std::vector<double>(e_values.begin(), e_values.end()), rate);
    // The order is the file's, the streams are those of the e-values.
    const auto discoveries = file.values<std::uint32_t>("discoveries");
    require(discoveries.size() == joined.count_, "another number of discoveries than its e-values make");
    std::vector<std::uint32_t> sorted(discoveries.begin(), discoveries.end());
    std::sort(sorted.begin(), sorted.end());
    require(std::equal(sorted.begin(), sorted.end(), joined.found_.begin()),
            "other discoveries than its e-values make");
    std::copy(discoveries.begin(), discoveries.end(), joined.found_.begin());
    return joined;
}

const char* evidence_merge_name(EvidenceMerge merge) noexcept {
    switch (merge) {
        case EvidenceMerge::average: return "average";
        case EvidenceMerge::product: return "product";
    }
    return "unknown";
}

double lifted_e_value(const AnyMonitor& monitor) {
    if (monitor.kind() != MonitorKind::e_process)
        throw Error(ErrorCode::invalid_argument, std::string("lifted_e_value: takes monitors of kind e_process, not ") +
                                                     monitor_kind_name(monitor.kind()));
    return stats::lift_e_process(std::max(1.0, 1.0 / monitor.reading().p_value));
}

JoinedEvidence join_evidence(std::span<const AnyMonitor* const> shards, std::size_t shards_of_a_stream,
                             double false_discovery_rate, EvidenceMerge merge) {
    if (shards_of_a_stream == 0 || shards.empty() || shards.size() % shards_of_a_stream != 0)
        throw Error(ErrorCode::invalid_argument, "join_evidence: " + std::to_string(shards.size()) +
                                                     " monitors are no whole number of streams of " +
                                                     std::to_string(shards_of_a_stream) + " shards");
    std::vector<double> merged;
    std::vector<double> e_values(shards_of_a_stream);
    for (std::size_t i = 0; i < shards.size() / shards_of_a_stream; ++i) {
        const auto of_stream = shards.subspan(i * shards_of_a_stream, shards_of_a_stream);
        check_shards(of_stream, merge);
        for (std::size_t k = 0; k < e_values.size(); ++k) e_values[k] = lifted_e_value(*of_stream[k]);
        merged.push_back(merge == EvidenceMerge::average ? stats::average_e_values(e_values)
                                                         : stats::multiply_e_values(e_values));
    }
    return {merged, false_discovery_rate};
}

}  // namespace vedette::inline v0::drift
