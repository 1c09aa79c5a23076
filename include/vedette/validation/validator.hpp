// SPDX-License-Identifier: Apache-2.0
// A schema made ready to judge requests: one row, or one tensor, at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vedette/core/value.hpp"
#include "vedette/validation/check.hpp"
#include "vedette/validation/reference_values.hpp"
#include "vedette/validation/request.hpp"
#include "vedette/validation/schema.hpp"
#include "vedette/validation/tensor.hpp"

namespace vedette::inline v0::validation {

class BatchStream;

/// The judgement of one row or tensor. Plain data.
struct RowVerdict {
    Severity severity = Severity::none;  ///< of the gravest finding
    CheckSet failed = 0;                 ///< union over the features

    [[nodiscard]] constexpr bool is_valid() const noexcept { return failed == 0; }
    /// Of two parts of a row, the verdict of both.
    constexpr RowVerdict& operator|=(const RowVerdict& other) noexcept {
        severity = other.severity > severity ? other.severity : severity;
        failed |= other.failed;
        return *this;
    }
    friend bool operator==(const RowVerdict&, const RowVerdict&) = default;
};

/// One failed check of one feature.
struct RowFinding {
    /// Index in the row; feature_count() for what lies beyond it. Of `Check::expression`: feature_count() + its index.
    std::uint32_t feature = 0;
    Check check = Check::missing;
    Severity severity = Severity::none;

    friend bool operator==(const RowFinding&, const RowFinding&) = default;
};

/// What `Validator::repair` did with one value.
struct Repaired {
    std::uint32_t feature = 0;
    Repair how = Repair::clamp;
    CheckSet failed = 0;  ///< what the value failed as it came
    Value before, after;  ///< texts are the row's own, and the validator's
};

struct RepairVerdict {
    RowVerdict before;         ///< of the row as it came
    RowVerdict after;          ///< of the row as it is now
    std::size_t repaired = 0;  ///< how many values were changed

    friend bool operator==(const RepairVerdict&, const RepairVerdict&) = default;
};

/// A compiled schema. Immutable and cheap to copy; any number of threads may use one at once.
///
/// A row holds the features of one environment in the order of the schema; its elements are scalars:
/// - floating: any number. NaN and infinities fail unless allowed; all other rules are asked of every value but NaN.
/// - integer: whole numbers of 64 bits; any other number fails `type` alone. (As float or double, integers beyond 2^24
///   or 2^53 arrive rounded; a `Value` made from an integer is judged exactly.)
/// - boolean: 0 or 1; any other number fails `type`.
/// - text and bytes: a `Value` with a text; a number fails `type` alone.
/// A null is a `Value` without content, or NaN where an integer or a boolean is due. It fails `null` if the feature is
/// required and not nullable, and meets no other check: a row cannot tell a null from a feature left out. A row that
/// ends early is `missing` its required features; elements beyond the last feature are `unexpected`.
/// A `pattern` takes RE2's automaton, whose states are made as texts first ask for them: until then a text allocates,
/// within 1 MiB per pattern, and every search takes a lock that all threads share for reading. Where the states would
/// need more, or memory runs out, RE2 searches a slower way that allocates, and the check fails if it cannot: never an
/// exception, and time in proportion to length of the text times size of the pattern, at worst. Nothing else allocates
/// or locks. A check whose severity is `none` is silent: neither asked nor reported; only `memory` stays an error. A
/// stray value of a domain with a tolerated mass is a warning at most.
/// The age of times (`freshness`) is that at the moment of the judgement: of a row, a tensor or a table the clock is
/// asked once. `repair` looks at no age.
class Validator {
  public:
    /// Takes the features expected in `environment`; without one, those expected everywhere and those that name
    /// environments alike. `inputs`: what the schema does not say itself. Throws Error(invalid_argument) for an invalid
    /// schema, an environment that it does not know, and a reference set that it does not ask for, or a larger one.
    /// O(size of the schema).
    explicit Validator(const Schema& schema, std::string_view environment = {}, const RuleInputs& inputs = {});

