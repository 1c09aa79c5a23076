// SPDX-License-Identifier: Apache-2.0
// Long fixed-point sums, and the variance by long integers.
#include "vedette/stats/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {

namespace {

__extension__ using Wide = unsigned __int128;
using Limbs = std::vector<std::uint32_t>;  // least first, without zeros at the end

constexpr std::uint32_t most_pending = 1U << 29U;
constexpr std::int64_t largest_top = std::int64_t{1} << 40U;

struct Parts {
    std::uint64_t mantissa;
    int exponent;
    bool is_negative;
};

Parts parts_of(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto biased = static_cast<int>(bits >> 52U & 0x7FFU);
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52U) - 1);
    return {biased == 0 ? fraction : fraction | std::uint64_t{1} << 52U, biased == 0 ? -1074 : biased - 1075,
            (bits >> 63U) != 0};
}

void trim(Limbs& limbs) {
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
}

struct Long {
    Limbs limbs;
    bool is_negative = false;
};

Long long_of(const ExactSum& sum) {
    const auto chunks = sum.chunks();
    Long result;
    result.is_negative = chunks.back() < 0;
    // The last chunk takes two limbs.
    result.limbs.reserve(chunks.size() + 1);
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i + 1 < chunks.size(); ++i) {
        auto limb = static_cast<std::uint64_t>(chunks[i]);
        if (result.is_negative) {
            limb = (std::uint64_t{1} << 32U) - limb - borrow;
            borrow = limb >> 32U != 0 ? 0 : 1;
            limb &= 0xFFFFFFFFU;
        }
        result.limbs.push_back(static_cast<std::uint32_t>(limb));
    }
    const std::uint64_t top = result.is_negative ? static_cast<std::uint64_t>(-chunks.back()) - borrow
                                                 : static_cast<std::uint64_t>(chunks.back());
    result.limbs.push_back(static_cast<std::uint32_t>(top));
    result.limbs.push_back(static_cast<std::uint32_t>(top >> 32U));
    trim(result.limbs);
    return result;
}

Limbs product(const Limbs& a, const Limbs& b) {
    Limbs result(a.size() + b.size(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < b.size(); ++j) {
            carry += result[i + j] + std::uint64_t{a[i]} * b[j];
            result[i + j] = static_cast<std::uint32_t>(carry);
            carry >>= 32U;
        }
        result[i + b.size()] = static_cast<std::uint32_t>(carry);
    }
    trim(result);
    return result;
}

// a - b, or nothing where that is negative.
Limbs difference(Limbs a, const Limbs& b) {
    if (a.size() < b.size()) return {};
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::int64_t left = static_cast<std::int64_t>(a[i]) - (i < b.size() ? b[i] : 0U) - borrow;
        borrow = left < 0 ? 1 : 0;
        left += borrow << 32U;
        a[i] = static_cast<std::uint32_t>(left);
    }
    if (borrow != 0) return {};
    trim(a);
    return a;
}

// The nearest double of limbs * 2^exponent, ties to even, in the subnormal range as well.
double nearest(const Limbs& limbs, int exponent) noexcept {
    if (limbs.empty()) return 0.0;
    const int bits = static_cast<int>(limbs.size()) * 32 - std::countl_zero(limbs.back());
    // Kept: 53 bits, or what a subnormal has.
    const int kept = std::min(53, bits + exponent + 1074);
    if (kept < 0) return 0.0;
    const int dropped = bits - kept;
    const auto bit = [&](int i) {
        return i >= 0 && (limbs[static_cast<std::size_t>(i) / 32] >> (static_cast<unsigned>(i) % 32) & 1U) != 0;
    };
    std::uint64_t mantissa = 0;
    for (int i = bits - 1; i >= dropped; --i) mantissa = mantissa << 1U | (bit(i) ? 1U : 0U);
    if (dropped > 0 && bit(dropped - 1)) {
        bool more = false;
        for (int i = 0; i < dropped - 1 && !more; ++i) more = bit(i);
        if (more || (mantissa & 1U) != 0) ++mantissa;
    }
    return std::ldexp(static_cast<double>(mantissa), dropped + exponent);
}

// limbs * 2^exponent / count. Three limbs say more than a double; the division comes before any overflow.
double quotient(Limbs limbs, int exponent, std::uint64_t count) {
    if (limbs.size() > 3) {
        exponent += static_cast<int>(limbs.size() - 3) * 32;
        limbs.erase(limbs.begin(), limbs.end() - 3);
    }
    return std::ldexp(nearest(limbs, 0) / static_cast<double>(count), exponent);
}

}  // namespace

