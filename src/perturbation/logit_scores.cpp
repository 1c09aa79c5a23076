// SPDX-License-Identifier: Apache-2.0
// Scores of logits from the kernels' sums, and the search for the largest classes.
#include "vedette/perturbation/logit_scores.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "kernels/dispatch.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

using kernels::ScoreKernels;

constexpr const char* file_kind = "logit_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

// Mean and standard deviation of some logits, spread over the row: where to look for the largest classes. A wrong guess
// costs a pass, no exactness.
struct Spread {
    float mean = 0.0F, deviation = 0.0F;

    Spread(const float* z, std::size_t count) noexcept {
        // Loops over plain arrays g++ unrolls before it could see vectors.
        using Lanes = float __attribute__((vector_size(16)));
        constexpr std::size_t lanes = 4, blocks = 32;
        const std::size_t step = count / blocks;
        if (step < lanes) return;
        Lanes sums{}, squares{};
        for (std::size_t b = 0; b < blocks; ++b) {
            Lanes x;
            std::memcpy(&x, z + b * step, sizeof(x));
            sums += x;
            squares += x * x;
        }
        constexpr float share = 1.0F / (lanes * blocks);
        mean = share * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
        deviation = std::sqrt(share * ((squares[0] + squares[1]) + (squares[2] + squares[3])) - mean * mean);
    }
};

// A row of floats, read in place, in one part.
class FloatRow {
  public:
    explicit FloatRow(std::span<const float> logits) noexcept : logits_(logits) {}
    [[nodiscard]] std::size_t size() const noexcept { return logits_.size(); }
    template <class Each>
    void for_each_part(const ScoreKernels&, Each&& each) noexcept {
        each(logits_.data(), logits_.size());
    }
    [[nodiscard]] Spread spread() const noexcept { return {logits_.data(), logits_.size()}; }

  private:
    std::span<const float> logits_;
};

// A row of halves, widened part by part; once for all passes where it is one part.
class HalfRow {
  public:
    HalfRow(std::span<const std::uint16_t> logits, bool is_bfloat16) noexcept
        : logits_(logits), is_bfloat16_(is_bfloat16) {}
    [[nodiscard]] std::size_t size() const noexcept { return logits_.size(); }
    template <class Each>
    void for_each_part(const ScoreKernels& kernels, Each&& each) noexcept {
        for (std::size_t begin = 0; begin < logits_.size(); begin += part_size) {
            const std::size_t count = std::min(part_size, logits_.size() - begin);
            if (!widened_) (is_bfloat16_ ? kernels.widen_bfloat16 : kernels.widen_half)(&logits_[begin], count, part_);
            widened_ = logits_.size() <= part_size;
            each(static_cast<const float*>(part_), count);
        }
    }
    // Of the part that was widened last.
    [[nodiscard]] Spread spread() const noexcept {
        return {part_, logits_.size() <= part_size ? logits_.size() : part_size};
    }

  private:
    static constexpr std::size_t part_size = 4096;
    static_assert(part_size % kernels::logit_group == 0);

    std::span<const std::uint16_t> logits_;
    bool is_bfloat16_;
    bool widened_ = false;
    float part_[part_size];
};

// In halves, always the same way.
double fold(const double (&x)[kernels::logit_lanes]) noexcept {
    static_assert(kernels::logit_lanes == 16);
    const auto four = [&x](std::size_t i) { return (x[i] + x[i + 8]) + (x[i + 4] + x[i + 12]); };
    return (four(0) + four(2)) + (four(1) + four(3));
}

template <class Row>
std::size_t count_at_least(Row& row, const ScoreKernels& kernels, float limit) noexcept {
    std::size_t count = 0;
    row.for_each_part(kernels, [&](const float* z, std::size_t n) { count += kernels.count_at_least(z, n, limit); });
    return count;
}

// Integers ordered as floats are.
std::int32_t key_of(float x) noexcept {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return bits < 0 ? bits ^ 0x7FFFFFFF : bits;
}
float float_of(std::int32_t key) noexcept {
    return std::bit_cast<float>(key < 0 ? key ^ 0x7FFFFFFF : key);
}

// The largest logits: all above `threshold`, and as many `at_threshold` as it takes.
struct Largest {
    float threshold;
    std::size_t above;
};

