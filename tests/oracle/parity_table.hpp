// SPDX-License-Identifier: Apache-2.0
// The parity table: one row per test and law, how its cases look, and the worst relative errors against the oracle.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vedette/core/evidence.hpp"

namespace parity {

constexpr double same = 1e-9;  ///< the largest relative error where the definition is the same
constexpr double never = std::numeric_limits<double>::infinity();

/// How a case looks.
struct Looks {
    double smallest = 0.0;  ///< of the two sides, after NaN are left out
    double largest = 0.0;
    bool tied = false;
    bool nan = false;
    bool zero_cell = false;
};

/// What a row promises. `statistic` and `p_value` are the largest relative errors; `never` is one not compared at all.
struct Promise {
    std::string test;
    std::string oracle;
    double statistic = same;
    double p_value = same;
    std::string note{};
};

class Row {
  public:
    explicit Row(Promise promise) : promise_(std::move(promise)) {}

    /// Adds a case. An empty expectation is not compared.
    void add(const std::string& name, const Looks& looks, const vedette::TestResult& got,
             std::optional<double> statistic, std::optional<double> p_value);

    [[nodiscard]] const Promise& promise() const noexcept { return promise_; }
    /// The cells of the table, the last but one and but two being the errors.
    [[nodiscard]] std::vector<std::string> cells(bool counts) const;
    /// What is wrong, empty when nothing is.
    [[nodiscard]] std::string complaint() const;
    /// What its cases show together.
    struct Seen {
        std::size_t cases = 0;
        std::size_t tied = 0;
        std::size_t nan = 0;
        std::size_t zero_cells = 0;
        double smallest = never;
        double largest = 0.0;
        void add(const Seen& other);
    };
    [[nodiscard]] const Seen& seen() const noexcept { return seen_; }

  private:
    struct Worst {
        std::optional<double> error;
        std::string name;
        void add(const std::string& name, double got, std::optional<double> wanted);
        [[nodiscard]] std::string text() const;
    };

    Promise promise_;
    Seen seen_;
    Worst statistic_;
    Worst p_value_;
};

/// |got - wanted|/|wanted|; two equal infinities or zeros do not differ, a NaN differs without limit.
double relative_error(double got, double wanted);

/// All rows of one kind of test.
class Table {
  public:
    /// The row of that promise, made at its first use. References stay.
    Row& row(const Promise& promise);
    [[nodiscard]] std::string markdown(const std::string& kind, bool counts) const;
    [[nodiscard]] std::vector<std::string> complaints() const;
    [[nodiscard]] const std::deque<Row>& rows() const noexcept { return rows_; }

  private:
    std::deque<Row> rows_;
};

void compare_samples(Table& table);
void compare_several(Table& table);  // of the same kind: called by compare_samples
void compare_rows(Table& table);
void compare_counts(Table& table);
void compare_presets(Table& table);
// What has a law of its own: called by those above.
void compare_laws_of_samples(Table& table);
void compare_laws_of_rows(Table& table);
void compare_laws_of_counts(Table& table);
// And those whose draws are replayed.
void compare_permuted_samples(Table& table);
void compare_permuted_rows(Table& table);
void compare_permuted_counts(Table& table);

/// Which tests the library knows, by name, and which rows show them: what every name has been shown on, as Markdown.
/// Complaints: a name without a row, a row without a name, a kind of input that a name was never given.
std::string coverage(const std::deque<Table>& tables, std::vector<std::string>& complaints);

}  // namespace parity
