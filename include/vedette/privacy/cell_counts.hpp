// SPDX-License-Identifier: Apache-2.0
// Rows counted in cells, and the noise that hides who is in them: what histograms, two-way tables and ranges share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release_loss.hpp"

namespace vedette::inline v0::privacy {

/// Rows by cell: exact, so not private. One per thread, merged afterwards.
class CellCounts {
  public:
    CellCounts(const PrivacyUnit& unit, std::size_t cells) : unit_(unit), rows_(cells) {}

    [[nodiscard]] const PrivacyUnit& unit() const noexcept { return unit_; }
    /// NOT private.
    [[nodiscard]] std::span<const std::uint64_t> exact() const noexcept { return rows_; }

    /// Throws invalid_argument for a cell that there is not, overflow beyond 2^62 rows in it; nothing has changed then.
    void add(std::size_t cell, std::uint64_t rows = 1);
    /// Throws invalid_argument under a unit that is a user, whose rows reach a state through Contributions.
    void check_records() const;
    /// Throws dimension_mismatch for another unit or number of cells, overflow; nothing has changed then.
    void merge(const CellCounts& other);

  private:
    PrivacyUnit unit_;
    std::vector<std::uint64_t> rows_;
};

/// Independent noise on all cells of a state, under one loss. Immutable, safe for concurrent use.
class CellNoise {
  public:
    /// `l2_squared`: how far a unit's rows can move the cells, in Euclid's norm, squared: the unit's counts_l2_squared
    /// where the cells are its partitions, else its values_l2_squared. Throws as NoiseLaw.
    CellNoise(const PrivacyUnit& unit, const ReleaseLoss& loss, std::uint64_t l2_squared)
        : unit_(unit), loss_(loss), law_(loss, {unit.counts_sensitivity(), l2_squared}) {}

    [[nodiscard]] const PrivacyUnit& unit() const noexcept { return unit_; }
    [[nodiscard]] const ReleaseLoss& loss() const noexcept { return loss_; }
    [[nodiscard]] const NoiseLaw& law() const noexcept { return law_; }

    /// Pays, then draws. Throws dimension_mismatch for counts of another unit, what the budget throws (nothing was
    /// drawn), io_error. `keystream` is for the library's own use.
    [[nodiscard]] std::vector<std::int64_t> release(const CellCounts& counts, ReleaseBudget& budget,
                                                    detail::Keystream* keystream) const;

  private:
    PrivacyUnit unit_;
    ReleaseLoss loss_;
    NoiseLaw law_;
};

}  // namespace vedette::inline v0::privacy