// Between two logits that few others lie between: the `rank`-th largest of those, and how many are above it. Each is
// compared with each, since a branch per comparison would be guessed wrong every other time.
constexpr std::size_t most_candidates = 16;
template <class Row>
Largest find_between(Row& row, const ScoreKernels& kernels, float low, float high, std::size_t count_high,
                     std::size_t wanted) noexcept {
    float candidates[most_candidates + kernels::logit_lanes];
    std::size_t found = 0;
    row.for_each_part(kernels, [&](const float* z, std::size_t n) {
        found += kernels.collect_between(z, n, low, high, candidates + found);
    });
    const auto rank = static_cast<std::int32_t>(wanted - count_high);
    if (rank > static_cast<std::int32_t>(found)) return {low, count_high + found};
    std::fill(candidates + found, candidates + most_candidates, minus_infinity);
    std::int32_t not_below[most_candidates] = {};
    for (std::size_t k = 0; k < found; ++k)
        for (std::size_t i = 0; i < most_candidates; ++i) not_below[i] += candidates[k] >= candidates[i] ? 1 : 0;
    float threshold = minus_infinity;
    for (std::size_t i = 0; i < most_candidates; ++i)
        threshold = std::max(threshold, not_below[i] >= rank ? candidates[i] : minus_infinity);
    std::size_t above = 0;
    for (std::size_t i = 0; i < most_candidates; ++i) above += candidates[i] > threshold ? 1 : 0;
    return {threshold, count_high + above};
}

// About log2(a / b) for positive numbers, and of its sign.
double log2_ratio(double a, double b) noexcept {
    const auto bits = [](double x) { return static_cast<double>(std::bit_cast<std::int64_t>(x)) * 0x1p-52; };
    return bits(a) - bits(b);
}
double error_of(std::size_t count, double wanted) noexcept {
    return log2_ratio(static_cast<double>(count), wanted);
}

// Two logits the `wanted`-th largest lies between: count(>= low) >= wanted > count(>= high).
struct Bracket {
    float low, high;
    std::size_t count_low, count_high;
    double error_low, error_high;
    int passes = 0;
    bool is_empty = false;                                  // nothing lies between
    float guess = std::numeric_limits<float>::quiet_NaN();  // where to look first, if it is between

    [[nodiscard]] bool holds(float x) const noexcept { return x > low && x < high; }
    // One more pass found `count` at or above `middle`. No branch: it would be guessed wrong every other time. True if
    // `low` rose.
    bool take(float middle, std::size_t count, std::size_t wanted) noexcept {
        const double error = error_of(count, static_cast<double>(wanted) - 0.5);
        const bool is_low = count >= wanted;
        low = is_low ? middle : low;
        high = is_low ? high : middle;
        count_low = is_low ? count : count_low;
        count_high = is_low ? count_high : count;
        error_low = is_low ? error : 0.5 * error_low;
        error_high = is_low ? 0.5 * error_high : error;
        return is_low;
    }
};

// About what a share of normal values lies above (Abramowitz and Stegun 26.2.22), at most a half.
float normal_quantile(double share) noexcept {
    const auto t = static_cast<float>(std::sqrt(-2.0 * 0.693 * log2_ratio(std::min(share, 0.5), 1.0)));
    return t - (2.30753F + 0.27061F * t) / (1.0F + t * (0.99229F + 0.04481F * t));
}

// Until at most `enough` lie at or above `low`, or few between. First by the guess, then by the rule of false position
// (Illinois) on the logarithm of the counts, then by halving the bits: no logits take more than 10 + 32 passes. Of the
// row's logits `elsewhere` more are above all.
template <class Row>
void narrow(Row& row, const ScoreKernels& kernels, std::size_t wanted, std::size_t enough, std::size_t elsewhere,
            Bracket& b) noexcept {
    constexpr int guesses = 10;
    while (b.count_low - b.count_high > most_candidates && b.count_low > enough) {
        float middle = b.low + (b.high - b.low) * static_cast<float>(b.error_low / (b.error_low - b.error_high));
        middle = b.holds(b.guess) ? b.guess : middle;
        b.guess = std::numeric_limits<float>::quiet_NaN();
        if (b.passes++ >= guesses || !b.holds(middle)) {
            const auto sum = std::int64_t{key_of(b.low)} + key_of(b.high);
            middle = float_of(static_cast<std::int32_t>(sum >= 0 ? sum / 2 : (sum - 1) / 2));
            if (!b.holds(middle)) {
                b.is_empty = true;
                return;
            }
        }
        const std::size_t count = elsewhere + count_at_least(row, kernels, middle);
        b.take(middle, count, wanted);
    }
}

