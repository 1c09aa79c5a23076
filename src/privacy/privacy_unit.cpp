// SPDX-License-Identifier: Apache-2.0
// Checks of a unit's limit.
#include "vedette/privacy/privacy_unit.hpp"

#include <fmt/format.h>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

PrivacyUnit PrivacyUnit::record(Neighbouring neighbouring) {
    return {false, neighbouring, {}};
}

PrivacyUnit PrivacyUnit::user(Neighbouring neighbouring, const ContributionLimit& limit) {
    if (limit.partitions == 0 || limit.rows == 0 || limit.partitions > most_rows || limit.rows > most_rows ||
        limit.partitions * limit.rows > most_rows)
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("limit is {} partitions of {} rows: each must be at least 1, their product at most 2^20",
                        limit.partitions, limit.rows));
    return {true, neighbouring, limit};
}

}  // namespace vedette::inline v0::privacy
