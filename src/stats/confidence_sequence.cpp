// SPDX-License-Identifier: Apache-2.0
// The stitched empirical-Bernstein boundary, the beta-binomial mixture, and both sequences as bytes.
#include "vedette/stats/confidence_sequence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "stats/stirling.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr double eta = 2.0;
constexpr double s = 1.4;
constexpr double zeta_of_s = 3.105547277977581;  // Riemann's zeta(1.4)
constexpr std::uint64_t most_count = std::uint64_t{1} << 53U;
constexpr const char* mean_kind = "mean_confidence_sequence";
constexpr const char* proportion_kind = "proportion_confidence_sequence";

void require_within(const char* option, double value, double least, double most) {
    if (!(value >= least && value <= most))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("confidence sequence: {} is {}, must be in [{}, {}]", option, value, least, most));
}
void require_level(double level) {
    if (!(level > 0.0 && level < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("confidence sequence: level is {}, must be in (0, 1)", level));
}
void require_readable(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("confidence sequence: ") + what);
}
void require_mergeable(bool is_another, bool same_options, std::uint64_t count, std::uint64_t other_count) {
    if (!is_another)
        throw Error(ErrorCode::invalid_argument,
                    "confidence sequence: merged with itself, each value would count twice");
    if (!same_options)
        throw Error(ErrorCode::invalid_argument, "confidence sequence: merged with one of other options");
    if (other_count > most_count - count)
        throw Error(ErrorCode::overflow, "confidence sequence: merged counts exceed 2^53");
}

const MeanSequenceOptions& checked(const MeanSequenceOptions& options) {
    require_level(options.level);
    const double range = options.upper - options.lower;
    if (!(range >= std::numeric_limits<double>::min() && std::isfinite(range)))
        throw Error(ErrorCode::invalid_argument, fmt::format("confidence sequence: the range [{}, {}] must be finite "
                                                             "and not empty",
                                                             options.lower, options.upper));
    return options;
}

