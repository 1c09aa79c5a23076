// SPDX-License-Identifier: Apache-2.0
// A bank of ADWIN windows, one for each of thousands of features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/monitor_bank.hpp"

namespace vedette::inline v0::kernels {
struct AdwinBankView;
struct AdwinBound;
struct AdwinStop;
}  // namespace vedette::inline v0::kernels

namespace vedette::inline v0::drift {

/// As many Adwins as there are features; all that is said of other banks holds: feature i is, to the last bit, an Adwin
/// that is fed its values one by one.
///
/// Eight neighbouring features share vectors. Which buckets merge depends on how many values came, so a feature keeps
/// step with its neighbours for as long as it takes the same rows: after a cut it differs from them in its larger
/// buckets alone, which are touched seldom; after a NaN that they did not have it takes as long as an Adwin of its own,
/// and so do they. So put features that are missing together next to each other. A check is a few products per cut;
/// what passes for a cut there is looked at by Adwin itself.
///
/// Amortised O(features max_buckets log(W)/clock) per row. 16 (max_buckets + 1) 48 bytes and about 500 more per
/// feature.
template <>
class MonitorBank<Adwin> : public MonitorBankBase {
  public:
    using Monitor = Adwin;
    using Options = AdwinOptions;

    /// The same options for all features. Throws Error(invalid_argument) for no feature, more than 4,194,304 divided by
    /// max_buckets + 1, or an option that Adwin refuses.
    MonitorBank(std::size_t features, const AdwinOptions& options);

    /// Takes the values of all features at one instant; how many features changed. A row of another length than
    /// `features()` is refused whole.
    std::size_t update(std::span<const float> row) noexcept;
    std::size_t update(std::span<const double> row) noexcept;
    /// Takes several rows, oldest first; how many features changed, at one of them or more.
    std::size_t update_rows(const MatrixView<float>& rows) noexcept;
    std::size_t update_rows(const MatrixView<double>& rows) noexcept;

    /// All features as they were made.
    void reset() noexcept;

    /// The same for each feature.
    [[nodiscard]] const AdwinOptions& options(std::size_t = 0) const noexcept { return one_.options(); }
    /// Values in a feature's window, and their mean; 0 while empty.
    [[nodiscard]] std::uint64_t width(std::size_t feature) const noexcept {
        return static_cast<std::uint64_t>(column(0)[feature]);
    }
    [[nodiscard]] double estimate(std::size_t feature) const noexcept {
        return width(feature) == 0 ? 0.0 : column(1)[feature] / column(0)[feature];
    }
    /// The drop of its last change: how many values went (0 while there was none), and their mean.
    [[nodiscard]] std::uint64_t dropped(std::size_t feature) const noexcept { return dropped_[feature]; }
    [[nodiscard]] double dropped_mean(std::size_t feature) const noexcept {
        return dropped_[feature] == 0 ? 0.0 : dropped_total_[feature] / static_cast<double>(dropped_[feature]);
    }
    /// An Adwin that is where the feature's is. Throws Error(invalid_argument) for no feature. Allocates.
    [[nodiscard]] Adwin monitor(std::size_t feature) const;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no such bank writes, Error(unsupported_version).
    [[nodiscard]] static MonitorBank deserialize(std::span<const std::byte> bytes);

  private:
    struct Kernel;
    using MayCut = unsigned (*)(const kernels::AdwinBankView*, std::size_t, const kernels::AdwinBound*) noexcept;

    template <class T>
    std::size_t take(const T* rows, std::size_t row_count, std::ptrdiff_t stride) noexcept;
    template <class T>
    std::size_t take(const MatrixView<T>& rows) noexcept;
    void clear() noexcept;
    [[nodiscard]] std::size_t place(std::size_t feature, std::size_t level, std::size_t slot) const noexcept;
    unsigned find_candidates(std::size_t group, unsigned due, MayCut may_cut) noexcept;
    void check(const kernels::AdwinStop& stop, std::uint64_t row, MayCut may_cut) noexcept;
    void load(std::size_t feature, Adwin& monitor) const noexcept;
    void store(std::size_t feature, const Adwin& monitor) noexcept;
    void find_agreed(std::size_t group) noexcept;

    Adwin one_;  // where a feature is put whose window may have to be cut
    std::size_t slots_;
    std::vector<Line> totals_;
    std::vector<Line> deviations_;
    std::vector<std::uint32_t> counts_of_level_;
    std::vector<std::uint32_t> used_levels_;
    std::vector<std::uint32_t> until_check_;
    std::vector<std::uint32_t> agreed_;
    std::vector<std::uint64_t> dropped_;  // by lane, as all of these
    std::vector<double> dropped_total_;
};

using AdwinBank = MonitorBank<Adwin>;

}  // namespace vedette::inline v0::drift
