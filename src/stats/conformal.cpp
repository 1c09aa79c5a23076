// SPDX-License-Identifier: Apache-2.0
// Conformal p-values by rank, their conditional forms, thresholds, and the same by group and by weight.
#include "vedette/stats/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr const char* file_kind = "conformal_calibration";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double largest_count = 0x1p53;

[[noreturn]] void refuse(const char* what, double value, const char* limit) {
    throw Error(ErrorCode::invalid_argument,
                std::string("conformal: ") + what + " is " + std::to_string(value) + ", must lie in " + limit);
}

void check_level(double level) {
    if (!(level > 0.0 && level < 1.0)) refuse("level", level, "(0, 1)");
}

void check_options(const ConformalOptions& options) {
    if (static_cast<unsigned>(options.guarantee) > static_cast<unsigned>(ConformalGuarantee::conditional_simes))
        refuse("guarantee", static_cast<double>(options.guarantee), "marginal, conditional_dkw, conditional_simes");
    if (!(options.failure_probability > 0.0 && options.failure_probability <= 0.5))
        refuse("failure_probability", options.failure_probability, "(0, 0.5]");
}

std::size_t whole(double count, double level) {
    if (!(count < largest_count))
        throw Error(ErrorCode::overflow,
                    "conformal: no number of calibration scores would do for level " + std::to_string(level));
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(count)));
}

[[noreturn]] void refuse_count(double level, std::size_t count, std::size_t needed) {
    throw Error(ErrorCode::not_enough_data, "conformal: " + std::to_string(count) +
                                                " calibration scores cannot alarm at level " + std::to_string(level) +
                                                ", at least " + std::to_string(needed) + " needed");
}

// How many of the sorted scores are below x, which is no NaN. No branch depends on what is compared: it would be
// guessed wrong every other time.
std::size_t count_below(std::span<const double> sorted, double x) noexcept {
    const double* first = sorted.data();
    std::size_t left = sorted.size();
    while (left > 1) {
        const std::size_t half = left / 2;
        first += (std::size_t{0} - static_cast<std::size_t>(first[half - 1] < x)) & half;
        left -= half;
    }
    const auto before = static_cast<std::size_t>(first - sorted.data());
    return before + (left == 1 && *first < x ? 1 : 0);
}

std::size_t simes_order(std::size_t n) {
    return std::max<std::size_t>(1, n / 2);
}

// By the number m of calibration scores at or above, from 0 to n; never falls with m.
std::vector<double> p_values_by_rank(std::size_t n, const ConformalOptions& options) {
    std::vector<double> p(n + 1);
    const auto count = static_cast<double>(n);
    const double log_failure = std::log(options.failure_probability);
    switch (options.guarantee) {
        case ConformalGuarantee::marginal:
            for (std::size_t m = 0; m <= n; ++m) p[m] = static_cast<double>(m + 1) / (count + 1.0);
            break;
        case ConformalGuarantee::conditional_dkw: {
            const double band = std::sqrt(-log_failure / (2.0 * count));
            for (std::size_t m = 0; m <= n; ++m) p[m] = std::min(1.0, static_cast<double>(m) / count + band);
            break;
        }
        case ConformalGuarantee::conditional_simes: {
            // 1 - (failure_probability (n-m) ... (n-m-k+1) / (n ... (n-k+1)))^(1/k); the product from m to m + 1.
            const std::size_t k = simes_order(n);
            double log_product = 0.0;
            for (std::size_t m = 0; m <= n; ++m) {
                if (n - m < k) {
                    p[m] = 1.0;
                    continue;
                }
                p[m] = -std::expm1((log_failure + log_product) / static_cast<double>(k));
                log_product += std::log1p(-static_cast<double>(k) / static_cast<double>(n - m));
            }
            break;
        }
    }
    return p;
}

}  // namespace

std::size_t conformal_count_needed(double level, const ConformalOptions& options) {
    check_level(level);
    check_options(options);
    const double log_failure = std::log(options.failure_probability);
    double guess = 0.0;
    switch (options.guarantee) {
        case ConformalGuarantee::marginal: guess = 1.0 / level - 1.0; break;
        case ConformalGuarantee::conditional_dkw: guess = -log_failure / (2.0 * level * level); break;
        case ConformalGuarantee::conditional_simes: guess = 2.0 * std::ceil(log_failure / std::log1p(-level)); break;
    }
    // The quotients are rounded, and the smallest p-value must compare as p_value() will.
    const auto smallest = [&](std::size_t n) {
        const auto count = static_cast<double>(n);
        switch (options.guarantee) {
            case ConformalGuarantee::marginal: return 1.0 / (count + 1.0);
            case ConformalGuarantee::conditional_dkw: return std::min(1.0, std::sqrt(-log_failure / (2.0 * count)));
            default: return -std::expm1(log_failure / static_cast<double>(simes_order(n)));
        }
    };
    std::size_t n = whole(guess, level);
    while (n > 1 && smallest(n - 1) <= level) --n;
    while (!(smallest(n) <= level)) ++n;
    return n;
}

