// SPDX-License-Identifier: Apache-2.0
// What only the sequence of a column's values tells: repeated ones, and those out of order; over any number of parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "validation/failed_rows.hpp"
#include "vedette/core/value.hpp"
#include "vedette/core/view.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// Rows are counted from the first part's. All parts are of one kind: floats, integers with or without sign, or texts.
class Sequence {
  public:
    /// Takes a part; what is out of order is marked at once. `is_lasting`: texts outlive `finish`, so that they need
    /// not be copied.
    void add(const Feature& feature, const Column& column, bool is_lasting, FailedRows& failed);
    /// A number that a text stood for: numbers are integers only if all of them are, which the end tells.
    void add_read(std::size_t row, const Value& number, const FailedRows& failed);
    /// Marks what is repeated, and of numbers from texts what is out of order.
    void finish(const Feature& feature, FailedRows& failed);

  private:
    template <class T>
    struct Before {
        T value{};
        bool is_given = false;
    };
    struct ReadNumber {
        std::size_t row;
        double number;
        std::int64_t integer;
    };

    void add_keys(const Column& column, bool is_lasting, std::size_t first);
    template <class T>
    void judge_order(Order order, const Column& column, Before<T>& before, FailedRows& failed);
    void finish_read(const Feature& feature, FailedRows& failed);

    std::vector<std::pair<double, std::size_t>> doubles_;
    std::vector<std::pair<std::uint64_t, std::size_t>> integers_;
    std::vector<std::pair<std::string_view, std::size_t>> texts_;
    std::deque<std::string> copies_;
    Before<double> before_double_;
    Before<std::int64_t> before_signed_;
    Before<std::uint64_t> before_unsigned_;
    std::vector<ReadNumber> read_;
    bool are_read_integers_ = true;
};

}  // namespace vedette::inline v0::validation
