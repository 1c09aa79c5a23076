// SPDX-License-Identifier: Apache-2.0
// Thresholds proven by interval arithmetic, and the lazy path.
#include "privacy/exact_law.hpp"

#include <cmath>

namespace vedette::inline v0::privacy {

namespace {

constexpr std::size_t word_bits = 63;
constexpr std::size_t set_up_precision = 192;

}  // namespace

// The weights in order, by recurrence: exp(-(k + 1)^2 r) / exp(-k^2 r) = exp(-r) exp(-2r)^k.
class ExactLaw::Weights {
  public:
    Weights(const Intervals& intervals, LawShape shape, const Rate& rate, std::uint64_t outcomes)
        : intervals_(intervals),
          shape_(shape),
          half_(outcomes / 2),
          weight_(intervals.one()),
          ratio_(intervals.exp_minus(Natural(1), rate)) {
        if (is_gaussian()) step_ = intervals.exp_minus(Natural(1), rate.scaled(1));
        first_ = ratio_;
    }

    [[nodiscard]] Enclosure value() const {
        if (shape_ != LawShape::folded_gaussian || k_ == 0) return weight_;
        return {weight_.low << 1, weight_.high << 1};
    }
    void advance() {
        ++k_;
        if (shape_ == LawShape::signed_geometric && k_ == half_) {
            weight_ = first_;
            return;
        }
        weight_ = intervals_.multiply(weight_, ratio_);
        if (is_gaussian()) ratio_ = intervals_.multiply(ratio_, step_);
    }
    // An upper bound of this and all further weights of an infinite law: they fall at least as fast as a geometric
    // series, whose ratio is at most 1 - 2^-10 for the rates in use.
    [[nodiscard]] Natural tail() const {
        const Natural gap = intervals_.one().high - ratio_.high;
        auto [bound, rest] = divide(value().high << intervals_.precision(), gap);
        return bound + Natural(1);
    }

  private:
    [[nodiscard]] bool is_gaussian() const noexcept { return shape_ <= LawShape::folded_gaussian; }

    const Intervals& intervals_;
    LawShape shape_;
    std::uint64_t half_;
    std::uint64_t k_ = 0;
    Enclosure weight_, ratio_, step_, first_;
};

ExactLaw::ExactLaw(LawShape shape, const Rate& rate, std::uint64_t outcomes)
    : shape_(shape), rate_(rate), outcomes_(outcomes) {
    const Intervals intervals(set_up_precision);
    const Enclosure inverse = intervals.divide(intervals.one(), total(intervals));
    Weights weights(intervals, shape_, rate_, outcomes_);
    std::uint64_t sum = 0;
    for (std::uint64_t k = 0; !is_finite() || k < outcomes_; ++k) {
        const Enclosure probability = intervals.multiply(weights.value(), inverse);
        const std::uint64_t mass = (probability.low >> (set_up_precision - word_bits)).low();
        // In a finite law an outcome without mass keeps its place: others may follow.
        if (mass == 0 && !is_finite()) break;
        sum += mass;
        thresholds_.push_back(static_cast<std::int64_t>(sum) - 1);
        weights.advance();
    }
}

Enclosure ExactLaw::total(const Intervals& intervals) const {
    Weights weights(intervals, shape_, rate_, outcomes_);
    Enclosure sum;
    for (std::uint64_t k = 0; !is_finite() || k < outcomes_; ++k) {
        const Enclosure weight = weights.value();
        if (!is_finite() && weight.high <= Natural(64)) {
            sum.high += weights.tail();
            break;
        }
        sum.low += weight.low;
        sum.high += weight.high;
        weights.advance();
    }
    return sum;
}

std::uint64_t ExactLaw::resolve(std::uint64_t u, detail::Keystream& keystream) const {
    // V = (u + fraction) / 2^63, the fraction by `drawn` bits so far.
    Natural v(u);
    for (std::size_t drawn = 64;; drawn += 64) {
        v = (v << 64) + Natural(keystream.word());
        const std::size_t precision = word_bits + drawn, guarded = precision + 64;
        const Intervals intervals(guarded);
        const Enclosure inverse = intervals.divide(intervals.one(), total(intervals));
        Weights weights(intervals, shape_, rate_, outcomes_);
        const Enclosure value{v << 64, (v + Natural(1)) << 64};
        const std::int64_t start = thresholds_.back() + 1;
        Enclosure end{Natural(static_cast<std::uint64_t>(start)) << (guarded - word_bits), {}};
        end.high = end.low;
        for (std::uint64_t k = 0;; ++k) {
            if (is_finite() && k + 1 == outcomes_) return k;
            // The part of outcome k: p_k less its mass, which is a multiple of 2^-63.
            const Enclosure probability = intervals.multiply(weights.value(), inverse);
            Natural mass;
            if (k < thresholds_.size()) {
                const std::int64_t before = k == 0 ? -1 : thresholds_[k - 1];
                mass = Natural(static_cast<std::uint64_t>(thresholds_[k] - before)) << (guarded - word_bits);
            }
            end.low += probability.low > mass ? probability.low - mass : Natural();
            end.high += probability.high - mass;
            if (value.high <= end.low) return k;
            if (value.low < end.high) break;  // undecided: more bits
            weights.advance();
        }
    }
}

bool resolve_exp_bernoulli(const Natural& n, const Rate& rate, std::uint64_t word, detail::Keystream& keystream) {
    Natural v(word);
    for (std::size_t precision = 128;; precision += 64) {
        v = (v << 64) + Natural(keystream.word());
        const Enclosure probability = Intervals(precision).exp_minus(n, rate);
        if (v + Natural(1) <= probability.low) return true;
        if (v >= probability.high) return false;
    }
}

bool resolve_exp_bernoulli(double x, std::uint64_t word, detail::Keystream& keystream) {
    const auto [mantissa, rate] = Rate::split(x);
    return resolve_exp_bernoulli(Natural(mantissa), rate, word, keystream);
}

std::uint64_t top_word(double x) noexcept {
    const double scaled = std::ldexp(x, 64);
    return scaled >= 0x1p64 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(scaled);
}

// All steps are exact: scaling by 2^64, and taking the integer part off.
bool resolve_bernoulli(double p, detail::Keystream& keystream) {
    if (p == 1.0) return true;
    std::uint64_t top = top_word(p);
    for (double rest = p;;) {
        rest = std::ldexp(rest, 64) - static_cast<double>(top);
        if (rest == 0.0) return false;
        top = top_word(rest);
        const std::uint64_t word = keystream.word();
        if (word != top) return word < top;
    }
}

std::uint64_t exp_threshold(double x) {
    const auto [mantissa, rate] = Rate::split(x);
    const Natural low = Intervals(set_up_precision).exp_minus(Natural(mantissa), rate).low >> (set_up_precision - 64);
    return low.bit_width() > 64 ? ~std::uint64_t{0} : low.low();
}

std::uint64_t binary_rate(const Rate& rate, std::size_t shift) {
    const Intervals intervals(set_up_precision);
    const Enclosure ratio = intervals.divide(intervals.scaled(Natural::power_of_two(shift), rate), intervals.log_two());
    return (ratio.low >> set_up_precision).low();
}

}  // namespace vedette::inline v0::privacy