// Sums over what lies between two logits, gathered before: the few terms of many classes would leave lanes idle.
template <class Row>
double sum_terms_between(Row& row, const ScoreKernels& kernels, const kernels::EntropyTerms& terms,
                         float low) noexcept {
    constexpr std::size_t block = 512;
    double lanes[kernels::logit_lanes] = {};
    float gathered[2 * block + kernels::logit_lanes];
    std::size_t count = 0;
    row.for_each_part(kernels, [&](const float* z, std::size_t n) {
        for (std::size_t i = 0; i < n; i += block) {
            count += kernels.collect_between(z + i, std::min(block, n - i), low, terms.largest, gathered + count);
            if (count < block) continue;
            kernels.entropy_sums(gathered, block, &terms, lanes);
            count -= block;
            std::copy_n(gathered + block, count, gathered);
        }
    });
    kernels.entropy_sums(gathered, count, &terms, lanes);
    return fold(lanes);
}

double entropy_term(double log_p, double rest, double gamma) noexcept {
    return rest > 0.0 ? std::exp(gamma * (log_p + std::log(rest))) : 0.0;
}

// Total of exp(z - largest), its logarithm, and that of all but one of the largest.
struct Total {
    double all;
    double others;
    double log_all;
};

// What the sums over the largest classes take.
struct EntropySum {
    kernels::EntropyTerms terms;
    std::size_t wanted;
    std::size_t at_largest;
    double log_total;
    double gamma;

    // Over the `wanted` largest but those at the largest, of a row with `elsewhere` more above all.
    template <class Row>
    double over(Row& row, const ScoreKernels& kernels, Bracket& bracket, std::size_t elsewhere) const noexcept {
        narrow(row, kernels, wanted, 0, elsewhere, bracket);
        const Largest largest = bracket.is_empty
                                    ? Largest{bracket.low, bracket.count_high}
                                    : find_between(row, kernels, bracket.low, bracket.high, bracket.count_high, wanted);
        const double sum = sum_terms_between(row, kernels, terms, largest.threshold);
        if (largest.above >= wanted) return sum;
        const double log_p = static_cast<double>(largest.threshold) - static_cast<double>(terms.largest) - log_total;
        return sum + static_cast<double>(wanted - largest.above) * entropy_term(log_p, -std::expm1(log_p), gamma);
    }
};

