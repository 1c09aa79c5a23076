// SPDX-License-Identifier: Apache-2.0
// A fairness report under differential privacy: rates of a classifier's decisions by group, and how far they lie apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/privacy/histogram.hpp"

namespace vedette::inline v0::privacy {

/// A rate with its interval; NaN and [0, 1] where no row seems to be.
struct NoisyRate {
    double value = 0.0;
    Interval interval{0.0, 1.0};
};

struct GroupRates {
    std::string group;  ///< empty for all other groups together
    Release rows{};
    NoisyRate selection;       ///< positive decisions of all
    NoisyRate true_positive;   ///< positive decisions of positive labels (recall)
    NoisyRate false_positive;  ///< positive decisions of negative labels
};

struct FairnessRelease {
    std::vector<GroupRates> groups;  ///< in the order given, then all others
    /// The largest less the smallest rate of the groups given (Hardt, Price and Srebro 2016; the first: demographic
    /// parity). The intervals hold the differences of the exact rates.
    NoisyRate parity_difference;       ///< of selection
    NoisyRate opportunity_difference;  ///< of true_positive
    NoisyRate odds_difference;         ///< the larger of those of true_positive and false_positive
    Guarantee spent{};
    double rho = 0.0;  ///< as Release::rho
};

/// Decisions counted by group and label; not private. Merges as any partial state.
class GroupRatesPartial {
  public:
    /// Throws invalid_argument for no group, or one that is listed twice.
    explicit GroupRatesPartial(std::vector<std::string> groups,
                               const PrivacyUnit& unit = PrivacyUnit::record(Neighbouring::add_remove));

    /// Of the rows that count. All groups that are not listed are one: limit.rows of a user's rows count there at most.
    GroupRatesPartial(std::vector<std::string> groups, const DecisionContributions& counted);

    /// A record. Throws invalid_argument under a unit that is a user, overflow beyond 2^62 rows.
    void add(std::string_view group, bool decision, bool label, std::uint64_t rows = 1);
    void merge(const GroupRatesPartial& other) { counts_.merge(other.counts_); }
    [[nodiscard]] const std::vector<std::string>& groups() const noexcept { return counts_.row_names(); }
    /// Five cells of each group and of all others: no decision and label, label alone, decision alone, both, and one
    /// that stays empty. NOT private.
    [[nodiscard]] const ContingencyPartial& counts() const noexcept { return counts_; }

  private:
    ContingencyPartial counts_;
};

/// Rates of groups that are listed beforehand. The four counts of each group are noised as one two-way table, so that
/// the loss is spent once; all intervals of a report hold together at the confidence (Bonferroni). A group's size is
/// told with noise, too. Under a unit that is a user, the partitions are the groups: at most limit.rows of a user's
/// decisions count in each of at most limit.partitions groups. Immutable, safe for concurrent use.
class PrivateGroupRates {
  public:
    /// Errors as PrivateContingencyTable.
    PrivateGroupRates(const PrivacyUnit& unit, std::vector<std::string> groups, const ReleaseLoss& loss,
                      const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] GroupRatesPartial partial() const { return empty_; }
    /// Throws dimension_mismatch for rows of another unit.
    [[nodiscard]] GroupRatesPartial partial(const DecisionContributions& rows) const;
    /// Of the noise on each count, or sigma.
    [[nodiscard]] double scale() const noexcept { return table_.scale(); }
    [[nodiscard]] FairnessRelease release(const GroupRatesPartial& partial, ReleaseBudget& budget,
                                          detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] FairnessRelease release(const DecisionContributions& rows, ReleaseBudget& budget,
                                          detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

  private:
    GroupRatesPartial empty_;
    PrivateContingencyTable table_;
};

}  // namespace vedette::inline v0::privacy
