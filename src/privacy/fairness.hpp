// SPDX-License-Identifier: Apache-2.0
// From the noised cells of groups and outcomes to rates and their differences.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vedette/privacy/group_rates.hpp"

namespace vedette::inline v0::privacy {

/// What each cell of a GroupRatesPartial may miss, for all of a report to miss `alpha` at most together.
double share_of_cell(double alpha, std::size_t groups) noexcept;

/// `cells` as in GroupRatesPartial::counts, each with its interval.
FairnessRelease fairness_of(const std::vector<std::string>& groups, std::span<const Release> cells,
                            const Guarantee& spent, double rho);

}  // namespace vedette::inline v0::privacy