template <class Row>
double generalised_entropy(Row& row, const ScoreKernels& kernels, const kernels::LogitRange& range,
                           std::size_t at_largest, const Total& total, const LogitScoreOptions& options) noexcept {
    constexpr std::size_t most_gathered = 512, most_at_once = 1024;
    const std::size_t wanted = std::min(options.largest_classes, row.size());
    const double log_total = total.log_all;
    const double first = entropy_term(-log_total, total.others / total.all, options.gamma);
    if (wanted <= at_largest) return static_cast<double>(wanted) * first;
    const EntropySum sum{{range.largest, static_cast<float>(1.0 / total.all),
                          static_cast<float>(log_total * 1.4426950408889634074), static_cast<float>(options.gamma)},
                         wanted,
                         at_largest,
                         log_total,
                         options.gamma};
    const double at_top = static_cast<double>(at_largest) * first;
    const std::size_t finite = range.has_minus_infinity ? count_at_least(row, kernels, range.lowest) : row.size();
    if (finite <= wanted) return at_top + sum_terms_between(row, kernels, sum.terms, minus_infinity);
    const double target = static_cast<double>(wanted) - 0.5;
    Bracket bracket{
        range.lowest, range.largest, finite, at_largest, error_of(finite, target), error_of(at_largest, target)};
    if (wanted <= most_gathered / 2 && row.size() > most_gathered) {
        // Were logits normal, two fifths more than wanted would lie above the first guess; and the density over the
        // share above, x standard deviations above the mean, would be about 3/4 + 0.85 x.
        const Spread spread = row.spread();
        const float above = normal_quantile(1.4 * static_cast<double>(wanted) / static_cast<double>(row.size()));
        bracket.guess = spread.mean + spread.deviation * above;
        // Those that may be among them, in order: what follows passes over few.
        float gathered[most_at_once + kernels::logit_lanes];
        std::size_t count = 0;
        const auto gather = [&](float low) noexcept {
            count = 0;
            // Not by keys: before that of 0 comes -0, which is no less.
            const float below = std::nextafter(low, minus_infinity);
            row.for_each_part(kernels, [&](const float* z, std::size_t n) {
                count += kernels.collect_between(z, n, below, range.largest, gathered + count);
            });
        };
        bool is_gathered = false;
        if (row.size() <= most_at_once && bracket.holds(bracket.guess)) {
            gather(bracket.guess);
            is_gathered = bracket.take(bracket.guess, at_largest + count, wanted);
        }
        if (!is_gathered) {
            narrow(row, kernels, wanted, most_gathered, 0, bracket);
            is_gathered = !bracket.is_empty && bracket.count_low <= most_gathered;
            if (is_gathered) gather(bracket.low);
        }
        if (is_gathered) {
            FloatRow few(std::span<const float>(gathered, count));
            bracket.guess = bracket.low +
                            spread.deviation * static_cast<float>(0.693 * bracket.error_low) / (0.75F + 0.85F * above);
            return at_top + sum.over(few, kernels, bracket, at_largest);
        }
    }
    return at_top + sum.over(row, kernels, bracket, 0);
}

// What one pass over the exponentials gives; `needs` tells which kinds are asked for.
template <class Row>
LogitScores score_row(Row row, const LogitScoreOptions& options, unsigned needs) noexcept {
    const auto needs_kind = [needs](LogitScoreKind kind) { return (needs >> static_cast<unsigned>(kind) & 1U) != 0; };
    LogitScores scores{not_a_number, not_a_number, not_a_number, not_a_number, not_a_number, not_a_number};
    if (options.classes != 0 && row.size() != options.classes) return scores;
    const ScoreKernels& kernels = kernels::kernels().scores;
    kernels::LogitRange range;
    row.for_each_part(kernels, [&](const float* z, std::size_t n) { kernels.logit_range(z, n, &range); });
    if (range.has_nan || !std::isfinite(range.largest)) return scores;
    const double largest = range.largest;
    scores.max_logit = -largest;
    if (needs == 1U << static_cast<unsigned>(LogitScoreKind::max_logit)) return scores;
    const std::size_t at_largest = range.second < range.largest ? 1 : count_at_least(row, kernels, range.largest);
    const auto total_at = [&](double temperature, double& weighted) {
        kernels::LogitSums sums;
        const auto inverse = static_cast<float>(1.0 / temperature);
        row.for_each_part(
            kernels, [&](const float* z, std::size_t n) { kernels.logit_sums(z, n, range.largest, inverse, &sums); });
        weighted = fold(sums.weighted) * (0.69314718055994530942 / 8.0);  // of powers of 2, in eighths
        const double others = static_cast<double>(at_largest - 1) + fold(sums.exponentials);
        return Total{1.0 + others, others, std::log1p(others)};
    };
    double weighted = 0.0;
    const Total total = total_at(options.temperature, weighted);
    const double log_total = total.log_all;
    scores.max_softmax = total.others / total.all;
    scores.energy = -(largest + options.temperature * log_total);
    scores.entropy = log_total - weighted / total.all;
    const double gap = (static_cast<double>(range.second) - largest) / options.temperature;
    scores.margin = std::expm1(gap) / total.all;
    if (!needs_kind(LogitScoreKind::generalised_entropy)) return scores;
    if (options.temperature == 1.0) {
        scores.generalised_entropy = generalised_entropy(row, kernels, range, at_largest, total, options);
    } else {
        const Total plain = total_at(1.0, weighted);
        scores.generalised_entropy = generalised_entropy(row, kernels, range, at_largest, plain, options);
    }
    return scores;
}

constexpr unsigned every_kind = 0x3F;

