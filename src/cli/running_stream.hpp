// SPDX-License-Identifier: Apache-2.0
// A running count over several runs: paid for once, its state saved before anything of it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "release_kinds.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/correlated_count.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::cli {

/// What a running total is made of: equal in all runs of a stream.
struct RunningTerms {
    privacy::PrivacyUnit unit;
    privacy::ReleaseLoss loss;
    privacy::CountFactor factor;  ///< of no meaning for a pure loss
    std::uint64_t horizon;
    stats::Confidence confidence;
};

/// A running total of either kind.
class RunningCount {
  public:
    /// Pays for the whole stream.
    RunningCount(const RunningTerms& terms, privacy::ReleaseBudget& budget);
    /// From `to_bytes`. Throws Error(corrupt_data).
    RunningCount(bool is_tree, std::span<const std::byte> bytes);

    privacy::Release step(std::uint64_t rows) { return tree_ ? tree_->step(rows) : correlated_->step(rows); }
    [[nodiscard]] std::uint64_t steps() const noexcept { return tree_ ? tree_->steps() : correlated_->steps(); }
    [[nodiscard]] const char* noise() const noexcept;
    /// NOT private.
    [[nodiscard]] std::vector<std::byte> to_bytes() const {
        return tree_ ? tree_->to_bytes() : correlated_->to_bytes();
    }

  private:
    std::optional<privacy::ContinualCount> tree_;
    std::optional<privacy::CorrelatedCount> correlated_;
};

/// A total after a step, with a name.
struct RunningTotal {
    std::string step;
    double value = 0.0;
    Interval interval;
};

/// A stream and what is saved of it. Every save comes before what it allows:
///   1. "unpaid", with the ledger's length: nothing of the stream is in the ledger yet;
///   2. the ledger's reservation of the whole cost, which stays open as long as the stream goes on;
///   3. "paid", with the number of the reservation;
///   4. the totals of a run, and the mechanism after them; only then they may be told.
/// So whenever a process dies: what was told was paid (4 after 3 after 2); and none pays twice, since a stream that
/// finds "unpaid" and a reservation that came after it refuses until somebody has settled that one. A run that died
/// between 4 and telling is run again: the same steps are answered with what was saved, not drawn anew. A reservation
/// that was closed by hand ends the stream: whether its cost was given back is not known then.
class RunningStream {
  public:
    /// `saved`: what `save` was last given, or nothing. Throws InputError for what belongs to other terms or another
    /// account, and where a reservation is in doubt; what the budget throws.
    RunningStream(const RunningTerms& terms, const std::optional<std::vector<std::byte>>& saved,
                  std::function<void(std::span<const std::byte>)> save, Payment& budget);

    /// The totals after further steps, of so many rows each; those of the last run if the steps are called like its
    /// own. Throws InputError where some are, or for more steps than are left.
    std::vector<RunningTotal> run(const std::vector<std::string>& steps, std::span<const std::uint64_t> rows);

    [[nodiscard]] bool was_paid() const noexcept { return was_paid_; }
    [[nodiscard]] std::uint64_t steps() const noexcept { return count_->steps(); }
    [[nodiscard]] const char* noise() const noexcept { return count_->noise(); }

  private:
    void load(std::span<const std::byte> saved, const Payment& budget);
    void save_all();

    std::string terms_;  // as text, account included
    std::uint64_t horizon_;
    bool is_tree_;
    std::function<void(std::span<const std::byte>)> save_;
    std::uint64_t before_ = 0;       // records of the ledger before the stream
    std::uint64_t reservation_ = 0;  // 0: unpaid
    std::optional<RunningCount> count_;
    std::vector<RunningTotal> told_;  // of the last run
    bool was_paid_ = false;
};

}  // namespace vedette::inline v0::cli
