// SPDX-License-Identifier: Apache-2.0
// What a column holds, as far as rules are learned from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "vedette/core/value.hpp"
#include "vedette/core/view.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/list_column.hpp"

namespace vedette::inline v0::validation {

/// The two least and the two greatest of some numbers: what leaving one out can change.
template <class Number>
struct Extremes {
    std::uint64_t count = 0;
    Number least{}, second_least{}, greatest{}, second_greatest{};

    void add(Number x) noexcept {
        if (count == 0) {
            least = second_least = greatest = second_greatest = x;
        } else if (count == 1) {
            least = x < least ? x : least;
            greatest = x > greatest ? x : greatest;
            second_least = greatest;
            second_greatest = least;
        } else {
            if (x < least) {
                second_least = least;
                least = x;
            } else if (x < second_least) {
                second_least = x;
            }
            if (x > greatest) {
                second_greatest = greatest;
                greatest = x;
            } else if (x > second_greatest) {
                second_greatest = x;
            }
        }
        ++count;
    }
};

struct ColumnFacts {
    FeatureType type = FeatureType::floating;
    std::uint64_t rows = 0, nulls = 0;
    std::uint64_t not_a_number = 0, low_infinite = 0, high_infinite = 0;
    Extremes<double> numbers;         ///< finite ones
    Extremes<std::int64_t> integers;  ///< of integer features
    bool fits_integers = true;        ///< none is beyond int64
    std::uint64_t fractions = 0;      ///< finite ones that are not whole
    std::uint64_t words = 0;          ///< "true" and "false" among numbers
    std::uint64_t rises = 0, falls = 0, ties = 0;
    std::uint64_t distinct = 0, repeated = 0, seen_once = 0;  ///< of integers and texts
    std::vector<std::string_view> texts;                      ///< distinct ones, ascending
    Extremes<std::uint64_t> lengths;                          ///< code points of text, bytes of bytes

    [[nodiscard]] std::uint64_t values() const noexcept { return rows - nulls; }
};

/// The values of a column, null where it is null; texts read as numbers where `read_texts` (see BatchOptions).
[[nodiscard]] std::vector<Value> values_of(const Column& column, bool read_texts);

/// The type that all values fit.
[[nodiscard]] FeatureType type_of(const Column& column, bool read_texts);

/// What is to know for a feature of that type, which the values must fit; values that do not are passed over.
[[nodiscard]] ColumnFacts facts_of(const Column& column, FeatureType type, bool read_texts);

/// A feature of the column with the rules that have the evidence for it.
[[nodiscard]] Feature infer_feature(const NamedColumn& column, const InferenceOptions& options,
                                    FeatureEvidence& evidence);

/// The same of the values in lists, and of what the lists say.
[[nodiscard]] Feature infer_list_feature(const ListColumn& lists, const InferenceOptions& options,
                                         FeatureEvidence& evidence);

/// Throws invalid_argument for an option out of its range.
void check_options(const InferenceOptions& options);

}  // namespace vedette::inline v0::validation
