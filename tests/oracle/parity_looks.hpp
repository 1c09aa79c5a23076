// SPDX-License-Identifier: Apache-2.0
// How the cases of the parity table look: sizes, ties, NaN, zero cells.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "oracle/parity_inputs.hpp"
#include "oracle/parity_table.hpp"
#include "unit/drift/oracle_cases.hpp"
#include "vedette/core/view.hpp"

namespace parity {

/// Rows of a sample, one after the other.
struct Rows {
    std::vector<double> values;
    std::size_t d;

    explicit Rows(const nlohmann::json& spec) : Rows(draw(spec), spec["d"].get<std::size_t>()) {}
    Rows(std::vector<double> all, std::size_t columns) : values(std::move(all)), d(columns) {}
    [[nodiscard]] vedette::MatrixView<double> view() const {
        return vedette::MatrixView<double>::row_major(values.data(), values.size() / d, d);
    }
};

/// Of samples, NaN left out.
Looks looks(const std::vector<std::vector<double>>& samples);
/// Of samples of rows; a row with a NaN is left out, and two equal rows are a tie.
Looks looks(const Rows& reference, const Rows& live);
/// Of a table, a row of which is a sample.
Looks looks(const OracleTable& table);
inline Looks looks(std::vector<std::uint64_t> reference, const std::vector<std::uint64_t>& live) {
    const std::size_t cells = reference.size();
    reference.insert(reference.end(), live.begin(), live.end());
    return looks(OracleTable{std::move(reference), 2, cells});
}

}  // namespace parity
