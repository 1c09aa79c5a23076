// SPDX-License-Identifier: Apache-2.0
// Hints that a training table gives its label away: columns that tell it, copies, row numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

enum class LeakageKind : std::uint8_t {
    label_copy,   ///< holds the label, value by value
    tells_label,  ///< alone foretells the label almost perfectly
    nulls_tell,   ///< that alone where it is null and where not foretells the label so well
    duplicate,    ///< holds another column, value by value
    identifier,   ///< whole numbers or texts of which none comes twice: a row's number or name
};

struct LeakageOptions {
    /// A column tells the label where the lower bound of its gain is at least this; in (0, 1].
    double minimum_gain = 0.9;
    /// Of all lower bounds of a report at once, in (0, 1).
    double confidence = 0.95;
    /// Numbers of more different values are cut into so many cells of about equal mass; 2 to 4096. A label of more than
    /// 20 different numbers is cut into ten.
    std::uint32_t cells = 64;
    std::uint64_t minimum_rows = 100;  ///< with a label; fewer are refused. At least 20
};

struct LeakageHint {
    LeakageKind kind = LeakageKind::tells_label;
    std::string column;
    std::string other;  ///< of duplicates: the earlier column
    /// Of what tells the label: Goodman and Kruskal's (1954) lambda out of fold, (accuracy - base) / (1 - base), and
    /// its lower bound. The rows fall into two halves; in each cell of the column the commonest label of the one half
    /// is the guess for the other. `base` is the commonest label's share.
    double gain = 0.0;
    double lower = 0.0;
    double base = 0.0;
    std::uint64_t rows = 0;  ///< that count: with a label; of identifiers and duplicates with a value
};

struct LeakageReport {
    std::uint64_t rows = 0;          ///< with a label
    std::uint64_t labels = 0;        ///< different ones, or ten cells
    std::vector<LeakageHint> hints;  ///< by column in the table's order, then kind
};

/// Looks at every column but `label`. The bound: given one half, hits in the other are binomial, so that the mean of
/// Clopper and Pearson's lower limits of both halves bounds the mean accuracy of the two rules; all limits hold
/// together with `confidence` (Bonferroni), for independent rows. Numbers are compared as doubles; null and NaN are a
/// cell. One column at a time: what two tell together is not found, nor is a cause told from a leak. Throws
/// Error(invalid_argument) for a label that is no column or has one value alone and options out of range,
/// Error(not_enough_data) for too few rows. O(columns x rows x log rows) time, O(columns + rows) memory. The same
/// answer for the same table.
[[nodiscard]] LeakageReport find_leakage(const Table& table, std::string_view label,
                                         const LeakageOptions& options = {});

[[nodiscard]] const char* leakage_kind_name(LeakageKind kind) noexcept;
/// One line, e.g. `column "paid_at": tells_label: gain 0.99, at least 0.97`. No value of the data.
[[nodiscard]] std::string describe(const LeakageHint& hint);
[[nodiscard]] std::string to_json(const LeakageReport& report);

}  // namespace vedette::inline v0::validation
