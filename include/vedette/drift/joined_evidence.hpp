// SPDX-License-Identifier: Apache-2.0
// Which of many e-processes have found a change, at a false discovery rate that holds at all times: e-BH.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/any_monitor.hpp"

namespace vedette::inline v0::drift {

/// How e-values of shards of one stream, each with a process of its own, become one.
enum class EvidenceMerge : std::uint8_t {
    average = 0,  ///< under any dependence; what shards beside one reference take
    product = 1,  ///< shards are independent, and each has a reference of its own
};

/// "average" or "product"; "unknown" for any other value.
const char* evidence_merge_name(EvidenceMerge merge) noexcept;

/// The e-processes of many streams (features, say), judged together by e-BH (Wang and Ramdas 2022): of the streams told
/// as changed, a share of `false_discovery_rate` at most is expected to be in order, at whatever time, however it is
/// chosen and however the streams depend on each other.
///
/// What enters is, of each stream, stats::lift_e_process of its largest e-value: the e-processes themselves are
/// e-values at times that their own stream chooses, not at one at which another stream was discovered. What
/// is discovered stays so: largest values never fall. Assumed of each stream: its values and its reference's are
/// exchangeable until they change (no autocorrelation).
///
/// A stream of `size()` needs an e-value of size() / (rate * discoveries), and a first one size() / rate, to be
/// discovered. Give the processes a level that they do not reach (1e-100): each restart forgets.
///
/// No allocation after construction. O(1) an update, O(n log n) where a stream's e-value has grown beyond 1/rate, which
/// in order happens to a share `rate` of the streams at most.
class JoinedEvidence {
  public:
    /// Throws Error(invalid_argument) for no stream or more than 2^24, or a rate outside [1e-12, 0.5].
    JoinedEvidence(std::size_t streams, double false_discovery_rate);
    /// Of e-values that are there already, one of each stream: lifted ones, or averages or products of those. Throws
    /// Error(invalid_argument) for one that is negative or NaN, besides.
    JoinedEvidence(std::span<const double> e_values, double false_discovery_rate);

    /// Takes what a stream's process says now: its p-value, 1/(its largest e-value); NaN and a stream that there is not
    /// change nothing. True where streams (this one or others) are discovered by it: the last of `discoveries()`.
    bool update(std::size_t stream, double p_value) noexcept;
    void reset() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return e_values_.size(); }
    [[nodiscard]] double false_discovery_rate() const noexcept { return rate_; }
    /// Of each stream, lifted.
    [[nodiscard]] std::span<const double> e_values() const noexcept { return e_values_; }
    /// Streams in the order of their discovery.
    [[nodiscard]] std::span<const std::uint32_t> discoveries() const noexcept { return {found_.data(), count_}; }
    [[nodiscard]] bool is_discovered(std::size_t stream) const noexcept;
    /// The e-value that the discovered streams had to reach; without any, that a first one must.
    [[nodiscard]] double threshold() const noexcept;

    /// Canonical bytes (core/container.hpp, kind "joined_evidence").
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static JoinedEvidence deserialize(std::span<const std::byte> bytes);

  private:
    bool look() noexcept;

    double rate_;
    std::vector<double> e_values_;
    std::vector<std::uint32_t> found_;  // `count_` of them; the room is for all
    std::size_t count_ = 0;
    std::vector<bool> is_found_;
    std::vector<double> adjusted_;  // scratch
    std::vector<std::size_t> order_;
};

/// What a monitor of kind e_process is worth at any time, whoever chooses it: lift_e_process of its largest e-value.
/// 1/2 before its first value. Throws Error(invalid_argument) for another kind.
double lifted_e_value(const AnyMonitor& monitor);

/// e-BH over lifted e-values of e-processes at one time, for those who keep the processes themselves. `shards` lists,
/// for each stream in a row, the processes of its shards. Throws Error(invalid_argument) for no process or other kinds,
/// for streams with other numbers of shards, and for a product where two shards of a stream have the same reference;
/// as JoinedEvidence for the rate.
JoinedEvidence join_evidence(std::span<const AnyMonitor* const> shards, std::size_t shards_of_a_stream,
                             double false_discovery_rate, EvidenceMerge merge = EvidenceMerge::average);

}  // namespace vedette::inline v0::drift
