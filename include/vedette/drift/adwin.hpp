// SPDX-License-Identifier: Apache-2.0
// ADWIN: a window that is as long as its mean has been the same, over a stream of any length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

template <class M>
class MonitorBank;

/// Which cuts of the window are looked at. The rules differ in nothing else.
enum class AdwinRule : std::uint8_t {
    river = 0,  ///< both parts hold at least min_window_length values; with min_window_length = 1 it is the paper's
    moa = 1,    ///< both hold more than min_window_length + 1, as in MOA and in all that was made after it
};

struct AdwinOptions {
    double delta = 0.002;                 ///< of the paper, in (0, 1): the level of one check
    std::uint32_t clock = 32;             ///< a check every so many values; 1 to 2^31
    std::uint32_t max_buckets = 5;        ///< of one size, 2 to 1000: more look at more cuts
    std::uint32_t min_window_length = 5;  ///< of either part of a cut, 1 to 2^31
    std::uint32_t grace_period = 10;      ///< no check unless the window is longer
    AdwinRule rule = AdwinRule::river;
    /// Begin with an empty window after a change, as river's class does. The paper goes on with what came after the
    /// change; so does MOA, and so do we by default.
    bool restart_after_change = false;
};

/// Adaptive windowing, ADWIN2 of Bifet and Gavalda (2007): an exponential histogram of the window (max_buckets buckets
/// of each size 2^i, each with sum and squared deviations). At a check, for every border between two buckets, oldest
/// first: if the means of the older n0 and the newer n1 values differ by more than
///     sqrt(2 m v ln(2 ln(W)/delta)) + 2/3 m ln(2 ln(W)/delta),   m = 1/(n0 - min + 1) + 1/(n1 - min + 1),
/// v the variance and W the length of the window, the oldest bucket is dropped, and all is looked at again. A change is
/// told when anything was dropped. The level of a check is delta in the limit of normal means (the paper's bound holds
/// for every bounded law but is far longer); values must be independent.
///
/// After a drop, sum and variance are taken anew from the buckets; river and MOA subtract, which leaves rounding errors
/// behind, up to a negative variance, under which no cut is ever found.
///
/// The bound grows with the variance of the window, so that a single absurd value in it, which alarms when it comes,
/// hides all that is smaller until `reset`. Clip values where senders are not trusted.
///
/// Amortised constant time: O(max_buckets log W) per check, O(1) for other values. 48 (max_buckets + 1) 32 bytes.
/// Beyond a window of max_buckets 2^48 the oldest values are dropped silently.
class Adwin : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit Adwin(const AdwinOptions& options = {});

    /// `change` when the window was cut.
    MonitorState update(double x) noexcept;
    void reset() noexcept;

    [[nodiscard]] const AdwinOptions& options() const noexcept { return options_; }
    /// Values in the window.
    [[nodiscard]] std::uint64_t width() const noexcept { return width_; }
    /// Their sum.
    [[nodiscard]] double total() const noexcept { return total_; }
    /// Their mean; 0 while empty.
    [[nodiscard]] double estimate() const noexcept { return width_ == 0 ? 0.0 : total_ / static_cast<double>(width_); }
    /// Their variance (mean squared deviation; river's property of this name is `width` times it); 0 while empty.
    [[nodiscard]] double variance() const noexcept {
        return width_ == 0 ? 0.0 : deviations_ / static_cast<double>(width_);
    }
    /// The drop of the last change: how many values went (0 while there was none), and their mean. `estimate` less this
    /// mean says how far, and in which direction, the stream moved.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] double dropped_mean() const noexcept {
        return dropped_ == 0 ? 0.0 : dropped_total_ / static_cast<double>(dropped_);
    }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Adwin writes, Error(unsupported_version).
    [[nodiscard]] static Adwin deserialize(std::span<const std::byte> bytes);

  private:
    struct Codec;
    template <class>
    friend class MonitorBank;
    static constexpr std::size_t levels = 48;
    struct Bucket {
        double total;
        double deviations;  // sum of squared deviations from the bucket's mean
    };

    void clear() noexcept;
    void insert(double x) noexcept;
    void merge_full_levels() noexcept;
    bool shrink() noexcept;
    bool find_cut() noexcept;
    std::size_t list_cuts(double least) noexcept;
    void drop_oldest() noexcept;
    void sum_up() noexcept;
    Bucket* level(std::size_t i) noexcept { return buckets_.data() + i * stride_; }
    [[nodiscard]] const Bucket* level(std::size_t i) const noexcept { return buckets_.data() + i * stride_; }

    AdwinOptions options_;
    std::size_t stride_;           // buckets of a level: one more than may stay
    std::vector<Bucket> buckets_;  // of each level, oldest first
    std::vector<std::uint32_t> counts_of_level_;
    std::size_t used_levels_ = 1;  // the last of them is not empty, but for an empty window
    std::uint64_t width_ = 0;
    double total_ = 0.0;
    double deviations_ = 0.0;
    std::uint32_t until_check_;
    std::uint64_t dropped_ = 0;
    double dropped_total_ = 0.0;
    // Of the cuts of a check, oldest first: number and sum of the older values, sum of the newer ones.
    std::vector<double> older_;
    std::vector<double> older_total_;
    std::vector<double> newer_total_;
};

}  // namespace vedette::inline v0::drift