// What a constructor refuses is corrupt data.
template <class Sequence, class Options>
Sequence make_read(const Options& options) {
    try {
        return Sequence(options);
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

bool same(const MeanSequenceOptions& a, const MeanSequenceOptions& b) noexcept {
    return a.level == b.level && a.intrinsic_time == b.intrinsic_time && a.lower == b.lower && a.upper == b.upper;
}
bool same(const ProportionSequenceOptions& a, const ProportionSequenceOptions& b) noexcept {
    return a.level == b.level && a.prior_successes == b.prior_successes && a.prior_failures == b.prior_failures;
}

// ln Gamma(a) - (a - 1/2) ln a + a - ln(2 pi)/2 for any a > 0: the series after as many steps of Gamma's recurrence.
double gamma_remainder(double a) noexcept {
    double steps = 0.0;
    for (; a < 21.0; a += 1.0) steps += (a + 0.5) * std::log1p(1.0 / a) - 1.0;
    return stirling_correction(a) + steps;
}

// ln B(x, y) - x ln(x/(x + y)) - y ln(y/(x + y)): without the large terms, which cancel against the likelihood's.
double beta_remainder(double x, double y) noexcept {
    const double total = x + y;
    return gamma_remainder(x) + gamma_remainder(y) - gamma_remainder(total) +
           0.5 * (std::log(2.0 * std::numbers::pi) - std::log(x / total) - std::log(y / total) - std::log(total));
}
double log_beta(double x, double y) noexcept {
    return beta_remainder(x, y) + x * std::log(x / (x + y)) + y * std::log(y / (x + y));
}

// The lower bound, `level_term` = ln(1/level). The mixture's likelihood ratio against p falls up to the rate.
double lower_bound(double successes, double failures, double a, double b, double level_term) noexcept {
    if (successes == 0.0) return 0.0;
    const double x = a + successes;
    const double y = b + failures;
    const double q = x / (x + y);
    const double rest =
        beta_remainder(x, y) + a * std::log(q) + b * std::log(y / (x + y)) - log_beta(a, b) - level_term;
    const auto excluded = [&](double p) {
        const double apart = q - p;
        const double failed = failures == 0.0 ? 0.0 : failures * std::log1p(-apart / (1.0 - p));
        return successes * std::log1p(apart / p) + failed + rest >= 0.0;
    };
    double low = 0.0;
    double high = successes / (successes + failures);
    for (int step = 0; step < 200; ++step) {
        const double middle = low + 0.5 * (high - low);
        if (!(middle > low && middle < high)) break;
        (excluded(middle) ? low : high) = middle;
    }
    return low;
}

}  // namespace

StitchedBoundary::StitchedBoundary(double level, double intrinsic_time) : intrinsic_time_(intrinsic_time) {
    require_level(level);
    require_within("intrinsic_time", intrinsic_time, 1.0, 1e9);
    level_term_ = std::log(zeta_of_s / (level * std::pow(std::log(eta), s)));
}

// Each stitch costs its share of the level.
double StitchedBoundary::at(double squares) const noexcept {
    const double time = std::max(squares, intrinsic_time_);
    const double ell = s * std::log(std::log(eta * time / intrinsic_time_)) + level_term_;
    const double fourth = std::pow(eta, 0.25);
    const double k1 = (fourth + 1.0 / fourth) / std::sqrt(2.0);
    const double k2 = (std::sqrt(eta) + 1.0) / 2.0;
    return std::sqrt(k1 * k1 * time * ell + k2 * ell * (k2 * ell)) + k2 * ell;
}

void PredictedDeviations::add(double value) noexcept {
    const double deviation = value - (0.5 + sum) / (static_cast<double>(count) + 1.0);
    squares += deviation * deviation;
    sum += value;
    ++count;
}

double PredictedDeviations::mean() const noexcept {
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

double PredictedDeviations::half_width(const StitchedBoundary& boundary) const noexcept {
    if (count == 0) return std::numeric_limits<double>::infinity();
    return boundary.at(squares) / static_cast<double>(count);
}

bool PredictedDeviations::is_possible() const noexcept {
    const auto most = static_cast<double>(count);
    return count <= most_count && sum >= 0.0 && sum <= most && squares >= 0.0 && squares <= most;
}

MeanConfidenceSequence::MeanConfidenceSequence(const MeanSequenceOptions& options)
    : options_(checked(options)), boundary_(0.5 * options.level, options.intrinsic_time) {}

bool MeanConfidenceSequence::update(double value) noexcept {
    if (!(value >= options_.lower && value <= options_.upper) || sums_.count >= most_count) return false;
    sums_.add(std::clamp((value - options_.lower) / (options_.upper - options_.lower), 0.0, 1.0));
    return true;
}

void MeanConfidenceSequence::merge(const MeanConfidenceSequence& other) {
    require_mergeable(&other != this, same(options_, other.options_), sums_.count, other.sums_.count);
    sums_ = {sums_.count + other.sums_.count, sums_.sum + other.sums_.sum, sums_.squares + other.sums_.squares};
}

double MeanConfidenceSequence::mean() const noexcept {
    return options_.lower + (options_.upper - options_.lower) * sums_.mean();
}

Interval MeanConfidenceSequence::bounds() const noexcept {
    if (sums_.count == 0) return {options_.lower, options_.upper};
    const double half = (options_.upper - options_.lower) * sums_.half_width(boundary_);
    return {std::max(options_.lower, mean() - half), std::min(options_.upper, mean() + half)};
}

std::vector<std::byte> MeanConfidenceSequence::serialize() const {
    ContainerWriter writer;
    writer.add("options", std::vector<double>{options_.level, options_.intrinsic_time, options_.lower, options_.upper});
    writer.add_scalar("count", sums_.count);
    writer.add("sums", std::vector<double>{sums_.sum, sums_.squares});
    return writer.finish(mean_kind);
}

MeanConfidenceSequence MeanConfidenceSequence::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(mean_kind);
    const auto options = file.values<double>("options", 4);
    const auto sums = file.values<double>("sums", 2);
    auto sequence =
        make_read<MeanConfidenceSequence>(MeanSequenceOptions{options[0], options[1], options[2], options[3]});
    sequence.sums_ = {file.scalar<std::uint64_t>("count"), sums[0], sums[1]};
    require_readable(sequence.sums_.is_possible(), "sums that no values can have");
    require_readable(std::ranges::equal(sequence.serialize(), bytes), "not in canonical form");
    return sequence;
}

ProportionConfidenceSequence::ProportionConfidenceSequence(const ProportionSequenceOptions& options)
    : options_(options) {
    require_level(options.level);
    require_within("prior_successes", options.prior_successes, 0.01, 1e6);
    require_within("prior_failures", options.prior_failures, 0.01, 1e6);
}

bool ProportionConfidenceSequence::update(bool success) noexcept {
    if (trials_ >= most_count) return false;
    successes_ += success ? 1U : 0U;
    ++trials_;
    return true;
}

bool ProportionConfidenceSequence::update(std::uint64_t successes, std::uint64_t trials) noexcept {
    if (successes > trials || trials > most_count - trials_) return false;
    successes_ += successes;
    trials_ += trials;
    return true;
}

void ProportionConfidenceSequence::merge(const ProportionConfidenceSequence& other) {
    require_mergeable(&other != this, same(options_, other.options_), trials_, other.trials_);
    successes_ += other.successes_;
    trials_ += other.trials_;
}

Interval ProportionConfidenceSequence::bounds() const noexcept {
    const auto successes = static_cast<double>(successes_);
    const auto failures = static_cast<double>(trials_ - successes_);
    const double a = options_.prior_successes;
    const double b = options_.prior_failures;
    const double term = -std::log(options_.level);
    return {lower_bound(successes, failures, a, b, term), 1.0 - lower_bound(failures, successes, b, a, term)};
}

std::vector<std::byte> ProportionConfidenceSequence::serialize() const {
    ContainerWriter writer;
    writer.add("options", std::vector<double>{options_.level, options_.prior_successes, options_.prior_failures});
    writer.add("counts", std::vector<std::uint64_t>{successes_, trials_});
    return writer.finish(proportion_kind);
}

ProportionConfidenceSequence ProportionConfidenceSequence::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(proportion_kind);
    const auto options = file.values<double>("options", 3);
    const auto counts = file.values<std::uint64_t>("counts", 2);
    auto sequence =
        make_read<ProportionConfidenceSequence>(ProportionSequenceOptions{options[0], options[1], options[2]});
    require_readable(sequence.update(counts[0], counts[1]), "counts that no trials can have");
    require_readable(std::ranges::equal(sequence.serialize(), bytes), "not in canonical form");
    return sequence;
}

}  // namespace vedette::inline v0::stats
