// SPDX-License-Identifier: Apache-2.0
// A bank whose kind is chosen by name at run time: what the C interface is built on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/adwin_bank.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/monitor_bank.hpp"

namespace vedette::inline v0::drift {

/// A bank of any kind that there are banks of: adwin, page_hinkley, cusum, ewma_chart, ddm, hddm_a. All that
/// MonitorBank says holds; a call costs one branch besides.
class AnyBank {
  public:
    using Bank = std::variant<AdwinBank, PageHinkleyBank, CusumBank, EwmaChartBank, DdmBank, HddmABank>;

    explicit AnyBank(Bank bank) noexcept : bank_(std::move(bank)) {}

    /// As MonitorBank: how many features changed.
    std::size_t update(std::span<const float> row) noexcept;
    std::size_t update(std::span<const double> row) noexcept;
    std::size_t update_rows(const MatrixView<float>& rows) noexcept;
    std::size_t update_rows(const MatrixView<double>& rows) noexcept;
    void reset() noexcept;

    [[nodiscard]] MonitorKind kind() const noexcept;
    /// What all banks can tell: rows, states, counts, changes.
    [[nodiscard]] const MonitorBankBase& base() const noexcept;
    [[nodiscard]] const Bank& bank() const noexcept { return bank_; }
    /// A monitor that is where the feature's is. Throws Error(invalid_argument) for no feature. Allocates.
    [[nodiscard]] AnyMonitor monitor(std::size_t feature) const;

    /// The bytes of the class itself, which its `deserialize` reads too.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Reads a bank of any kind. Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static AnyBank deserialize(std::span<const std::byte> bytes);

  private:
    Bank bank_;
};

/// Makes a bank of so many features. `options` are texts as make_monitor takes them (without `block` and `thin`): none
/// = all defaults, one = the same for all, else one for each feature; what may differ says MonitorBank. cusum and
/// ewma_chart take each feature's mean and sd, where its options do not name them, from its column of `reference`,
/// whose NaNs are left out; other kinds do not look at it.
///
/// Throws Error: invalid_argument as make_monitor and MonitorBank, for a kind that has no bank, or as many texts as
/// make no sense; dimension_mismatch for a reference of another width; not_enough_data as make_monitor. What concerns
/// one feature names it.
AnyBank make_bank(MonitorKind kind, std::size_t features, std::span<const std::string_view> options = {},
                  const MatrixView<double>& reference = {});
AnyBank make_bank(std::string_view kind, std::size_t features, std::span<const std::string_view> options = {},
                  const MatrixView<double>& reference = {});

}  // namespace vedette::inline v0::drift
