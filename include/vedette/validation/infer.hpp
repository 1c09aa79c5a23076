// SPDX-License-Identifier: Apache-2.0
// A schema learned from a table, with the evidence for each of its rules; and a schema loosened to accept one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/validation/list_column.hpp"
#include "vedette/validation/schema.hpp"
#include "vedette/validation/schema_diff.hpp"

namespace vedette::inline v0::validation {

struct InferenceOptions {
    std::size_t minimum_rows = 30;  ///< fewer are refused
    /// A rule is kept if new values that fail it are at most this share, at the confidence; in (0, 1).
    double most_refused = 0.05;
    double confidence = 0.95;  ///< in [0.5, 1)
    /// Bounds of numbers and lengths lie this share of the observed range outside of it, but not beyond 0 where all
    /// values are on one side of it. Not negative.
    double slack = 0.1;
    std::size_t most_domain_values = 100;
    /// Texts that all stand for numbers, or for true and false, make a numeric feature, as in a CSV file. Numbers with
    /// a leading zero, such as 00501, are codes and stay texts.
    bool read_texts = false;
};

/// Why a rule is in the schema, or is not.
struct RuleEvidence {
    std::string rule;  ///< the field in the document, e.g. "minimum"; "null" for `nullable` false
    bool is_kept = false;
    std::uint64_t values = 0;  ///< that the rule was learned from; of `order`: changes from one value to the next
    /// Of them: those that the rule, learned from all the others, would have refused.
    std::uint64_t refused = 0;
    double most_refused = 1.0;  ///< the upper end for the share of new values that fail
    double slack = 0.0;         ///< how far the bound lies outside of what was observed
};

struct FeatureEvidence {
    std::string name;
    std::uint64_t rows = 0;
    std::uint64_t nulls = 0;
    std::uint64_t not_a_number = 0;
    std::uint64_t infinite = 0;
    std::uint64_t distinct = 0;  ///< values, NaN left out; of floating features 0: not counted
    std::vector<RuleEvidence> rules;
};

struct Inference {
    Schema schema;
    std::vector<FeatureEvidence> features;  ///< in the order of the schema
};

/// Learns a schema that accepts `table`. What is learned:
/// - type: that of the column; integers from 0 to 1 with a 1 are boolean; texts that are not UTF-8 are bytes.
/// - presence, as TensorFlow Data Validation has it: `minimum_count` 1 if there is a value; `minimum_fraction` 1 and
/// not
///   nullable if no row is null. NaN and infinities are refused unless seen: that is a schema's default, no inference.
/// - minimum and maximum with slack; `integral` of floating features; domain (at most `most_domain_values` texts), else
///   format, and length in code points; `order` of numbers; `unique` of integers and texts without nulls.
/// A rule needs evidence: each value is judged by the rule that the others would have given; their share is an unbiased
/// estimate of what a rule of one row fewer refuses (of a domain: Good and Turing's, the texts seen once), and the
/// upper end of its Wilson interval must not exceed `most_refused`. For minimum and maximum, each alone, it is at least
/// Wilks's 1 - (1 - confidence)^(1/n): whatever the law of independent values, with the stated confidence no more of it
/// lies beyond. Rules with too little are left out of the schema and told. Rows that depend on each other carry less
/// evidence than their number says.
/// Throws not_enough_data for fewer rows than `minimum_rows`, invalid_argument for options out of range and names that
/// no schema can hold. O(values), O(n log n) for `unique` and domains; memory: a copy of one column's values.
[[nodiscard]] Inference infer_schema(const Table& table, const InferenceOptions& options = {});
/// And from columns of lists: what is learned of a column is learned of their values, but for order and uniqueness, and
/// - shape, as TensorFlow Data Validation has it: where no list is null and those of a level all hold as many values,
///   at least one; else `valency`, as many where they all do, at least one where none is empty, or any number.
/// - presence by rows; nullable where a row, a list or a value is null.
/// Throws as `check_lists`, too.
[[nodiscard]] Inference infer_schema(const NestedTable& table, const InferenceOptions& options = {});

class TableStatistics;

/// The same from statistics, such as those of shards that were counted apart and merged: features by name, in the order
/// of bytes. What statistics do not tell is not learned: order, whether floats are whole, and, of a column with more
/// different values than ValueSample holds, domain, format and uniqueness; lengths are in bytes. Bounds of such a
/// column take its extremes to be seen once each, far from all others, and so ask for more rows than a table's would.
/// All columns that were not in every shard are nullable: the rows without them count as null. `read_texts` is not
/// asked. Columns of lists, and the lengths beside them, are one feature. Throws as above. O(size of the statistics).
[[nodiscard]] Inference infer_schema(const TableStatistics& statistics, const InferenceOptions& options = {});

/// E.g. `feature "amount": maximum left out: 1 of 40 values refused by the rule of the others, so up to 13 % of new
/// ones; 5 % are allowed`.
[[nodiscard]] std::string describe(const FeatureEvidence& feature, const RuleEvidence& rule, double most_refused);

struct Relaxation {
    Schema schema;
    /// One step after the other, each as `diff` tells it of the feature alone. A feature whose type had to change is
    /// told as breaking: it accepts the table, but is read as something else. Its rules of values go, save the bounds
    /// of integers that became reals.
    std::vector<SchemaChange> steps;
};

/// Loosens what `table` fails with an error, and nothing else, until `validate_batch` finds none: bounds and lengths
/// reach what was observed, without slack; domains take in new texts, and are dropped beyond
/// `options.most_domain_values`; a required feature without a column becomes optional; a column that the schema does
/// not know is appended as an optional feature, learned as `infer_schema` learns, whatever its number of rows. Throws
/// invalid_argument for an invalid schema or options out of range. As many passes over the data as rules depend on each
/// other, at most about 10.
[[nodiscard]] Relaxation relax(const Schema& schema, const Table& table, const InferenceOptions& options = {});

/// And from columns of lists: rules of values give way to the values in the lists, `valency` to the numbers of them,
/// and falls with another number of levels, as does a `shape` that some list does not have. Throws as `check_lists`,
/// too.
[[nodiscard]] Relaxation relax(const Schema& schema, const NestedTable& table, const InferenceOptions& options = {});

}  // namespace vedette::inline v0::validation
