// SPDX-License-Identifier: Apache-2.0
// Coins with integer thresholds, and estimators that undo them.
#include "vedette/privacy/randomized_response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "privacy/arguments.hpp"
#include "privacy/draws.hpp"
#include "privacy/enclosure.hpp"
#include "privacy/odds.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bernoulli.hpp"

namespace vedette::inline v0::privacy {

// With x = e^-epsilon, T / 2^64 >= m x / (1 + m x) is what the odds ask for; the quotient's upper end, rounded up.
std::uint64_t lie_threshold(double epsilon, std::uint64_t others) {
    const Intervals intervals(192);
    const auto [mantissa, rate] = Rate::split(epsilon);
    const Enclosure x = intervals.exp_minus(Natural(mantissa), rate);
    const Enclosure weight{x.low * Natural(others), x.high * Natural(others)};
    const Enclosure one = intervals.one();
    const Enclosure share = intervals.divide(weight, {one.low + weight.low, one.high + weight.high});
    return shift_up(share.high, intervals.precision() - 64).low();
}

namespace {

constexpr std::uint32_t most_categories = 1U << 20U;

double checked_epsilon(Epsilon epsilon) {
    require_within("epsilon", epsilon.value(), RandomizedResponse::least_epsilon, RandomizedResponse::largest_epsilon);
    return epsilon.value();
}

std::uint32_t checked_categories(std::uint32_t categories) {
    if (categories < 2 || categories > most_categories)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("categories is {}: it must be from 2 to {}", categories, most_categories));
    return categories;
}

void check_truth(std::uint32_t truth, std::uint32_t categories) {
    // The value is the respondent's secret: the message does not tell it.
    if (truth >= categories)
        throw Error(ErrorCode::invalid_argument, fmt::format("truth: it must be below {} categories", categories));
}

void check_truths(std::span<const std::uint32_t> truths, std::size_t places, std::uint32_t categories) {
    if (truths.size() != places)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("out has {} places for {} truths", places, truths.size()));
    for (const std::uint32_t truth : truths) check_truth(truth, categories);
}

void check_bits(std::uint32_t truth, std::size_t places, std::uint32_t categories) {
    check_truth(truth, categories);
    if (places != categories)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("bits has {} places for {} categories", places, categories));
}

// A report names the category with probability `kept` where it is true and `false_share` elsewhere.
ShareEstimate undo(double kept, double false_share, std::uint64_t named, std::uint64_t reports,
                   const stats::Confidence& confidence) {
    if (reports == 0 || named > reports)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("named is {} of {} reports: it must be at most all, of at least one", named, reports));
    const double gap = kept - false_share, n = static_cast<double>(reports), rate = static_cast<double>(named) / n;
    const auto share_of = [&](double r) { return (r - false_share) / gap; };
    const Interval rates = stats::clopper_pearson(named, reports, confidence);
    ShareEstimate estimate;
    estimate.share = share_of(rate);
    estimate.variance =
        reports == 1 ? std::numeric_limits<double>::quiet_NaN() : rate * (1.0 - rate) / ((n - 1.0) * gap * gap);
    estimate.interval = {std::clamp(share_of(rates.lower), 0.0, 1.0), std::clamp(share_of(rates.upper), 0.0, 1.0)};
    return estimate;
}

double as_probability(std::uint64_t threshold) noexcept {
    return std::ldexp(static_cast<double>(threshold), -64);
}

}  // namespace

RandomizedResponse::RandomizedResponse(Epsilon epsilon, std::uint32_t categories)
    : epsilon_(checked_epsilon(epsilon)),
      categories_(checked_categories(categories)),
      lie_threshold_(lie_threshold(epsilon_, categories_ - 1U)) {}

PrivacyLossDistribution RandomizedResponse::privacy_loss() const {
    return PrivacyLossDistribution::randomized_response(epsilon_, categories_);
}

double RandomizedResponse::truth_probability() const noexcept {
    return as_probability(0U - lie_threshold_);
}

