// SPDX-License-Identifier: Apache-2.0
// A monitor whose kind is chosen by name at run time: what the C interface, the tool and the guard are built on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/monitor.hpp"
#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {

/// The kinds; each is the class of that name. From 128 on they take rows, see row_monitor.hpp, and are no AnyMonitor.
enum class MonitorKind : std::uint8_t {
    adwin = 0,
    page_hinkley = 1,
    cusum = 2,
    ewma_chart = 3,
    ddm = 4,
    eddm = 5,
    hddm_a = 6,
    hddm_w = 7,
    kswin = 8,
    stepd = 9,
    incremental_ks = 10,
    e_process = 11,
    e_detector = 12,
    harm_monitor = 13,
    mean_monitor = 14,
    mmd_monitor = 128,
};
inline constexpr std::uint8_t monitor_kind_count = 15;  ///< of those that take values

/// "adwin", "page_hinkley", ...; also the kind of its files. "unknown" for any other value.
const char* monitor_kind_name(MonitorKind kind) noexcept;
/// Of those that take values. Throws Error(invalid_argument), with all names, for another one.
MonitorKind monitor_kind(std::string_view name);

/// What a kind asks of its values. Others are counted as refused.
enum class MonitorValues : std::uint8_t { any = 0, shares = 1, errors = 2 };
MonitorValues monitor_values(MonitorKind kind) noexcept;
/// The same with those options: a mean_monitor by `proportion` takes errors. Throws Error(invalid_argument) for a text
/// that is none.
MonitorValues monitor_values(MonitorKind kind, std::string_view options);

/// What a kind makes of a reference.
enum class MonitorReferenceUse : std::uint8_t {
    none = 0,     ///< it is not looked at
    moments = 1,  ///< mean and sd, where the options do not name them
    law = 2,      ///< a sample or a grid, which it cannot do without
    sample = 3,   ///< a sample, which it cannot do without
};
MonitorReferenceUse monitor_reference_use(MonitorKind kind) noexcept;

/// What is known of the time before; only what the kind uses need be there.
struct MonitorReference {
    std::span<const double> values{};  ///< finite, in their order; copied
    const stats::Grid* grid = nullptr;
    double mean = std::numeric_limits<double>::quiet_NaN();  ///< NaN: that of `values`
    double sd = std::numeric_limits<double>::quiet_NaN();
};

/// What a monitor knows, in the words that all kinds share; NaN where a kind has no such number, or none yet.
struct MonitorReading {
    double estimate =
        std::numeric_limits<double>::quiet_NaN();  ///< `estimate()` of its class; harm_monitor, mean_monitor: `mean()`
    double statistic = std::numeric_limits<double>::quiet_NaN();  ///< what is compared with `limit`
    double limit = std::numeric_limits<double>::quiet_NaN();
    double p_value = std::numeric_limits<double>::quiet_NaN();  ///< of the last look
    double e_value = std::numeric_limits<double>::quiet_NaN();  ///< e_process: the present one, its statistic
    /// harm_monitor, mean_monitor: bounds on the mean at all times.
    Interval interval{};
};

/// A monitor of any kind. The rules of MonitorBase hold; an update costs one virtual call besides.
///
/// **Blocks, against autocorrelation.** With option `block` = K, means of K consecutive values enter in place of the
/// values; values that may not enter (NaN, out of range) are counted at once and belong to no block. With `thin` = K,
/// one value of K enters, the first of each K. The values of a reference are taken in the same way, so give them in
/// their order; with `block` they cannot be replaced by a grid or an sd (that of single values is not that of means).
/// An alarm comes with the value that completes it, never in between. Counts are of what entered, so of blocks; `seen`
/// is of values. A block of errors is no error: ddm, eddm and stepd take `thin` alone.
///
/// A moved-from object may only be assigned to or destroyed.
class AnyMonitor {
  public:
    AnyMonitor(const AnyMonitor& other);
    AnyMonitor& operator=(const AnyMonitor& other);
    AnyMonitor(AnyMonitor&&) noexcept;
    AnyMonitor& operator=(AnyMonitor&&) noexcept;
    ~AnyMonitor();

    MonitorState update(double x) noexcept;
    /// The same with the draw of a kswin given, see Kswin::update. Throws Error(unsupported) for another kind or a
    /// monitor of blocks, and changes nothing then.
    MonitorState update(double x, std::span<const std::uint32_t> draw);
    /// Adds what another of the same kind and options has seen: harm_monitor and mean_monitor, whose bounds are of
    /// sums; see HarmMonitor::merge. What the others say depends on the order of values across streams, which nobody
    /// knows. Throws Error: unsupported for those, and for monitors of blocks; invalid_argument for another kind or
    /// options; overflow. Nothing is changed then.
    MonitorState merge(const AnyMonitor& other);
    void reset() noexcept;

    [[nodiscard]] MonitorKind kind() const noexcept;
    [[nodiscard]] MonitorState state() const noexcept;
    [[nodiscard]] const MonitorCounts& counts() const noexcept;
    [[nodiscard]] MonitorReading reading() const noexcept;
    /// Values given since it was made or reset, whatever became of them.
    [[nodiscard]] std::uint64_t seen() const noexcept;
    /// Of `block` or `thin`; 1 without.
    [[nodiscard]] std::uint32_t block_length() const noexcept { return length_; }
    /// Whether it is of `thin`.
    [[nodiscard]] bool is_thinned() const noexcept { return thin_; }
    /// All options, as one line of JSON that `make_monitor` takes; keys in a fixed order.
    [[nodiscard]] std::string options_json() const;

    /// Without blocks, the bytes of the class itself, which its `deserialize` reads too; else kind "blocked_monitor".
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Reads a monitor of any kind. Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static AnyMonitor deserialize(std::span<const std::byte> bytes);

    /// What a kind is to this class; private in all but name.
    struct Model;

  private:
    friend AnyMonitor make_monitor(MonitorKind kind, std::string_view options, const MonitorReference& reference);
    AnyMonitor(std::unique_ptr<Model> model, std::uint32_t length, bool thin) noexcept;
    MonitorState update_block(double x) noexcept;
    [[nodiscard]] bool may_enter(double x) const noexcept;
    static AnyMonitor read_blocked(std::span<const std::byte> bytes);

    std::unique_ptr<Model> model_;
    std::uint32_t length_;
    bool thin_;
    std::uint32_t place_ = 0;  // of the next value in its block
    double sum_ = 0.0;         // of the block so far
};

/// Makes a monitor. `options` is a JSON object, `{"threshold": 5, "direction": "up"}`, or the same as
/// `threshold=5, direction=up`; empty = all defaults. Names and values are those of the kind's option struct, choices
/// by their word; besides:
/// - `block`, `thin` (1 to 2^31): see AnyMonitor;
/// - cusum: `average_run_length` (20 to 1e12) in place of `threshold`, see cusum_threshold.
/// cusum and ewma_chart take `mean` and `sd` from the reference unless both are named.
///
/// Throws Error: invalid_argument for an unknown name, a value of another type or out of range; not_enough_data where
/// the kind needs a reference that is not there or does not vary.
AnyMonitor make_monitor(MonitorKind kind, std::string_view options = {}, const MonitorReference& reference = {});
AnyMonitor make_monitor(std::string_view kind, std::string_view options = {}, const MonitorReference& reference = {});

/// The default options of a kind, as one line of JSON. `mean` and `sd` are left out where a reference gives them.
std::string monitor_defaults(MonitorKind kind);

}  // namespace vedette::inline v0::drift