double pick(const LogitScores& scores, LogitScoreKind kind) noexcept {
    switch (kind) {
        case LogitScoreKind::max_softmax: return scores.max_softmax;
        case LogitScoreKind::max_logit: return scores.max_logit;
        case LogitScoreKind::energy: return scores.energy;
        case LogitScoreKind::generalised_entropy: return scores.generalised_entropy;
        case LogitScoreKind::entropy: return scores.entropy;
        case LogitScoreKind::margin: return scores.margin;
    }
    return not_a_number;
}

LogitScores score_halves(std::span<const std::uint16_t> logits, Dtype dtype, const LogitScoreOptions& options,
                         unsigned needs) noexcept {
    if (dtype != Dtype::f16 && dtype != Dtype::bf16) logits = {};  // an empty row's scores are NaN
    return score_row(HalfRow(logits, dtype == Dtype::bf16), options, needs);
}

}  // namespace

LogitScore::LogitScore(LogitScoreKind kind, const LogitScoreOptions& options) : kind_(kind), options_(options) {
    const auto refuse = [](const char* option, double value, const char* limit) {
        throw Error(ErrorCode::invalid_argument,
                    std::string("LogitScore: ") + option + " is " + std::to_string(value) + ", must lie in " + limit);
    };
    if (static_cast<unsigned>(kind) > static_cast<unsigned>(LogitScoreKind::margin))
        refuse("kind", static_cast<double>(kind), "0 to 5");
    if (!(options.temperature >= 1e-6 && options.temperature <= 1e6))
        refuse("temperature", options.temperature, "[1e-6, 1e6]");
    if (!(options.gamma > 0.0 && options.gamma <= 1.0)) refuse("gamma", options.gamma, "(0, 1]");
    if (options.largest_classes == 0) refuse("largest_classes", 0.0, "1 and more");
}

std::vector<std::byte> LogitScore::serialize() const {
    ContainerWriter writer;
    writer.add_scalar("kind", static_cast<std::uint8_t>(kind_));
    writer.add("numbers", std::vector<double>{options_.temperature, options_.gamma});
    writer.add("counts", std::vector<std::uint64_t>{options_.largest_classes, options_.classes});
    return writer.finish(file_kind);
}

LogitScore LogitScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto numbers = file.values<double>("numbers", 2);
    const auto counts = file.values<std::uint64_t>("counts", 2);
    if (file.tensors().size() != 3 || file.tensor("numbers").shape.size() != 1 ||
        file.tensor("counts").shape.size() != 1 || !file.tensor("kind").shape.empty())
        throw Error(ErrorCode::corrupt_data, "LogitScore: a file that no score writes");
    try {
        return LogitScore(static_cast<LogitScoreKind>(file.scalar<std::uint8_t>("kind")),
                          {.temperature = numbers[0],
                           .gamma = numbers[1],
                           .largest_classes = static_cast<std::size_t>(counts[0]),
                           .classes = static_cast<std::size_t>(counts[1])});
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

double LogitScore::score(std::span<const float> logits) const noexcept {
    return pick(score_row(FloatRow(logits), options_, 1U << static_cast<unsigned>(kind_)), kind_);
}

double LogitScore::score(std::span<const std::uint16_t> logits, Dtype dtype) const noexcept {
    return pick(score_halves(logits, dtype, options_, 1U << static_cast<unsigned>(kind_)), kind_);
}

LogitScores LogitScore::all(std::span<const float> logits) const noexcept {
    return score_row(FloatRow(logits), options_, every_kind);
}

LogitScores LogitScore::all(std::span<const std::uint16_t> logits, Dtype dtype) const noexcept {
    return score_halves(logits, dtype, options_, every_kind);
}

const char* logit_score_name(LogitScoreKind kind) noexcept {
    switch (kind) {
        case LogitScoreKind::max_softmax: return "max_softmax";
        case LogitScoreKind::max_logit: return "max_logit";
        case LogitScoreKind::energy: return "energy";
        case LogitScoreKind::generalised_entropy: return "generalised_entropy";
        case LogitScoreKind::entropy: return "entropy";
        case LogitScoreKind::margin: return "margin";
    }
    return "unknown";
}

}  // namespace vedette::inline v0::perturbation
