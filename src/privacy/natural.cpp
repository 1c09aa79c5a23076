// SPDX-License-Identifier: Apache-2.0
// Schoolbook arithmetic: the numbers have a handful of limbs.
#include "privacy/natural.hpp"

#include <algorithm>
#include <bit>

#include "privacy/wide_product.hpp"

namespace vedette::inline v0::privacy {

Natural Natural::power_of_two(std::size_t exponent) {
    Natural result;
    result.limbs_.assign(exponent / 64 + 1, 0);
    result.limbs_.back() = std::uint64_t{1} << (exponent % 64);
    return result;
}

std::size_t Natural::bit_width() const noexcept {
    if (limbs_.empty()) return 0;
    return 64 * (limbs_.size() - 1) + static_cast<std::size_t>(std::bit_width(limbs_.back()));
}

bool Natural::bit(std::size_t place) const noexcept {
    return place / 64 < limbs_.size() && ((limbs_[place / 64] >> (place % 64)) & 1U) != 0;
}

void Natural::trim() noexcept {
    while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

Natural& Natural::operator+=(const Natural& other) {
    if (limbs_.size() < other.limbs_.size()) limbs_.resize(other.limbs_.size(), 0);
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < limbs_.size(); ++i) {
        const std::uint64_t addend = i < other.limbs_.size() ? other.limbs_[i] : 0;
        const std::uint64_t partial = limbs_[i] + addend;
        const std::uint64_t sum = partial + carry;
        carry = static_cast<std::uint64_t>(partial < addend) | static_cast<std::uint64_t>(sum < partial);
        limbs_[i] = sum;
    }
    if (carry != 0) limbs_.push_back(carry);
    return *this;
}

Natural& Natural::operator-=(const Natural& other) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < limbs_.size(); ++i) {
        const std::uint64_t subtrahend = i < other.limbs_.size() ? other.limbs_[i] : 0;
        const std::uint64_t partial = limbs_[i] - subtrahend;
        const std::uint64_t difference = partial - borrow;
        borrow = static_cast<std::uint64_t>(limbs_[i] < subtrahend) | static_cast<std::uint64_t>(partial < borrow);
        limbs_[i] = difference;
    }
    trim();
    return *this;
}

Natural& Natural::operator<<=(std::size_t bits) {
    if (limbs_.empty() || bits == 0) return *this;
    const std::size_t whole = bits / 64, part = bits % 64;
    if (part != 0) {
        std::uint64_t carry = 0;
        for (std::uint64_t& limb : limbs_) {
            const std::uint64_t next = limb >> (64 - part);
            limb = (limb << part) | carry;
            carry = next;
        }
        if (carry != 0) limbs_.push_back(carry);
    }
    limbs_.insert(limbs_.begin(), whole, 0);
    return *this;
}

Natural& Natural::operator>>=(std::size_t bits) {
    const std::size_t whole = bits / 64, part = bits % 64;
    if (whole >= limbs_.size()) {
        limbs_.clear();
        return *this;
    }
    limbs_.erase(limbs_.begin(), limbs_.begin() + static_cast<std::ptrdiff_t>(whole));
    if (part != 0) {
        for (std::size_t i = 0; i < limbs_.size(); ++i) {
            const std::uint64_t above = i + 1 < limbs_.size() ? limbs_[i + 1] << (64 - part) : 0;
            limbs_[i] = (limbs_[i] >> part) | above;
        }
    }
    trim();
    return *this;
}

bool Natural::divide_by(std::uint64_t divisor) {
    std::uint64_t remainder = 0;
    for (std::size_t i = limbs_.size(); i-- > 0;) {
        const Wide dividend = (Wide{remainder} << 64U) | limbs_[i];
        limbs_[i] = static_cast<std::uint64_t>(dividend / divisor);
        remainder = static_cast<std::uint64_t>(dividend % divisor);
    }
    trim();
    return remainder != 0;
}

Natural operator*(const Natural& a, const Natural& b) {
    Natural result;
    result.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0);
    for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < b.limbs_.size(); ++j) {
            const Wide sum = Wide{a.limbs_[i]} * b.limbs_[j] + result.limbs_[i + j] + carry;
            result.limbs_[i + j] = static_cast<std::uint64_t>(sum);
            carry = static_cast<std::uint64_t>(sum >> 64U);
        }
        result.limbs_[i + b.limbs_.size()] = carry;
    }
    result.trim();
    return result;
}

std::strong_ordering operator<=>(const Natural& a, const Natural& b) noexcept {
    if (a.limbs_.size() != b.limbs_.size()) return a.limbs_.size() <=> b.limbs_.size();
    return std::lexicographical_compare_three_way(a.limbs_.rbegin(), a.limbs_.rend(), b.limbs_.rbegin(),
                                                  b.limbs_.rend());
}

Natural shift_up(const Natural& a, std::size_t bits) {
    Natural result = a >> bits;
    if ((result << bits) != a) result += Natural(1);
    return result;
}

std::pair<Natural, bool> divide(const Natural& a, const Natural& b) {
    Natural quotient, remainder;
    for (std::size_t place = a.bit_width(); place-- > 0;) {
        remainder <<= 1;
        if (a.bit(place)) remainder += Natural(1);
        quotient <<= 1;
        if (remainder >= b) {
            remainder -= b;
            quotient += Natural(1);
        }
    }
    return {std::move(quotient), !remainder.is_zero()};
}

}  // namespace vedette::inline v0::privacy
