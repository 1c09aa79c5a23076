// SPDX-License-Identifier: Apache-2.0
// Banks: the same monitor for each of thousands of features, updated side by side in vectors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/monitor.hpp"
#include "vedette/drift/page_hinkley.hpp"

namespace vedette::inline v0::kernels {
struct BankView;
}

namespace vedette::inline v0::drift {

struct MonitorCodec;

/// What all banks have in common: what they have seen, and which features changed.
class MonitorBankBase {
  public:
    [[nodiscard]] std::size_t features() const noexcept { return features_; }
    /// Rows taken since the bank was made or reset.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    /// Rows refused whole, for their length; no monitor has seen them.
    [[nodiscard]] std::uint64_t refused_rows() const noexcept { return refused_rows_; }

    /// The features that changed in the last call of `update` or `update_rows`, as a bit map: bit i % 8 of byte i / 8
    /// is feature i, as in the validity maps of Arrow. Empty right after `deserialize`.
    [[nodiscard]] std::span<const std::uint8_t> changed() const noexcept { return changed_; }
    /// Calls visit(feature) for each of them, in order.
    template <class Visit>
    void for_each_changed(Visit&& visit) const {
        for (std::size_t byte = 0; byte < changed_.size(); ++byte)
            for (unsigned bit = 0; changed_[byte] >> bit != 0; ++bit)
                if ((changed_[byte] >> bit & 1) != 0) visit(8 * byte + bit);
    }
    /// How many they are.
    [[nodiscard]] std::size_t changed_count() const noexcept;

    /// What the last row said of a feature. Features from 0 to `features()` - 1 here and below.
    [[nodiscard]] MonitorState state(std::size_t feature) const noexcept;
    [[nodiscard]] MonitorCounts counts(std::size_t feature) const noexcept;
    /// `rows()` at the row with which the feature changed last; 0 if it never did.
    [[nodiscard]] std::uint64_t last_change(std::size_t feature) const noexcept { return last_change_[feature]; }

  protected:
    struct alignas(64) Line {
        double values[8] = {};
    };
    MonitorBankBase(const char* name, std::size_t features, std::size_t columns, std::size_t parameters);
    void forget() noexcept;
    std::size_t refuse(std::size_t rows) noexcept;
    /// What a file says of a feature's counts and state.
    [[nodiscard]] std::vector<std::uint64_t> counts_of(std::size_t i, bool pending) const;
    void restore_counts(std::size_t i, const MonitorCodec& file, bool refuses = false);
    [[nodiscard]] bool is_begun(std::size_t i) const noexcept;
    [[nodiscard]] kernels::BankView view() noexcept;
    /// Rows whose values are no neighbours, one by one; what changed at any of them is collected.
    template <class T, class Take>
    std::size_t take_columns(const MatrixView<T>& rows, Take&& take) noexcept {
        std::fill(collected_.begin(), collected_.end(), std::uint8_t{0});
        for (std::size_t r = 0; r < rows.rows(); ++r) {
            for (std::size_t i = 0; i < features_; ++i) gathered_[i] = static_cast<double>(rows(r, i));
            take(gathered_.data());
            for (std::size_t k = 0; k < collected_.size(); ++k) collected_[k] |= changed_[k];
        }
        changed_.swap(collected_);
        return changed_count();
    }
    // Lines lie end to end: their values are one array.
    [[nodiscard]] double* column(std::size_t i) noexcept {
        return reinterpret_cast<double*>(columns_.data()) + i * stride();
    }
    [[nodiscard]] const double* column(std::size_t i) const noexcept {
        return reinterpret_cast<const double*>(columns_.data()) + i * stride();
    }
    [[nodiscard]] double* parameter(std::size_t i) noexcept {
        return reinterpret_cast<double*>(parameters_.data()) + i * stride();
    }
    [[nodiscard]] std::size_t stride() const noexcept { return 8 * changed_.size(); }