    /// The length of a row.
    [[nodiscard]] std::size_t feature_count() const noexcept;
    [[nodiscard]] const Feature& feature(std::size_t index) const;  ///< throws std::out_of_range
    /// The schema's expressions, in its order, and those of its features that the row holds, of each.
    [[nodiscard]] std::size_t expression_count() const noexcept;
    [[nodiscard]] const Expression& expression(std::size_t index) const;  ///< throws std::out_of_range
    [[nodiscard]] std::span<const std::uint32_t> features_of(std::size_t expression) const;  ///< likewise
    /// The index of a feature; empty for an unknown name. O(length of the name).
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
    /// What the schema asks of the feature but `validate` cannot answer of a row: rules of batches, of shapes; every
    /// check of a feature that is not in production. Of feature_count() + k, for expression k: `expression` where its
    /// severity is `none` or one of its features is not in the environment or not in production. Throws
    /// std::out_of_range.
    [[nodiscard]] CheckSet not_evaluated(std::size_t index) const;
    /// How grave a failed check of a feature is; `expression` of feature_count() + k for expression k; `error` beyond.
    /// O(1).
    [[nodiscard]] Severity severity(std::size_t feature, Check check) const noexcept;

    /// Judges one row. `failed`, if not empty, gets the failed checks of feature i at place i, and of expression k at
    /// place feature_count() + k; what lies beyond its end counts for the verdict alone, and what lies beyond the last
    /// expression is left as it is. No allocation (patterns: see above), lock or exception; two comparisons per feature
    /// where only intervals are asked of floats; linear in the length of texts and of expressions. The same answer on
    /// every instruction set.
    [[nodiscard]] RowVerdict validate(std::span<const float> row, std::span<CheckSet> failed = {}) const noexcept;
    [[nodiscard]] RowVerdict validate(std::span<const double> row, std::span<CheckSet> failed = {}) const noexcept;
    [[nodiscard]] RowVerdict validate(std::span<const Value> row, std::span<CheckSet> failed = {}) const noexcept;
    /// Rows in pieces, one after the other, each of values of one type: what a request of 70 floats, 20 integers and 10
    /// texts costs least as. The same answers as for a row of `Value`s.
    [[nodiscard]] RowVerdict validate(std::span<const RowPart> row, std::span<CheckSet> failed = {}) const noexcept;
    /// Rows of any layout: `read` is asked for fewer than `width` values in all.
    using ReadValues = validation::ReadValues;
    [[nodiscard]] RowVerdict validate(ReadValues read, const void* row, std::size_t width,
                                      std::span<CheckSet> failed = {}) const noexcept;

    /// As `validate`, for callers that look at `failed` only if the row is invalid: what it holds after a valid row is
    /// not stated, and a valid row of numbers costs as little as without it. No row is judged twice.
    [[nodiscard]] RowVerdict find_failures(std::span<const float> row, std::span<CheckSet> failed) const noexcept;
    [[nodiscard]] RowVerdict find_failures(std::span<const double> row, std::span<CheckSet> failed) const noexcept;
    [[nodiscard]] RowVerdict find_failures(std::span<const Value> row, std::span<CheckSet> failed) const noexcept;

    /// The failed checks of one value, as in a row: for rows whose values come one by one, or by name; expressions are
    /// asked for by `check_expressions`. An index beyond the last feature gives `unexpected`.
    [[nodiscard]] CheckSet check(std::size_t feature, const Value& value) const noexcept;
    /// The failed checks of a feature that a row does not reach.
    [[nodiscard]] CheckSet check_absent(std::size_t feature) const noexcept;
    /// What the expressions find in a row of any layout: `read` is asked for one value at a time, of the features below
    /// feature_count() that they name, and gives null for what is not there. `failed` as in `validate`; only the
    /// places of expressions are written. No allocation, lock or exception.
    [[nodiscard]] RowVerdict check_expressions(ReadValues read, const void* row,
                                               std::span<CheckSet> failed = {}) const noexcept;
    /// The verdict of failed checks of one feature; a row's is the union (`|=`) over its features, and with what
    /// `check_expressions` finds. Of feature_count() + k: of expression k. O(1).
    [[nodiscard]] RowVerdict verdict(std::size_t feature, CheckSet failed) const noexcept;

