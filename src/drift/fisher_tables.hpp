// SPDX-License-Identifier: Apache-2.0
// Fisher's exact test of tables beyond 2 x 2: the probability of all tables no likelier than the observed one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "drift/random_table.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// A table without empty rows and columns, at least 2 x 2, of at most 2^32 items.
class FisherTable {
  public:
    FisherTable(std::vector<std::uint64_t> cells, std::size_t rows, std::size_t columns);

    /// ln of its probability given the margins.
    [[nodiscard]] double log_probability() const { return constant_ - weight_; }
    /// The exact p-value; empty when it would take more than about `budget` steps.
    [[nodiscard]] std::optional<double> exact(double budget) const;
    [[nodiscard]] double permuted(const TestOptions& options) const;

  private:
    [[nodiscard]] std::optional<double> exact_two_rows(double budget) const;
    [[nodiscard]] std::optional<double> exact_any(double budget) const;

    std::vector<std::uint64_t> cells_;
    std::vector<std::uint64_t> rows_;
    std::vector<std::uint64_t> columns_;
    LogFactorials log_factorial_;
    double constant_ = 0.0;   // ln of prod rows! prod columns! / total!
    double weight_ = 0.0;     // ln of prod cells!, the larger the less likely
    double tolerance_ = 0.0;  // equal weights may be reached by different roundings
};

/// Whether fisher_exact's p-value of this table, which it takes, is by permutation. O(that p-value).
bool fisher_permutes(const CountTable& table, const TestOptions& options);

}  // namespace vedette::inline v0::drift
