// SPDX-License-Identifier: Apache-2.0
// The rows that count: of each user no more than the limit, whatever the others do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vedette/privacy/privacy_unit.hpp"

namespace vedette::inline v0::privacy {

/// Which of a user's rows count when there are more than may. Either way the choice depends on that user's rows alone,
/// so that a user who comes or goes moves nobody else's.
enum class ContributionChoice : std::uint8_t {
    first,   ///< in the order in which they were added: repeatable, but early rows speak for all
    random,  ///< in an order drawn by the secure generator: each row as likely as any other of that user
};

/// Rows with their users, limited: `Contributions` of one value each, `PairContributions` of two,
/// `DecisionContributions` of a decision and its label; `TableContributions` of two categories. The rule: take the
/// user's rows in the order of the choice; the first `partitions` different partitions count, and of each of them the
/// first `rows` rows. Parts merge under the same rule, so that the limit holds for users who are in many parts; with
/// one row per partition, or one partition for all rows, merging gives exactly what limiting all at once gives,
/// otherwise a part may have dropped rows that would have counted. What it holds is not private. Memory grows with
/// users x limit. Not thread-safe: one per thread.
template <class Value>
class LimitedRows {
  public:
    /// Throws invalid_argument for a unit that is a record, where there is nothing to limit.
    explicit LimitedRows(const PrivacyUnit& unit, ContributionChoice choice = ContributionChoice::first);

    /// One row. A NaN is a row whose value is missing. O(limit). Throws io_error if the operating system gives no
    /// entropy for a random choice, overflow beyond 2^32 - 1 partitions; nothing has changed then.
    void add(std::string_view user, Value value = {}, std::string_view partition = {});
    /// The other's rows come after these. Throws dimension_mismatch for another unit or choice.
    void merge(const LimitedRows& other);

    [[nodiscard]] const PrivacyUnit& unit() const noexcept { return unit_; }
    [[nodiscard]] ContributionChoice choice() const noexcept { return choice_; }
    /// NOT private: the true numbers of users, and of rows that count.
    [[nodiscard]] std::size_t users() const noexcept { return users_.size(); }
    [[nodiscard]] std::size_t rows() const noexcept;

    /// visit(value, partition) for every row that counts, in no order.
    template <class Visit>
    void for_each(Visit visit) const {
        for_each_by_user([] {}, visit);
    }
    /// The same, user by user: next() before each user's rows, which are in the order of the choice.
    template <class Next, class Visit>
    void for_each_by_user(Next next, Visit visit) const {
        for (const auto& [user, rows] : users_) {
            next();
            for (const Row& row : rows) visit(row.value, std::string_view(partitions_[row.partition]));
        }
    }

  private:
    struct Row {
        std::uint64_t rank;  // rows of a user are in this order
        Value value;
        std::uint32_t partition;
    };

    std::uint32_t partition_number(std::string_view name);
    void insert(std::vector<Row>& rows, const Row& row) const;

    PrivacyUnit unit_;
    ContributionChoice choice_;
    std::uint64_t next_rank_ = 0;
    std::unordered_map<std::string, std::vector<Row>> users_;
    std::vector<std::string> partitions_;
    std::unordered_map<std::string, std::uint32_t> partition_numbers_;
};

/// A row of two columns, each NaN where its value is missing.
struct ValuePair {
    double x = 0.0, y = 0.0;
};

/// What was decided about a row, and what would have been right.
struct Outcome {
    bool decision = false, label = false;
};

extern template class LimitedRows<double>;
extern template class LimitedRows<ValuePair>;
extern template class LimitedRows<Outcome>;

using Contributions = LimitedRows<double>;
using PairContributions = LimitedRows<ValuePair>;
/// The partitions are the groups.
using DecisionContributions = LimitedRows<Outcome>;

/// Rows of two categories: the partitions are the cells of their two-way table.
class TableContributions {
  public:
    /// All as LimitedRows.
    explicit TableContributions(const PrivacyUnit& unit, ContributionChoice choice = ContributionChoice::first)
        : rows_(unit, choice) {}

    void add(std::string_view user, std::string_view row, std::string_view column) {
        rows_.add(user, 0.0, cell_name(row, column));
    }
    void merge(const TableContributions& other) { rows_.merge(other.rows_); }
    [[nodiscard]] const PrivacyUnit& unit() const noexcept { return rows_.unit(); }
    [[nodiscard]] ContributionChoice choice() const noexcept { return rows_.choice(); }
    /// NOT private.
    [[nodiscard]] std::size_t users() const noexcept { return rows_.users(); }
    [[nodiscard]] std::size_t rows() const noexcept { return rows_.rows(); }

    /// visit(row, column) for every row that counts, user by user: next() before each user's rows.
    template <class Next, class Visit>
    void for_each_by_user(Next next, Visit visit) const {
        rows_.for_each_by_user(next, [&](double, std::string_view cell) {
            const auto [row, column] = names_of(cell);
            visit(row, column);
        });
    }

  private:
    // Both names as one: the length of the first, a colon, and both.
    static std::string cell_name(std::string_view row, std::string_view column);
    static std::pair<std::string_view, std::string_view> names_of(std::string_view cell) noexcept;

    Contributions rows_;
};

}  // namespace vedette::inline v0::privacy
