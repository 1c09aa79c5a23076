// SPDX-License-Identifier: Apache-2.0
// The monitors that a policy names, over the stream of requests: what a window's counters cannot tell, the moment of a
// change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/joined_evidence.hpp"
#include "vedette/drift/metric_sequence.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/drift/row_monitor.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

/// An alarm of one monitor, as it was told.
struct StreamAlarm {
    std::uint64_t position = 0;  ///< of the value in its stream, from 1
    std::int64_t time = 0;       ///< as the caller gave it
    double value = 0.0;
    drift::MonitorReading reading{};
};

/// Where the values of a stream come from.
enum class StreamSource : std::uint8_t { feature = 0, output = 1, performance = 2, group = 3 };

/// "feature", "output", "performance", "group"; "unknown" for any other value.
const char* stream_source_name(StreamSource source) noexcept;

/// How much of a change one feature makes up.
struct StreamContribution {
    std::string name;    ///< of the feature; of an embedding "f0", "f1", ...
    double value = 0.0;  ///< as drift::RandomFeatureMmd::test has its contributions
};

/// What one monitor of one stream has to say.
struct StreamReport {
    std::string name;  ///< of the feature, the output or the metric
    StreamSource source = StreamSource::feature;
    drift::MonitorKind kind = drift::MonitorKind::adwin;
    std::string options;  ///< all of them, as JSON
    /// Of the period: an alarm or more; else not evaluated where no value entered; else a warning where its state is
    /// one; else a pass. `monitors` of a policy are outside of its level and correction: a false-alarm rate is theirs.
    Decision decision = Decision::not_evaluated;
    std::uint64_t period_begin = 0;   ///< values seen before the period
    std::uint64_t period_alarms = 0;  ///< alarms in it
    MonitorState state = MonitorState::in_control;
    drift::MonitorCounts counts{};  ///< since the watch began
    std::uint64_t seen = 0;
    drift::MonitorReading reading{};
    std::vector<StreamAlarm> alarms;  ///< the newest, of the period or not, oldest first
    /// Of an e_process that is judged with the others (Policy::joined_evidence): its part in the family, else NaN and
    /// false. An alarm is then its discovery, which happens once; in later periods it warns.
    double joined_e_value = std::numeric_limits<double>::quiet_NaN();
    bool is_discovered = false;
    /// Of a group: which features its last alarm is due to, the largest contribution first. Empty without one, and of
    /// alarms before the watch was read from bytes.
    std::vector<StreamContribution> contributions{};

    /// What is watched, in words: "income", "output loss", "1 - estimated accuracy".
    [[nodiscard]] std::string subject() const;
    /// One sentence, with the numbers that decided.
    [[nodiscard]] std::string reason() const;
};

/// What all e-processes of a watch, or of several, say together, see drift::JoinedEvidence.
struct EvidenceReport {
    /// Of one stream in the family.
    struct Stream {
        std::string subject;   ///< as StreamReport::subject
        double e_value = 0.0;  ///< lifted, so that it is one at any time; of shards their average
        bool is_discovered = false;
    };
    /// An alarm where streams were discovered in the period, or by all shards together; a warning where before it; not
    /// evaluated where no value entered; else a pass.
    Decision decision = Decision::not_evaluated;
    double false_discovery_rate = 0.0;
    double threshold = 0.0;  ///< that the discovered ones had to reach; without any, that a first one must
    std::size_t shards = 1;
    drift::EvidenceMerge merge = drift::EvidenceMerge::average;  ///< of shards
    std::vector<Stream> streams;

    [[nodiscard]] std::size_t discovered() const noexcept;
    /// One sentence, with the numbers that decided.
    [[nodiscard]] std::string reason() const;
    /// What the rate rests on, in a sentence.
    [[nodiscard]] std::string condition() const;
};

/// Where a watch stands: the beginning of a period.
struct WatchMark {
    std::vector<std::uint64_t> seen;  ///< each of every stream
    std::vector<std::uint64_t> accepted;
    std::vector<std::uint64_t> turned_away;  ///< no numbers, infinite or refused
    std::vector<std::uint64_t> changes;
};

/// What monitors need to know besides the baseline.
struct WatchReferences {
    /// Of outputs whose monitors need one, by the output's name.
    std::map<std::string, drift::MonitorReference, std::less<>> outputs{};
    /// What scores mean; needed where the policy watches performance.
    std::optional<drift::PerformanceReference> performance{};
    /// Of what predictions make of reference rows, see Watch::estimates: with it cusum and ewma_chart know how much
    /// estimates vary.
    drift::MonitorReference estimates{};
    /// Rows of the reference, needed for each group, by its name: values of its features in their order, or embeddings.
    /// Rows with a NaN are left out.
    std::map<std::string, MatrixView<double>, std::less<>> groups{};
};

