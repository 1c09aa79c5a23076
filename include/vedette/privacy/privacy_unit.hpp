// SPDX-License-Identifier: Apache-2.0
// Whom a release protects, and how much of the data can be theirs.
#pragma once

#include <cstdint>

#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// How much of one user's data counts: at most `rows` rows in each of at most `partitions` partitions (categories,
/// days, shops; without partitions there is one). Chosen without looking at the data.
struct ContributionLimit {
    std::uint64_t partitions = 1;
    std::uint64_t rows = 1;

    friend bool operator==(const ContributionLimit&, const ContributionLimit&) = default;
};

/// What neighbouring data sets differ in: a record, or everything that one user has in them. Immutable.
class PrivacyUnit {
  public:
    static constexpr std::uint64_t most_rows = std::uint64_t{1} << 20U;

    /// Every record belongs to someone else. With `replace_one` the number of records is public.
    static PrivacyUnit record(Neighbouring neighbouring);
    /// A user has any number of records, of which `Contributions` lets the limit count. With `replace_one` the users'
    /// number is public, but not that of their records. Throws invalid_argument unless partitions and rows are at
    /// least 1 and their product at most 2^20.
    static PrivacyUnit user(Neighbouring neighbouring, const ContributionLimit& limit);

    [[nodiscard]] bool is_user() const noexcept { return is_user_; }
    [[nodiscard]] Neighbouring neighbouring() const noexcept { return neighbouring_; }
    [[nodiscard]] const ContributionLimit& limit() const noexcept { return limit_; }
    /// Rows that one unit has at most.
    [[nodiscard]] std::uint64_t rows() const noexcept { return limit_.partitions * limit_.rows; }
    /// Whether the number of rows is the same for all neighbours, so that it may be told.
    [[nodiscard]] bool knows_rows() const noexcept { return !is_user_ && neighbouring_ == Neighbouring::replace_one; }
    /// By how much all counts of disjoint categories together can change (in the L1 norm).
    [[nodiscard]] std::uint64_t counts_sensitivity() const noexcept {
        return rows() * (neighbouring_ == Neighbouring::replace_one ? 2U : 1U);
    }

    /// The square of the same in Euclid's norm: limit.rows in each of limit.partitions counts, or of twice as many.
    [[nodiscard]] std::uint64_t counts_l2_squared() const noexcept { return counts_sensitivity() * limit_.rows; }

    /// The same of counts that are not by partition, so that all of a unit's rows may fall into one.
    [[nodiscard]] std::uint64_t values_l2_squared() const noexcept { return counts_sensitivity() * rows(); }

    friend bool operator==(const PrivacyUnit&, const PrivacyUnit&) = default;

  private:
    PrivacyUnit(bool is_user, Neighbouring neighbouring, const ContributionLimit& limit)
        : is_user_(is_user), neighbouring_(neighbouring), limit_(limit) {}

    bool is_user_;
    Neighbouring neighbouring_;
    ContributionLimit limit_;
};

}  // namespace vedette::inline v0::privacy
