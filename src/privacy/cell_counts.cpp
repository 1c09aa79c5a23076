// SPDX-License-Identifier: Apache-2.0
// Counting in cells that cannot overflow, and noise on them that is paid for first.
#include "vedette/privacy/cell_counts.hpp"

#include "privacy/cipher.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_counted = std::uint64_t{1} << 62U;

void check_room(std::uint64_t rows, std::uint64_t more) {
    if (more > most_counted - rows) throw Error(ErrorCode::overflow, "rows: more than 2^62 of them");
}

}  // namespace

void CellCounts::add(std::size_t cell, std::uint64_t rows) {
    if (cell >= rows_.size()) throw Error(ErrorCode::invalid_argument, "cell: there is none of this index");
    check_room(rows_[cell], rows);
    rows_[cell] += rows;
}

void CellCounts::check_records() const {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a state through Contributions");
}

void CellCounts::merge(const CellCounts& other) {
    if (!(other.unit_ == unit_) || other.rows_.size() != rows_.size())
        throw Error(ErrorCode::dimension_mismatch, "counts: their cells or their unit are another one's");
    for (std::size_t i = 0; i < rows_.size(); ++i) check_room(rows_[i], other.rows_[i]);
    for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i] += other.rows_[i];
}

std::vector<std::int64_t> CellNoise::release(const CellCounts& counts, ReleaseBudget& budget,
                                             detail::Keystream* keystream) const {
    if (!(counts.unit() == unit_))
        throw Error(ErrorCode::dimension_mismatch, "counts: their unit is not the mechanism's");
    const std::span<const std::uint64_t> exact = counts.exact();
    std::vector<std::int64_t> noisy(exact.size()), noise(exact.size());
    loss_.spend(budget);
    law_.sample(noise, keystream);
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = static_cast<std::int64_t>(exact[i]) + noise[i];
    wipe(std::as_writable_bytes(std::span(noise)));
    return noisy;
}

}  // namespace vedette::inline v0::privacy