/// The monitors of a policy at work, beside a window: values in the order of their coming, which is why a watch, unlike
/// a window, cannot be merged. Give each stream of requests a watch of its own, owned by the thread that reads it.
///
/// Features take `monitors` of their rules (numeric ones that are not ignored; the baseline gives mean, sd and grid),
/// outputs (scores of the model, its loss) those under `outputs`, and predictions those of `performance`: each makes a
/// value 1 - p, p the calibrated probability that it is right, or each `rows` of them 1 - the metric that is estimated
/// (drift/performance_estimate.hpp says what that rests on). cusum and ewma_chart take mean and sd from `estimates`.
/// Without it, they take what the labels of the reference gave, and as sd its standard error over so many rows: an
/// estimate varies less, often by far, so they alarm falsely more seldom than named, and late. Errors by labels that
/// came late are an output (drift::LabelJoin tells them).
///
/// Groups of features get the values of each row together, and embeddings rows of their own: whether the joint law has
/// changed, which no feature may show by itself. A row that lacks a value enters no statistic of the group. What such a
/// monitor compares is fitted when the watch is made, which takes seconds: make it once, copy it for each stream.
///
/// Not thread-safe; const calls may run side by side.
class Watch {
  public:
    /// Alarms that are kept of each stream, the newest; all are counted.
    static constexpr std::size_t kept_alarms = 64;

    /// Throws Error(invalid_policy) where the policy is invalid, names a feature that the baseline does not have, or
    /// monitors for a categorical one; where a monitor cannot be made of what is known (the message names the stream).
    explicit Watch(Baseline baseline, const Policy& policy = {}, const WatchReferences& references = {});

    /// What predictions make of rows, a value for each or for each `rows` of them; the rest of a block makes none.
    /// Throws Error(dimension_mismatch) for lengths that differ. What would be refused makes NaN.
    [[nodiscard]] static std::vector<double> estimates(const PerformancePolicy& rules,
                                                       const drift::PerformanceReference& performance,
                                                       MatrixView<double> scores,
                                                       std::span<const std::uint32_t> predictions);

    /// One row of `feature_count()` values, as Window::observe takes it; what is no number counts as NaN. What the
    /// gravest monitor says. A row of another width is counted as rejected, and nothing else. No allocation, no lock.
    MonitorState observe(std::span<const float> row, std::int64_t time = 0) noexcept;
    MonitorState observe(std::span<const double> row, std::int64_t time = 0) noexcept;
    MonitorState observe(std::span<const Value> row, std::int64_t time = 0) noexcept;
    /// One value of an output, whenever it is known; an index that is none does nothing.
    MonitorState observe_output(std::size_t output, double value, std::int64_t time = 0) noexcept;
    /// One prediction, its scores as PerformanceWindow::observe takes them. A block that is not full tells nothing yet.
    /// Of what is refused the monitors get NaN. Nothing where performance is not watched.
    MonitorState observe_prediction(std::span<const double> scores, std::uint32_t prediction,
                                    std::int64_t time = 0) noexcept;
    MonitorState observe_prediction(double score, std::uint32_t prediction, std::int64_t time = 0) noexcept {
        return observe_prediction(std::span<const double>(&score, 1), prediction, time);
    }
    /// One row of an embedding, whatever its width must be (another counts as refused); an index that is none, or of a
    /// group of features, does nothing.
    MonitorState observe_embedding(std::size_t group, std::span<const float> row, std::int64_t time = 0) noexcept;
    MonitorState observe_embedding(std::size_t group, std::span<const double> row, std::int64_t time = 0) noexcept;
    /// Forgets all values and alarms.
    void reset() noexcept;

    /// The index of an output of the policy. Throws Error(invalid_argument) with those that there are.
    [[nodiscard]] std::size_t output(std::string_view name) const;
    /// The index of an embedding among the groups. Throws Error(invalid_argument) with those that there are.
    [[nodiscard]] std::size_t embedding(std::string_view name) const;
    /// Groups of the policy, embeddings among them.
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
    /// What monitors a group, to ask what lies behind an alarm. Throws Error(invalid_argument) for no group's name or
    /// a kind that does not monitor it.
    [[nodiscard]] const drift::RowMonitor& group_monitor(std::string_view name,
                                                         std::string_view kind = "mmd_monitor") const;
    /// Monitors, each of one stream; 0 where the policy names none.
    [[nodiscard]] std::size_t stream_count() const noexcept { return streams_.size() + rows_.size(); }
    /// Alarms so far, of all monitors.
    [[nodiscard]] std::uint64_t alarms() const noexcept;
    [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }
    [[nodiscard]] const Baseline& baseline() const noexcept { return baseline_; }