    std::size_t features_;
    std::uint64_t rows_ = 0;
    std::uint64_t refused_rows_ = 0;
    bool uniform_ = true;  // all features have the same options
    std::vector<double> settings_;
    std::vector<Line> parameters_;
    std::vector<Line> columns_;
    std::vector<Line> skipped_;
    std::vector<double> skipped_by_all_;  // of each block of features; NaN where they differ, or may
    std::vector<std::uint8_t> begins_;
    std::vector<std::uint8_t> changing_;
    std::vector<std::uint8_t> warned_;
    std::vector<std::uint8_t> changed_;
    std::vector<std::uint64_t> nan_;
    std::vector<std::uint64_t> infinite_;
    std::vector<std::uint64_t> refused_;
    std::vector<std::uint64_t> changes_;
    std::vector<std::uint64_t> last_change_;
    std::vector<double> gathered_;  // a row whose values are not neighbours
    std::vector<std::uint8_t> collected_;
};

/// As many monitors M as there are features: PageHinkley, Cusum, EwmaChart or, of streams of errors, Ddm and HddmA.
/// Feature i behaves, to the last bit of
/// statistics, states and counts, on every instruction set, as an M would that is fed its values one by one;
/// `monitor(i)` is that M. All rules of MonitorBase hold: a NaN or an infinity in a row changes nothing but the counts
/// of its own feature.
///
/// Rows are of float or double; all arithmetic is of double. `update_rows` keeps statistics in registers for four rows
/// at a time: take it where rows come in batches. O(features) per row. Per feature, besides about 56 bytes of counts:
/// 64 bytes (PageHinkley), 32 (Cusum, EwmaChart), 48 (Ddm), 80 (HddmA).
template <class M>
class MonitorBank : public MonitorBankBase {
  public:
    using Monitor = M;
    using Options = std::remove_cvref_t<decltype(std::declval<const M&>().options())>;

    /// The same options for all features. Throws Error(invalid_argument) for no feature, more than 16,777,216, or an
    /// option that M refuses.
    MonitorBank(std::size_t features, const Options& options);
    /// The options of each feature. They may differ in what depends on its unit alone, and throw
    /// Error(invalid_argument) where another differs: delta and threshold of PageHinkley, mean and sd of Cusum and
    /// EwmaChart, both levels of Ddm, both confidences of HddmA. Updates read them, so that equal ones are a little
    /// quicker.
    explicit MonitorBank(std::span<const Options> options);

    /// Takes the values of all features at one instant; how many features changed. A row of another length than
    /// `features()` is refused whole.
    std::size_t update(std::span<const float> row) noexcept;
    std::size_t update(std::span<const double> row) noexcept;
    /// Takes several rows, oldest first; how many features changed, at one of them or more (`counts`, `last_change`).
    std::size_t update_rows(const MatrixView<float>& rows) noexcept;
    std::size_t update_rows(const MatrixView<double>& rows) noexcept;

    /// All features as they were made.
    void reset() noexcept;

    [[nodiscard]] const Options& options(std::size_t feature) const noexcept {
        return options_[options_.size() == 1 ? 0 : feature];
    }
    /// A monitor that is where the feature's is. Throws Error(invalid_argument) for no feature. Allocates.
    [[nodiscard]] M monitor(std::size_t feature) const;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no such bank writes, Error(unsupported_version).
    [[nodiscard]] static MonitorBank deserialize(std::span<const std::byte> bytes);

  private:
    template <class T>
    std::size_t take(const T* rows, std::size_t row_count, std::ptrdiff_t stride) noexcept;
    template <class T>
    std::size_t take(const MatrixView<T>& rows) noexcept;
    void clear() noexcept;
    [[nodiscard]] MonitorCodec lists_of(std::size_t i) const;
    void restore(std::size_t i, const MonitorCodec& file);

    std::vector<Options> options_;  // one, or one of each feature
};

using PageHinkleyBank = MonitorBank<PageHinkley>;
using CusumBank = MonitorBank<Cusum>;
using EwmaChartBank = MonitorBank<EwmaChart>;
using DdmBank = MonitorBank<Ddm>;
using HddmABank = MonitorBank<HddmA>;

extern template class MonitorBank<PageHinkley>;
extern template class MonitorBank<Cusum>;
extern template class MonitorBank<EwmaChart>;
extern template class MonitorBank<Ddm>;
extern template class MonitorBank<HddmA>;

}  // namespace vedette::inline v0::drift
