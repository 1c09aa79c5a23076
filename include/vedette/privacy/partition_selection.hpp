// SPDX-License-Identifier: Apache-2.0
// Which categories may be told at all: the rule that tells the most of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/secure_random.hpp"

namespace vedette::inline v0::privacy {

struct SelectedPartitions {
    std::vector<std::string> names;  ///< by their bytes
    Guarantee spent{};
};

/// Optimal partition selection (Desfontaines, Voss, Gipson and Mandayam 2022): a category with n users is told with the
/// largest probability that any (epsilon, delta)-private rule can give it, pi(n + 1) = min(e^eps pi(n) + delta,
/// 1 - e^-eps (1 - pi(n) - delta), 1), pi(0) = 0. A user who counts in up to k categories has epsilon / k and
/// 1 - (1 - delta)^(1 / k) in each. It tells names alone; counts are another release. More categories pass than
/// ThresholdedHistogram's, which tells counts, too, lets pass at the same loss. Probabilities are rounded so that the
/// inequalities hold, and coins fall with exactly the probability that is kept. Adding or removing a user. Immutable,
/// safe for concurrent use.
class PartitionSelection {
  public:
    static constexpr double least_epsilon = 1e-3;
    static constexpr double least_delta = 1e-290;

    /// Throws invalid_argument for a unit with replace_one or more than one row per category, an epsilon per category
    /// outside [0.001, 700], or a delta per category below 1e-290.
    PartitionSelection(const PrivacyUnit& unit, Epsilon epsilon, Delta delta);

    /// With how many users a category is told with which probability; 1 beyond the last.
    [[nodiscard]] double probability(std::uint64_t users) const noexcept;
    /// With so many users a category is told for sure.
    [[nodiscard]] std::uint64_t certain() const noexcept { return rarer_.size(); }

    /// Pays, then tells. Each row of a unit that is a record is another user's: give categories with their counts; of a
    /// unit that is a user, give Contributions. Throws dimension_mismatch for Contributions of another unit, what the
    /// budget throws, and io_error without entropy.
    [[nodiscard]] SelectedPartitions release(const std::map<std::string, std::uint64_t, std::less<>>& users,
                                             ReleaseBudget& budget, detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] SelectedPartitions release(const Contributions& rows, ReleaseBudget& budget,
                                             detail::Keystream* keystream = nullptr) const;

  private:
    SelectedPartitions select(const std::map<std::string, std::uint64_t, std::less<>>& users, ReleaseBudget& budget,
                              detail::Keystream* keystream) const;

    PrivacyUnit unit_;
    Epsilon epsilon_;
    Delta delta_;
    std::vector<double> rarer_;  // by users: that it is told, and from turn_ on that it is not
    std::size_t turn_ = 0;
};

}  // namespace vedette::inline v0::privacy