    [[nodiscard]] WatchMark mark() const;
    /// What all monitors have to say of the period since a mark; of everything by default. Throws
    /// Error(invalid_argument) for a mark of another watch.
    [[nodiscard]] std::vector<StreamReport> report(const WatchMark& since = {}) const;

    /// What its e-processes say together; empty where the policy does not join them. Throws as `report`.
    [[nodiscard]] std::optional<EvidenceReport> evidence(const WatchMark& since = {}) const;
    /// The same of shards of one stream of requests, each with a watch of this baseline and policy: their e-values are
    /// averaged, which needs no independence (they share a reference). Throws Error: invalid_argument for no watch or
    /// one twice, baseline_mismatch, invalid_policy where they join other streams or none.
    [[nodiscard]] static EvidenceReport evidence(std::span<const Watch* const> shards);

    /// Canonical bytes (core/container.hpp, kind "watch"): what `from_bytes` gives goes on bit for bit.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    /// Throws Error: baseline_mismatch, invalid_policy as the constructor does, or where the policy names other
    /// monitors than were saved; corrupt_data, unsupported_version.
    /// `performance` is the reference that it was made with.
    [[nodiscard]] static Watch from_bytes(Baseline baseline, const Policy& policy, std::span<const std::byte> bytes,
                                          std::optional<drift::PerformanceReference> performance = {});

  private:
    struct Codec;
    template <class Monitor>
    struct Watched {
        std::string name;
        StreamSource source = StreamSource::feature;
        std::size_t index = 0;  // of the feature, the output or the group
        Monitor monitor;
        std::vector<StreamAlarm> alarms;  // a ring once it is full
        std::size_t oldest = 0;
        std::optional<std::uint32_t> joined = std::nullopt;  // its place among the e-processes that are
        // Of rows: the monitor as it was at its last alarm; made beforehand, so that an alarm allocates nothing.
        std::optional<Monitor> at_alarm = std::nullopt;
        bool has_alarmed = false;
    };
    using Stream = Watched<drift::AnyMonitor>;
    using RowStream = Watched<drift::RowMonitor>;

    struct Group {
        std::string name;
        std::vector<std::size_t> features;  // none: an embedding
        std::vector<double> row;            // scratch
    };

    // The block of predictions that is being filled. Of accuracy the sum of losses is enough.
    struct Predictions {
        drift::PerformanceMetric metric = drift::PerformanceMetric::accuracy;
        std::uint64_t rows = 1;
        drift::PerformanceWindow window;
        std::uint64_t filled = 0;
        double loss = 0.0;
        std::optional<drift::MetricSequence> sequence{};  // of a ratio that is watched row by row

        void clear() noexcept;
        /// The next value; empty while the block is not full.
        std::optional<double> add(std::span<const double> scores, std::uint32_t prediction) noexcept;
    };

    Watch(Baseline baseline, const Policy& policy, std::optional<drift::PerformanceReference> performance);
    template <class Monitor>
    static void note(Watched<Monitor>& stream, double value, std::int64_t time) noexcept;
    MonitorState take(Stream& stream, double value, std::int64_t time) noexcept;
    void discover(const Stream& by, std::size_t before, double value, std::int64_t time) noexcept;
    /// Numbers the e-processes among the streams, where the policy joins them.
    void join(const Policy& policy);
    /// Whether predictions are watched one by one by a ratio.
    [[nodiscard]] bool watches_ratio() const noexcept;
    void make_sequence();
    template <class Monitor>
    [[nodiscard]] std::uint64_t alarms_of(const Watched<Monitor>& stream) const noexcept;
    [[nodiscard]] std::vector<StreamContribution> contributions_of(const RowStream& stream) const;
    MonitorState take_row(std::size_t group, std::span<const double> row, std::int64_t time) noexcept;
    template <class F>
    void each(F&& visit) const;
    template <class T>
    MonitorState observe_row(std::span<const T> row, std::int64_t time) noexcept;

    Baseline baseline_;
    std::vector<std::string> outputs_;
    std::optional<Predictions> predictions_;
    std::vector<Stream> streams_;  // those of features first, then of outputs, then of performance
    std::optional<drift::JoinedEvidence> joined_;
    std::vector<std::size_t> joined_streams_;  // of each of its streams, the index
    std::vector<Group> groups_;                // of the policy, by name
    std::vector<RowStream> rows_;              // of them, in their order; as streams, after all others
    std::uint64_t rejected_ = 0;
};

}  // namespace vedette::inline v0
