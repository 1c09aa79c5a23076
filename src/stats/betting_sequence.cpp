// SPDX-License-Identifier: Apache-2.0
// The hedged capital process over a lattice of candidate means, and its bytes.
#include "vedette/stats/betting_sequence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr const char* kind = "betting_confidence_sequence";
constexpr std::uint64_t most_count = std::uint64_t{1} << 53U;
constexpr std::size_t least_cells = 16;
constexpr std::size_t most_cells = 65536;
// A factor of wealth lies in [1 - largest_bet, 1 + largest_bet * cells], within [2^-7, 2^16], but for bets against 0
// and 1, which win at most 1 + sqrt(8 ln(2/level)/ln 2) < 91: the product of so many is a normal number.
constexpr std::uint64_t updates_between = 32;
constexpr double most_powers = 17.0;  // of two, in an update

const BettingSequenceOptions& checked(const BettingSequenceOptions& options) {
    const auto refuse = [](const char* option, double value, const char* limit) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("betting sequence: {} is {}, must be in {}", option, value, limit));
    };
    if (!(options.level >= 1e-300 && options.level < 1.0)) refuse("level", options.level, "[1e-300, 1)");
    if (!(options.largest_bet >= 0.01 && options.largest_bet <= 0.99))
        refuse("largest_bet", options.largest_bet, "[0.01, 0.99]");
    if (options.cells < least_cells || options.cells > most_cells)
        refuse("cells", static_cast<double>(options.cells), "[16, 65536]");
    const double range = options.upper - options.lower;
    if (!(range >= std::numeric_limits<double>::min() && std::isfinite(range)))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("betting sequence: the range [{}, {}] must be finite and not empty", options.lower,
                                options.upper));
    return options;
}

bool same(const BettingSequenceOptions& a, const BettingSequenceOptions& b) noexcept {
    return a.level == b.level && a.lower == b.lower && a.upper == b.upper && a.cells == b.cells &&
           a.largest_bet == b.largest_bet;
}

void require_readable(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("betting sequence: ") + what);
}

}  // namespace

BettingConfidenceSequence::Side::Side(std::size_t candidates)
    : significands(candidates, 1.0), exponents(candidates, 0) {}

// Significands in [1, 2): exact, so that when it is done changes nothing.
void BettingConfidenceSequence::Side::normalise() noexcept {
    for (std::size_t i = 0; i < significands.size(); ++i) {
        int exponent = 0;
        significands[i] = 2.0 * std::frexp(significands[i], &exponent);
        exponents[i] += exponent - 1;
    }
}

double BettingConfidenceSequence::Side::log_wealth(std::size_t candidate) const noexcept {
    return std::log(significands[candidate]) + std::numbers::ln2 * static_cast<double>(exponents[candidate]);
}

BettingConfidenceSequence::BettingConfidenceSequence(const BettingSequenceOptions& options)
    : options_(checked(options)), above_(options.cells + 1), below_(options.cells + 1) {}

double BettingConfidenceSequence::candidate(std::size_t index) const noexcept {
    return static_cast<double>(index) / static_cast<double>(options_.cells);
}

double BettingConfidenceSequence::value_at(std::size_t index) const noexcept {
    if (index == options_.cells) return options_.upper;
    return options_.lower + (options_.upper - options_.lower) * candidate(index);
}

// The stake on the next value, of what is known before it.
double BettingConfidenceSequence::bet() const noexcept {
    const double next = static_cast<double>(count_) + 1.0;
    const double variance = (0.25 + squares_) / next;
    return std::sqrt(2.0 * std::log(2.0 / options_.level) / (variance * next * std::log1p(next)));
}

bool BettingConfidenceSequence::update(double value) noexcept {
    if (!(value >= options_.lower && value <= options_.upper) || count_ >= most_count) return false;
    const double share = std::clamp((value - options_.lower) / (options_.upper - options_.lower), 0.0, 1.0);
    const double stake = bet();
    const double most = options_.largest_bet;
    const std::size_t cells = options_.cells;
    const double scale = 1.0 / static_cast<double>(cells);
    double* above = above_.significands.data();
    double* below = below_.significands.data();
    above[0] *= 1.0 + stake * share;
    below[0] *= 1.0 - std::min(stake, most) * share;
    for (std::size_t i = 1; i < cells; ++i) {
        const double mean = static_cast<double>(static_cast<std::int32_t>(i)) * scale;
        const double apart = share - mean;
        above[i] *= 1.0 + std::min(stake, most / mean) * apart;
        below[i] *= 1.0 - std::min(stake, most / (1.0 - mean)) * apart;
    }
    above[cells] *= 1.0 + std::min(stake, most) * (share - 1.0);
    below[cells] *= 1.0 - stake * (share - 1.0);
    if (++unnormalised_ == updates_between) {
        above_.normalise();
        below_.normalise();
        unnormalised_ = 0;
    }
    ++count_;
    sum_ += share;
    const double deviation = share - (0.5 + sum_) / (static_cast<double>(count_) + 1.0);
    squares_ += deviation * deviation;
    return true;
}