void ExactSum::add_scaled(std::uint64_t low, std::uint64_t high, int exponent, bool is_negative) noexcept {
    const auto position = static_cast<unsigned>(exponent - base_exponent);
    std::size_t chunk = position / 32;
    const unsigned shift = position % 32;
    const Wide first = Wide{low} << shift;
    const Wide second = (Wide{high} << shift) + static_cast<std::uint64_t>(first >> 64U);
    const std::uint64_t words[3] = {static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(second),
                                    static_cast<std::uint64_t>(second >> 64U)};
    const std::int64_t sign = is_negative ? -1 : 1;
    for (const std::uint64_t word : words) {
        if (word == 0 && chunk + 1 >= chunk_count) break;
        chunks_[chunk] += sign * static_cast<std::int64_t>(word & 0xFFFFFFFFU);
        chunks_[chunk + 1] += sign * static_cast<std::int64_t>(word >> 32U);
        chunk += 2;
    }
    if (++pending_ == most_pending) carry();
}

void ExactSum::carry() noexcept {
    std::int64_t carried = 0;
    for (std::size_t i = 0; i + 1 < chunk_count; ++i) {
        const std::int64_t total = chunks_[i] + carried;
        chunks_[i] = total & 0xFFFFFFFF;
        carried = total >> 32;
    }
    chunks_.back() += carried;
    pending_ = 0;
}

void ExactSum::add(double value) noexcept {
    const Parts parts = parts_of(value);
    add_scaled(parts.mantissa, 0, parts.exponent, parts.is_negative);
}

void ExactSum::add_square(double value) noexcept {
    const Parts parts = parts_of(value);
    const Wide square = Wide{parts.mantissa} * parts.mantissa;
    add_scaled(static_cast<std::uint64_t>(square), static_cast<std::uint64_t>(square >> 64U), 2 * parts.exponent,
               false);
}

void ExactSum::add(std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    add_scaled(value < 0 ? 0 - bits : bits, 0, 0, value < 0);
}
void ExactSum::add(std::uint64_t value) noexcept {
    add_scaled(value, 0, 0, false);
}
void ExactSum::add_square(std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    add_square(value < 0 ? 0 - bits : bits);
}
void ExactSum::add_square(std::uint64_t value) noexcept {
    const Wide square = Wide{value} * value;
    add_scaled(static_cast<std::uint64_t>(square), static_cast<std::uint64_t>(square >> 64U), 0, false);
}

void ExactSum::merge(const ExactSum& other) noexcept {
    const std::array<std::int64_t, chunk_count> added = other.chunks();
    carry();
    for (std::size_t i = 0; i < chunk_count; ++i) chunks_[i] += added[i];
    carry();
}

std::array<std::int64_t, ExactSum::chunk_count> ExactSum::chunks() const noexcept {
    ExactSum copy = *this;
    copy.carry();
    return copy.chunks_;
}

bool ExactSum::operator==(const ExactSum& other) const noexcept {
    return chunks() == other.chunks();
}

ExactSum ExactSum::from_chunks(std::span<const std::int64_t, chunk_count> chunks) {
    ExactSum sum;
    std::copy(chunks.begin(), chunks.end(), sum.chunks_.begin());
    const bool is_canonical = std::all_of(chunks.begin(), chunks.end() - 1,
                                          [](std::int64_t chunk) { return chunk >= 0 && chunk <= 0xFFFFFFFF; });
    if (!is_canonical || chunks.back() > largest_top || chunks.back() < -largest_top)
        throw Error(ErrorCode::corrupt_data, "chunks that are those of no sum");
    return sum;
}

double ExactSum::value() const noexcept {
    const Long sum = long_of(*this);
    const double magnitude = nearest(sum.limbs, base_exponent);
    return sum.is_negative ? -magnitude : magnitude;
}

double centred_squares(std::uint64_t count, const ExactSum& sum, const ExactSum& squares) {
    const Long second = long_of(squares);
    if (count == 0 || second.is_negative) return 0.0;
    Limbs factor{static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(count >> 32U)};
    trim(factor);
    Limbs scaled = product(second.limbs, factor);
    // A square of a sum counts multiples of 2^(2 base): bring the other there.
    static_assert(ExactSum::base_exponent % 32 == 0);
    if (!scaled.empty()) scaled.insert(scaled.begin(), static_cast<std::size_t>(-ExactSum::base_exponent / 32), 0);
    const Limbs first = long_of(sum).limbs;
    Limbs rest = difference(std::move(scaled), product(first, first));
    if (rest.empty()) return 0.0;
    return quotient(std::move(rest), 2 * ExactSum::base_exponent, count);
}

double mean(std::uint64_t count, const ExactSum& sum) {
    if (count == 0) return std::numeric_limits<double>::quiet_NaN();
    Long total = long_of(sum);
    const double magnitude = quotient(std::move(total.limbs), ExactSum::base_exponent, count);
    return total.is_negative ? -magnitude : magnitude;
}

}  // namespace vedette::inline v0::stats