std::size_t conformal_count_needed_for_threshold(double level, double failure_probability) {
    check_level(level);
    if (!(failure_probability > 0.0 && failure_probability < 1.0))
        refuse("failure_probability", failure_probability, "(0, 1)");
    return whole(std::log(failure_probability) / std::log1p(-level), level);
}

ConformalCalibration::ConformalCalibration(std::span<const double> scores, const ConformalOptions& options)
    : options_(options) {
    check_options(options);
    if (scores.empty()) throw Error(ErrorCode::not_enough_data, "conformal: no calibration score");
    const auto bad = std::find_if(scores.begin(), scores.end(), [](double score) { return std::isnan(score); });
    if (bad != scores.end())
        throw Error(ErrorCode::invalid_argument, "conformal: scores[" + std::to_string(bad - scores.begin()) +
                                                     "] is NaN; leave out what could not be scored");
    scores_.assign(scores.begin(), scores.end());
    std::sort(scores_.begin(), scores_.end());
    p_values_ = p_values_by_rank(scores_.size(), options);
}

double ConformalCalibration::p_value(double score) const noexcept {
    if (std::isnan(score)) return not_a_number;
    return p_values_[scores_.size() - count_below(scores_, score)];
}

double ConformalCalibration::p_value(double score, double uniform) const noexcept {
    if (options_.guarantee != ConformalGuarantee::marginal) return p_value(score);
    if (std::isnan(score) || !(uniform >= 0.0 && uniform <= 1.0)) return not_a_number;
    const auto [first, last] = std::equal_range(scores_.begin(), scores_.end(), score);
    const auto above = static_cast<double>(scores_.end() - last);
    const auto ties = static_cast<double>(last - first);
    return (above + uniform * (1.0 + ties)) / (static_cast<double>(scores_.size()) + 1.0);
}

double ConformalCalibration::threshold(double level) const {
    check_level(level);
    const auto beyond = std::upper_bound(p_values_.begin(), p_values_.end(), level);
    const auto ranks = static_cast<std::size_t>(beyond - p_values_.begin());
    if (ranks == 0) refuse_count(level, size(), conformal_count_needed(level, options_));
    // Above the `ranks`-th largest score fewer than `ranks` calibration scores are left. With all ranks significant
    // there would be none: impossible, as the last p-value is 1.
    return scores_[scores_.size() - ranks];
}

double ConformalCalibration::single_threshold(double level, double failure_probability) const {
    const std::size_t needed = conformal_count_needed_for_threshold(level, failure_probability);
    // The rate above the k-th largest of n is Beta(k, n + 1 - k): it exceeds `level` with probability
    // P(Binomial(n, level) < k). The largest k with that at most failure_probability.
    const auto fails = [&](std::size_t k) { return binomial_cdf(k - 1, size(), level) > failure_probability; };
    if (size() < needed || fails(1)) refuse_count(level, size(), std::max(needed, size() + 1));
    std::size_t low = 1, high = size() + 1;
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        (fails(middle) ? high : low) = middle;
    }
    return scores_[scores_.size() - low];
}

Decision ConformalCalibration::decide(double score, double level) const noexcept {
    if (is_stale() || std::isnan(score) || !(smallest_p_value() <= level)) return Decision::not_evaluated;
    return p_value(score) <= level ? Decision::alarm : Decision::pass;
}

std::vector<std::byte> ConformalCalibration::serialize() const {
    ContainerWriter writer;
    writer.add("scores", scores_);
    writer.add_scalar("guarantee", static_cast<std::uint8_t>(options_.guarantee));
    writer.add_scalar("failure_probability", options_.failure_probability);
    writer.add_scalar("stale", static_cast<std::uint8_t>(is_stale() ? 1 : 0));
    return writer.finish(file_kind);
}