void BettingConfidenceSequence::reset() noexcept {
    for (Side* side : {&above_, &below_}) {
        std::ranges::fill(side->significands, 1.0);
        std::ranges::fill(side->exponents, 0);
    }
    count_ = unnormalised_ = 0;
    sum_ = squares_ = 0.0;
}

void BettingConfidenceSequence::merge(const BettingConfidenceSequence& other) {
    if (&other == this)
        throw Error(ErrorCode::invalid_argument, "betting sequence: merged with itself, each value would count twice");
    if (!same(options_, other.options_))
        throw Error(ErrorCode::invalid_argument, "betting sequence: merged with one of other options");
    if (other.count_ > most_count - count_)
        throw Error(ErrorCode::overflow, "betting sequence: merged counts exceed 2^53");
    const auto multiply = [](Side& side, Side by) {
        side.normalise();
        by.normalise();
        for (std::size_t i = 0; i < side.significands.size(); ++i) {
            side.significands[i] *= by.significands[i];
            side.exponents[i] += by.exponents[i];
        }
        side.normalise();
    };
    multiply(above_, other.above_);
    multiply(below_, other.below_);
    unnormalised_ = 0;
    count_ += other.count_;
    sum_ += other.sum_;
    squares_ += other.squares_;
}

double BettingConfidenceSequence::mean() const noexcept {
    if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return options_.lower + (options_.upper - options_.lower) * (sum_ / static_cast<double>(count_));
}

// Wealth above a candidate falls with it, wealth below it rises: what is left is an interval.
Interval BettingConfidenceSequence::bounds() const noexcept {
    const double enough = std::log(2.0 / options_.level);
    std::size_t kept = 0;                  // the first candidate that is not too low
    std::size_t end = options_.cells + 1;  // the first of the candidates that are too high
    for (std::size_t high = end; kept < high;) {
        const std::size_t middle = kept + (high - kept) / 2;
        if (above_.log_wealth(middle) >= enough)
            kept = middle + 1;
        else
            high = middle;
    }
    for (std::size_t low = 0; low < end;) {
        const std::size_t middle = low + (end - low) / 2;
        if (below_.log_wealth(middle) >= enough)
            end = middle;
        else
            low = middle + 1;
    }
    // A mean between two candidates of which one is too low and the next too high may be right.
    if (kept > end) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
    return {value_at(kept == 0 ? 0 : kept - 1), value_at(std::min(end, options_.cells))};
}

std::vector<std::byte> BettingConfidenceSequence::serialize() const {
    Side above = above_;
    Side below = below_;
    above.normalise();
    below.normalise();
    ContainerWriter writer;
    writer.add("options", std::vector<double>{options_.level, options_.lower, options_.upper, options_.largest_bet});
    writer.add_scalar("cells", static_cast<std::uint64_t>(options_.cells));
    writer.add_scalar("count", count_);
    writer.add("sums", std::vector<double>{sum_, squares_});
    writer.add("above", above.significands);
    writer.add("above_exponents", above.exponents);
    writer.add("below", below.significands);
    writer.add("below_exponents", below.exponents);
    return writer.finish(kind);
}

BettingConfidenceSequence BettingConfidenceSequence::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    const auto options = file.values<double>("options", 4);
    const auto cells = file.scalar<std::uint64_t>("cells");
    require_readable(cells >= least_cells && cells <= most_cells, "a number of cells out of range");
    const auto candidates = static_cast<std::size_t>(cells) + 1;
    const auto sums = file.values<double>("sums", 2);
    const auto count = file.scalar<std::uint64_t>("count");
    const auto most = static_cast<double>(count);
    const auto read_side = [&](const char* significands, const char* exponents) {
        Side side(candidates);
        std::ranges::copy(file.values<double>(significands, candidates), side.significands.begin());
        std::ranges::copy(file.values<std::int64_t>(exponents, candidates), side.exponents.begin());
        for (std::size_t i = 0; i < candidates; ++i)
            require_readable(side.significands[i] >= 1.0 && side.significands[i] < 2.0 &&
                                 std::abs(static_cast<double>(side.exponents[i])) <= most_powers * most,
                             "a wealth that no bets lead to");
        return side;
    };
    try {
        BettingConfidenceSequence sequence({options[0], options[1], options[2], candidates - 1, options[3]});
        sequence.above_ = read_side("above", "above_exponents");
        sequence.below_ = read_side("below", "below_exponents");
        sequence.count_ = count;
        sequence.sum_ = sums[0];
        sequence.squares_ = sums[1];
        require_readable(
            sequence.count_ <= most_count && sums[0] >= 0.0 && sums[0] <= most && sums[1] >= 0.0 && sums[1] <= most,
            "sums that no values can have");
        require_readable(std::ranges::equal(sequence.serialize(), bytes), "not in canonical form");
        return sequence;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::invalid_argument) throw Error(ErrorCode::corrupt_data, error.what());
        throw;
    }
}

}  // namespace vedette::inline v0::stats
