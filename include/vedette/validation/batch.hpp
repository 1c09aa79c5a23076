// SPDX-License-Identifier: Apache-2.0
// A schema held against a whole table: every value, and what only many rows can tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/validation/list_column.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0::validation {

struct BatchOptions {
    /// How many rows each finding names, from the first. Their values are never told.
    std::size_t offenders = 5;
    bool bitmaps = false;  ///< each finding tells all its rows
    /// Texts stand for numbers, as in a CSV file: those of a numeric feature are read before they are judged, integers
    /// exactly, "true" and "false" of any ASCII case as 1 and 0; one that is no number fails `type`.
    bool read_texts = false;
    double confidence = 0.95;  ///< of the intervals of rates
};

/// One check of one feature that failed somewhere in the batch.
struct BatchFinding {
    /// feature_count() for a column that the schema does not know. Of `Check::expression`: feature_count() + its index.
    std::uint32_t feature = 0;
    Check check = Check::missing;
    /// `none` for values outside a domain that are within its tolerated mass.
    Severity severity = Severity::none;
    std::uint64_t count = 0;               ///< rows that failed it; of `presence` and `count`: rows without a value
    Interval rate{};                       ///< of count / rows (Clopper and Pearson)
    std::vector<std::uint64_t> offenders;  ///< the first of those rows, ascending
    /// Bit i % 8 of byte i / 8 tells that row i failed (as Arrow's bitmaps); empty unless asked for.
    std::vector<std::uint8_t> bitmap;
};

/// Values of one feature that were changed in one way, see `TableRepair`.
struct BatchRepair {
    std::uint32_t feature = 0;
    Repair how = Repair::clamp;
    CheckSet failed = 0;                   ///< what they failed as they came, all together
    std::uint64_t count = 0;               ///< rows
    Interval rate{};                       ///< of count / rows (Clopper and Pearson)
    std::vector<std::uint64_t> offenders;  ///< the first of those rows, ascending
};

/// The judgement of one batch.
struct BatchReport {
    std::uint64_t rows = 0;
    std::uint64_t failed_rows = 0;  ///< rows with an error in a value
    Severity severity = Severity::none;
    std::vector<BatchFinding> findings;  ///< in order of features, expressions and checks
    /// Of each feature, then of each expression: what the schema asks but a table cannot answer.
    std::vector<CheckSet> not_evaluated;
    std::vector<std::string> unexpected;          ///< columns that the schema does not know, in the table's order
    std::vector<std::uint8_t> failed_row_bitmap;  ///< as BatchFinding::bitmap, of failed_rows; empty unless asked for
    /// Of a `TableRepair`'s report: what was changed before the table was judged, in order of features.
    std::vector<BatchRepair> repairs;

    [[nodiscard]] bool is_valid() const noexcept { return severity != Severity::error; }
};

/// Holds the features of `rules` against the columns of their names. Each value is judged as `Validator::check` judges
/// it in a row: numbers and 64-bit integers exactly, texts, a null where the validity says so. A feature with a `dtype`
/// also fails `type` in every row of a column of another type. Then the whole column:
/// - a required feature without a column is `missing` in every row; another is left alone. A column that the schema
///   does not know is `unexpected`, an error.
/// - `presence` and `count`: too small a share, or number, of rows hold a value. An empty batch has no share too small.
/// - `unique`: every row that repeats the value of an earlier one; nulls and NaN repeat nothing, -0 repeats 0.
/// - `monotonic`: every row out of order with the last value before it; nulls and NaN are passed over.
/// - `domain` with a tolerated mass: an error (or what the schema's severity says) once more than that share of the
///   values, nulls left out, lies outside; until then of severity `none`.
/// - `expression`: every row for which an expression is false, as `Validator::validate` finds it of the row's values;
///   of a column that is not there it knows nothing.
/// A feature that is not in production is not evaluated. Numbers of features are compared as doubles, or exactly where
/// the column holds integers; texts byte by byte.
/// Throws Error(invalid_argument) for a confidence outside (0, 1). O(values), and O(n log n) for `unique`; memory: a
/// bit per row and failing check, and with `unique` a copy of the column's values, one column at a time.
[[nodiscard]] BatchReport validate_batch(const Validator& rules, const Table& table, const BatchOptions& options = {});