ConformalCalibration ConformalCalibration::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto scores = file.values<double>("scores");
    const auto stale = file.scalar<std::uint8_t>("stale");
    const bool is_sorted = std::is_sorted(scores.begin(), scores.end());
    if (file.tensors().size() != 4 || stale > 1 || !is_sorted)
        throw Error(ErrorCode::corrupt_data, "conformal: a file that no calibration writes");
    try {
        ConformalCalibration calibration(
            scores, {.guarantee = static_cast<ConformalGuarantee>(file.scalar<std::uint8_t>("guarantee")),
                     .failure_probability = file.scalar<double>("failure_probability")});
        if (stale == 1) calibration.mark_stale();
        return calibration;
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

MondrianCalibration::MondrianCalibration(std::span<const double> scores, std::span<const std::uint32_t> groups,
                                         std::size_t group_count, const ConformalOptions& options) {
    if (groups.size() != scores.size())
        throw Error(ErrorCode::dimension_mismatch, "conformal: " + std::to_string(groups.size()) + " groups of " +
                                                       std::to_string(scores.size()) + " scores");
    std::vector<std::vector<double>> parts(group_count);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (groups[i] >= group_count)
            throw Error(ErrorCode::invalid_argument, "conformal: groups[" + std::to_string(i) + "] is " +
                                                         std::to_string(groups[i]) + ", must be below " +
                                                         std::to_string(group_count));
        parts[groups[i]].push_back(scores[i]);
    }
    if (group_count == 0) throw Error(ErrorCode::not_enough_data, "conformal: no group");
    groups_.reserve(group_count);
    for (std::size_t group = 0; group < group_count; ++group) {
        if (parts[group].empty())
            throw Error(ErrorCode::not_enough_data,
                        "conformal: group " + std::to_string(group) + " has no calibration score");
        groups_.emplace_back(parts[group], options);
    }
}

double MondrianCalibration::p_value(double score, std::uint32_t group) const noexcept {
    return group < groups_.size() ? groups_[group].p_value(score) : not_a_number;
}

double MondrianCalibration::smallest_p_value(std::uint32_t group) const noexcept {
    return group < groups_.size() ? groups_[group].smallest_p_value() : not_a_number;
}

Decision MondrianCalibration::decide(double score, std::uint32_t group, double level) const noexcept {
    return group < groups_.size() ? groups_[group].decide(score, level) : Decision::not_evaluated;
}

const ConformalCalibration& MondrianCalibration::group(std::uint32_t group) const {
    if (group >= groups_.size())
        throw Error(ErrorCode::invalid_argument, "conformal: group " + std::to_string(group) + " of " +
                                                     std::to_string(groups_.size()) + " does not exist");
    return groups_[group];
}

void MondrianCalibration::mark_stale() noexcept {
    for (ConformalCalibration& group : groups_) group.mark_stale();
}

WeightedCalibration::WeightedCalibration(std::span<const double> scores, std::span<const double> weights) {
    const std::size_t n = scores.size();
    if (weights.size() != n)
        throw Error(ErrorCode::dimension_mismatch,
                    "conformal: " + std::to_string(weights.size()) + " weights of " + std::to_string(n) + " scores");
    double largest = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        if (std::isnan(scores[i]))
            throw Error(ErrorCode::invalid_argument, "conformal: scores[" + std::to_string(i) + "] is NaN");
        if (!(weights[i] >= 0.0 && weights[i] <= 1e300))
            refuse(("weights[" + std::to_string(i) + "]").c_str(), weights[i], "[0, 1e300]");
        largest = std::max(largest, weights[i]);
    }
    if (!(largest > 0.0)) throw Error(ErrorCode::not_enough_data, "conformal: no calibration score of positive weight");
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    // By weight where scores are equal, so that the order of the caller's lists does not matter.
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return scores[a] < scores[b] || (scores[a] == scores[b] && weights[a] < weights[b]);
    });
    scale_ = largest;
    scores_.resize(n);
    above_.assign(n + 1, 0.0);
    double squares = 0.0;
    for (std::size_t i = n; i-- > 0;) {
        const double weight = weights[order[i]] / largest;
        scores_[i] = scores[order[i]];
        above_[i] = above_[i + 1] + weight;
        squares += weight * weight;
    }
    effective_size_ = above_.front() * above_.front() / squares;
}

double WeightedCalibration::p_value(double score, double weight) const noexcept {
    if (std::isnan(score) || !(weight >= 0.0 && std::isfinite(weight))) return not_a_number;
    const double own = weight / scale_;
    const double above = above_[count_below(scores_, score)];
    if (std::isinf(own)) return 1.0;  // nothing beside it counts
    return (own + above) / (own + above_.front());
}

double WeightedCalibration::smallest_p_value(double weight) const noexcept {
    if (!(weight >= 0.0 && std::isfinite(weight))) return not_a_number;
    const double own = weight / scale_;
    return std::isinf(own) ? 1.0 : own / (own + above_.front());
}

Decision WeightedCalibration::decide(double score, double weight, double level) const noexcept {
    const double p = p_value(score, weight);
    if (is_stale() || std::isnan(p) || !(smallest_p_value(weight) <= level)) return Decision::not_evaluated;
    return p <= level ? Decision::alarm : Decision::pass;
}

}  // namespace vedette::inline v0::stats
