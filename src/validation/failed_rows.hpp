// SPDX-License-Identifier: Apache-2.0
// Which rows of a column failed which check: a bitmap per check that failed at all.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "vedette/validation/check.hpp"

namespace vedette::inline v0::validation {

/// A bit per row, in words; none for rows behind the last that is set. `rows`: of the table so far, to grow but once.
class RowBits {
  public:
    void set(std::size_t row, std::size_t rows) {
        grow(rows);
        words_[row / 64] |= std::uint64_t{1} << (row % 64);
    }
    void set_all(std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end;) {
            const std::size_t count = std::min(end - row, 64 - row % 64);
            grow(end);
            words_[row / 64] |= (count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1) << (row % 64);
            row += count;
        }
    }
    /// Bit i of `words` is that of row begin + i.
    void add(std::size_t begin, std::span<const std::uint64_t> words, std::size_t rows) {
        const std::size_t shift = begin % 64;
        for (std::size_t k = 0; k < words.size(); ++k) {
            if (words[k] == 0) continue;
            grow(rows);
            words_[begin / 64 + k] |= words[k] << shift;
            const std::uint64_t carried = shift == 0 ? 0 : words[k] >> (64 - shift);
            if (carried != 0) words_[begin / 64 + k + 1] |= carried;
        }
    }
    [[nodiscard]] std::span<const std::uint64_t> words() const noexcept { return words_; }
    void join(const RowBits& other) {
        if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
        for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
    }
    // Side by side for the compiler to make vectors of: without an instruction for it, a population count is a call.
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t total = 0;
        for (std::uint64_t word : words_) {
            word -= word >> 1 & 0x5555555555555555U;
            word = (word & 0x3333333333333333U) + (word >> 2 & 0x3333333333333333U);
            word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
            word += word >> 8;
            word += word >> 16;
            word += word >> 32;
            total += word & 0x7FU;
        }
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
        const std::size_t known = std::min(bytes.size(), 8 * words_.size());
        if constexpr (std::endian::native == std::endian::little) {
            if (known != 0) std::memcpy(bytes.data(), words_.data(), known);
            return bytes;
        }
        for (std::size_t i = 0; i < known; ++i)
            bytes[i] = static_cast<std::uint8_t>(words_[i / 8] >> (i % 8 * 8) & 0xFFU);
        return bytes;
    }

  private:
    void grow(std::size_t rows) {
        if (words_.size() < (rows + 63) / 64) words_.resize((rows + 63) / 64);
    }

    std::vector<std::uint64_t> words_;
};

/// The failed rows of one column, a part of the table after the other; rows are counted from the part's first.
struct FailedRows {
    std::size_t first = 0;  ///< row of the table at which the part begins
    std::size_t rows = 0;   ///< of the table, with this part
    std::array<RowBits, check_count> of;
    RowBits null;  ///< rows without a value, failed or not

    [[nodiscard]] RowBits& operator[](Check check) noexcept { return of[static_cast<std::size_t>(check)]; }
    void mark(CheckSet failed, std::size_t row) {
        for (CheckSet left = failed; left != 0; left &= left - 1)
            of[static_cast<std::size_t>(std::countr_zero(left))].set(first + row, rows);
    }
    /// Every row of `words`, whose first bit is that of row `begin`.
    void mark(CheckSet failed, std::size_t begin, std::span<const std::uint64_t> words) {
        for (CheckSet left = failed; left != 0; left &= left - 1)
            of[static_cast<std::size_t>(std::countr_zero(left))].add(first + begin, words, rows);
    }
    void mark_null(std::size_t row) { null.set(first + row, rows); }
};

}  // namespace vedette::inline v0::validation