/// The same with columns of lists. Every value in a row's list is judged as a value of a row, a null among them as a
/// null; the row fails what one of them fails, and:
/// - `nestedness`: the feature has `valency` for another number of levels; else `few_values` and `many_values` where a
///   list of a level holds fewer or more than the level's. Without `valency` any number of levels and values will do.
/// - `shape`: of a feature with a shape, its dimensions are the numbers of values, a level each.
/// - a list that is null is a null of its row, and an empty one a row that holds a value.
/// `domain` with a tolerated mass counts values, not rows. `unique` and `monotonic` are not evaluated of lists, and
/// expressions know nothing of them. Throws as `check_lists`, too.
[[nodiscard]] BatchReport validate_batch(const Validator& rules, const NestedTable& table,
                                         const BatchOptions& options = {});

class TableStatistics;
class TableRepair;

/// The same, and the table counted into `statistics` as TableStatistics::update counts it, bit for bit: the numbers of
/// a column are judged and counted tile by tile while they are in the first cache. Throws as TableStatistics::update,
/// too; nothing is counted then.
[[nodiscard]] BatchReport validate_batch(const Validator& rules, const Table& table, TableStatistics& statistics,
                                         const BatchOptions& options = {});
[[nodiscard]] BatchReport validate_batch(const Validator& rules, const NestedTable& table, TableStatistics& statistics,
                                         const BatchOptions& options = {});

/// A table that comes in parts, such as a stream of record batches, held against a schema as if it were whole: the
/// report of all parts is that of one table with their rows. A part may lack columns: its rows have no value there, and
/// of a required feature they are `missing`. Not safe for concurrent use.
class BatchStream {
  public:
    /// Throws Error(invalid_argument) for a confidence outside (0, 1).
    explicit BatchStream(const Validator& rules, const BatchOptions& options = {});
    ~BatchStream();
    BatchStream(BatchStream&&) noexcept;
    BatchStream& operator=(BatchStream&&) noexcept;

    /// Judges one part, which is not needed any more afterwards: of `unique` features the values are copied. Throws
    /// Error(type_mismatch) for a column of a feature that had another element type before; nothing is judged then.
    void add(const Table& table);
    void add(const NestedTable& table);
    /// And counts it into `statistics`; throws as TableStatistics::update, too.
    void add(const Table& table, TableStatistics& statistics);
    void add(const NestedTable& table, TableStatistics& statistics);
    /// Repairs a part and judges what it is then, as TableRepair::report: the report's `repairs` are of all parts, as
    /// of one table. What is returned tells rows of the part, and needs the part's memory. Throws as `add` and as
    /// TableRepair; nothing is judged then.
    TableRepair repair(const Table& table);
    TableRepair repair(const NestedTable& table);
    [[nodiscard]] std::uint64_t rows() const noexcept;
    /// The report of all parts; after that the stream is as new.
    [[nodiscard]] BatchReport finish();

  private:
    friend BatchReport validate_batch(const Validator& rules, const Table& table, const BatchOptions& options);
    friend BatchReport validate_batch(const Validator& rules, const Table& table, TableStatistics& statistics,
                                      const BatchOptions& options);
    friend BatchReport validate_batch(const Validator& rules, const NestedTable& table, const BatchOptions& options);
    friend BatchReport validate_batch(const Validator& rules, const NestedTable& table, TableStatistics& statistics,
                                      const BatchOptions& options);
    struct State;
    void judge(const Table& table, std::span<const ListColumn> lists, TableStatistics* statistics);
    static BatchReport judge_whole(const Validator& rules, const Table& table, std::span<const ListColumn> lists,
                                   TableStatistics* statistics, const BatchOptions& options);

    std::unique_ptr<State> state_;
};

/// A finding in one line, e.g. `feature "amount": minimum (FLOAT_TYPE_SMALL_FLOAT), error: 12 of 1000 rows (0.62 % to
/// 2.1 %), first 17, 40`, or `expression "sum" of "total", "fare", "tip": error: 3 of 1000 rows
/// (...), first 5, 6`.
[[nodiscard]] std::string describe(const Validator& rules, const BatchReport& report, const BatchFinding& finding);

/// Values that were changed in one line, e.g. `feature "amount": clamped 12 of 1000 rows (0.62 % to 2.1 %) that failed
/// maximum, first 17, 40`. No values are quoted.
[[nodiscard]] std::string describe(const Validator& rules, const BatchReport& report, const BatchRepair& repair);

}  // namespace vedette::inline v0::validation