    /// Judges a tensor that holds values of one feature: its memory (`check_tensor`), and if that fails nothing more;
    /// then its type and its shape; then, if the type fits, every element. Numbers only: a feature of texts fails
    /// `type`. Of a feature with `valency` each dimension is a level, and how long it is the number of values in each
    /// of its lists. Integers are judged exactly. A feature of another stage has its memory judged alone. An index
    /// beyond the last feature gives `unexpected`. No allocation, lock or exception; O(elements), which are at most as
    /// many as the bytes they occupy.
    [[nodiscard]] RowVerdict validate(std::size_t feature, const TensorView& tensor) const noexcept;

    /// Judges a request of named tensors, in any order: each as above, and a feature without one as a row that does not
    /// reach it (`missing`). A name that the schema does not know, and the second tensor of one, are `unexpected`. A
    /// tensor of texts fails `memory` if it has another number of elements than its shape, and `type` if the feature
    /// holds numbers. An expression is asked of each element, in the order of compact tensors: of element i of all its
    /// features, and it fails where they have different numbers of elements; a tensor that is not there, or whose
    /// memory or type is faulty, is null in it. The clock is asked once for all. `failed` as in `validate` of rows. No
    /// allocation (patterns: see above), lock or exception; O(elements + names), and for each feature of an expression
    /// beyond the first 4096 of the row a look at each of the request's names.
    [[nodiscard]] RowVerdict validate(std::span<const NamedTensor> request,
                                      std::span<CheckSet> failed = {}) const noexcept;
    /// The same of `count` tensors that `read` tells one by one, some of them more than once.
    [[nodiscard]] RowVerdict validate(ReadTensor read, const void* tensors, std::size_t count,
                                      std::span<CheckSet> failed = {}) const noexcept;

    /// Judges one row, and does with it what the schema's `repair` says: values are changed in place, and what was
    /// changed is told in `told`, in order of features, as far as it goes. A value is changed if the schema repairs one
    /// of its failed checks, repairs all of them that are errors, and the new value fails no error and nothing that the
    /// schema repairs; else it stays as it came, and so do its findings. `impute` goes before `clamp`. Only `clamp`
    /// looks at the value: the nearest that an element of the row can hold, whole numbers staying whole; a text keeps
    /// its first code points. What is missing stays so. `failed` as in `validate`, of the row as it is now. Imputed
    /// texts live as long as a copy of the validator does. No allocation (patterns: see above), lock or exception; a
    /// valid row costs as much as `validate`, another one up to three times that.
    RepairVerdict repair(std::span<float> row, std::span<CheckSet> failed = {},
                         std::span<Repaired> told = {}) const noexcept;
    RepairVerdict repair(std::span<double> row, std::span<CheckSet> failed = {},
                         std::span<Repaired> told = {}) const noexcept;
    RepairVerdict repair(std::span<Value> row, std::span<CheckSet> failed = {},
                         std::span<Repaired> told = {}) const noexcept;

    /// The same of one value, for rows whose values come one by one: whether it was changed, which `done` then tells.
    /// An index beyond the last feature repairs nothing.
    bool repair_value(std::size_t feature, Value& value, Repaired& done) const noexcept;
    bool repair_value(std::size_t feature, float& value, Repaired& done) const noexcept;
    bool repair_value(std::size_t feature, double& value, Repaired& done) const noexcept;

    /// Lists the failed checks that `validate` wrote, in order of features, expressions and checks: at most
    /// findings.size() of them. Returns how many there are. `verdict` adds what lies beyond the row.
    std::size_t list(const RowVerdict& verdict, std::span<const CheckSet> failed,
                     std::span<RowFinding> findings) const noexcept;

  private:
    friend class BatchStream;

    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

[[nodiscard]] const char* repair_name(Repair repair) noexcept;  ///< "clamp" or "impute"

/// A finding in one line, e.g. `feature "amount": minimum (FLOAT_TYPE_SMALL_FLOAT), error`, or
/// `expression "sum" of "total", "fare", "tip": error`. No values are quoted.
[[nodiscard]] std::string describe(const Validator& validator, const RowFinding& finding);

}  // namespace vedette::inline v0::validation