void RandomizedResponse::respond(std::span<const std::uint32_t> truths, std::span<std::uint32_t> out,
                                 detail::Keystream& keystream) const {
    check_truths(truths, out.size(), categories_);
    ZeroOnFailure guard(out);
    const UniformInteger other(categories_ - 1U);
    SecretArray<std::uint64_t, draw_tile> steps;
    for (std::size_t begin = 0; begin < out.size(); begin += draw_tile) {
        const std::size_t count = std::min(draw_tile, out.size() - begin);
        other.sample({steps.data(), count}, keystream);
        const std::uint64_t* const words = keystream.borrow(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t is_lie = words[i] < lie_threshold_ ? 1U : 0U;
            const std::uint64_t answer = truths[begin + i] + is_lie * (1U + steps[i]);
            out[begin + i] = static_cast<std::uint32_t>(answer - (answer >= categories_ ? categories_ : 0U));
        }
    }
    keystream.forget();
    guard.done();
}

void RandomizedResponse::respond(std::span<const std::uint32_t> truths, std::span<std::uint32_t> out) const {
    check_truths(truths, out.size(), categories_);
    ZeroOnFailure guard(out);  // before the keystream is made, which may fail: `out` may hold the truths
    respond(truths, out, detail::Keystream::of_this_thread());
    guard.done();
}

std::uint32_t RandomizedResponse::respond(std::uint32_t truth) const {
    std::uint32_t answer = 0;
    respond({&truth, 1}, {&answer, 1});
    return answer;
}

ShareEstimate RandomizedResponse::estimate(std::uint64_t named, std::uint64_t reports,
                                           const stats::Confidence& confidence) const {
    const double lie = as_probability(lie_threshold_);
    return undo(truth_probability(), lie / (categories_ - 1.0), named, reports, confidence);
}

UnaryEncoding::UnaryEncoding(Epsilon epsilon, std::uint32_t categories, UnaryForm form)
    : epsilon_(checked_epsilon(epsilon)),
      categories_(checked_categories(categories)),
      true_one_(std::uint64_t{1} << 63U),
      false_one_(0) {
    // Two truths differ in two bits. Symmetric: the square of one bit's odds. Optimised: the one's odds cancel.
    false_one_ = lie_threshold(form == UnaryForm::symmetric ? epsilon_ / 2.0 : epsilon_, 1);
    if (form == UnaryForm::symmetric) true_one_ = 0U - false_one_;
}

double UnaryEncoding::true_one_probability() const noexcept {
    return as_probability(true_one_);
}
double UnaryEncoding::false_one_probability() const noexcept {
    return as_probability(false_one_);
}

void UnaryEncoding::respond(std::uint32_t truth, std::span<std::uint8_t> bits, detail::Keystream& keystream) const {
    check_bits(truth, bits.size(), categories_);
    ZeroOnFailure guard(bits);
    for (std::size_t begin = 0; begin < bits.size(); begin += draw_tile) {
        const std::size_t count = std::min(draw_tile, bits.size() - begin);
        const std::uint64_t* const words = keystream.borrow(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t is_truth = 0U - static_cast<std::uint64_t>(begin + i == truth);
            const std::uint64_t threshold = false_one_ ^ ((false_one_ ^ true_one_) & is_truth);
            bits[begin + i] = static_cast<std::uint8_t>(words[i] < threshold);
        }
    }
    keystream.forget();
    guard.done();
}

void UnaryEncoding::respond(std::uint32_t truth, std::span<std::uint8_t> bits) const {
    check_bits(truth, bits.size(), categories_);
    ZeroOnFailure guard(bits);
    respond(truth, bits, detail::Keystream::of_this_thread());
    guard.done();
}

ShareEstimate UnaryEncoding::estimate(std::uint64_t ones, std::uint64_t reports,
                                      const stats::Confidence& confidence) const {
    return undo(true_one_probability(), false_one_probability(), ones, reports, confidence);
}

}  // namespace vedette::inline v0::privacy
