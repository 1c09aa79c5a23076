// SPDX-License-Identifier: Apache-2.0
// Which rows of a column failed which check: a bitmap per check that failed at all.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/validation/check.hpp"

namespace vedette::inline v0::validation {

/// A bit per row, in words; empty while no bit is set.
class RowBits {
  public:
    void set(std::size_t row, std::size_t rows) {
        grow(rows);
        words_[row / 64] |= std::uint64_t{1} << (row % 64);
    }
    void set_all(std::size_t rows) {
        grow(rows);
        for (std::uint64_t& word : words_) word = ~std::uint64_t{0};
        if (rows % 64 != 0) words_.back() = (std::uint64_t{1} << (rows % 64)) - 1;
    }
    void join(const RowBits& other, std::size_t rows) {
        if (other.words_.empty()) return;
        grow(rows);
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    }
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t total = 0;
        for (const std::uint64_t word : words_) total += static_cast<std::uint64_t>(std::popcount(word));
        return total;
    }
    /// The first `most` rows that are set.
    [[nodiscard]] std::vector<std::uint64_t> first(std::size_t most) const {
        std::vector<std::uint64_t> rows;
        for (std::size_t i = 0; i < words_.size() && rows.size() < most; ++i) {
            for (std::uint64_t left = words_[i]; left != 0 && rows.size() < most; left &= left - 1)
                rows.push_back(i * 64 + static_cast<std::uint64_t>(std::countr_zero(left)));
        }
        return rows;
    }
    /// As Arrow lays out a bitmap, of ceil(rows / 8) bytes.
    [[nodiscard]] std::vector<std::uint8_t> bytes(std::size_t rows) const {
        std::vector<std::uint8_t> bytes((rows + 7) / 8);
        if (words_.empty()) return bytes;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(words_[i / 8] >> (i % 8 * 8) & 0xFFU);
        return bytes;
    }

  private:
    void grow(std::size_t rows) {
        if (words_.empty()) words_.resize((rows + 63) / 64);
    }

    std::vector<std::uint64_t> words_;
};

/// The failed rows of one column.
struct FailedRows {
    std::size_t rows = 0;
    std::array<RowBits, check_count> of;
    RowBits null;  ///< rows without a value, failed or not

    [[nodiscard]] RowBits& operator[](Check check) noexcept { return of[static_cast<std::size_t>(check)]; }
    void mark(CheckSet failed, std::size_t row) {
        for (CheckSet left = failed; left != 0; left &= left - 1)
            of[static_cast<std::size_t>(std::countr_zero(left))].set(row, rows);
    }
};

}  // namespace vedette::inline v0::validation
