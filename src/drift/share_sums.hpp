// SPDX-License-Identifier: Apache-2.0
// The sums of all divergences over two vectors of shares.
#pragma once

#include <span>
#include <vector>

#include "vedette/drift/divergences.hpp"

namespace vedette::inline v0::drift {

/// In nats, of shares as they are: Kullback-Leibler and Jensen-Shannon are defined where both sum to 1.
Divergences sum_shares(std::span<const double> reference, std::span<const double> live);

void divide_by_total(std::vector<double>& shares);

}  // namespace vedette::inline v0::drift
