// SPDX-License-Identifier: Apache-2.0
// Growing sets, distances and their normality.
#include "vedette/perturbation/prada.hpp"

#include <algorithm>
#include <cmath>

#include "perturbation/feature_rows.hpp"
#include "vedette/stats/shapiro_wilk.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "Prada";
constexpr std::uint64_t look_every = 10;
constexpr std::uint32_t least_of_class = 10;
constexpr std::size_t most_unjudged = 100;

double squared_distance(const float* a, const float* b, std::size_t n) noexcept {
    double sums[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (std::size_t k = 0; k < 4; ++k) {
            const double difference = static_cast<double>(a[i + k]) - static_cast<double>(b[i + k]);
            sums[k] += difference * difference;
        }
    }
    for (; i < n; ++i) {
        const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sums[0] += difference * difference;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

Prada::Prada(const PradaOptions& options) : options_(options) {
    require_option(who, "values", options.values, 1, std::size_t{1} << 20U);
    require_option(who, "classes", options.classes, 1, 65'536);
    require_option(who, "capacity", options.capacity, 1, std::size_t{1} << 20U);
    require_option(who, "distances", options.distances, most_unjudged + 1, 5000);
    if (!(options.threshold > 0.0 && options.threshold < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    "Prada: threshold is " + std::to_string(options.threshold) + ", must lie in (0, 1)");
    if (options.capacity * options.values > (std::size_t{1} << 30U))
        throw Error(ErrorCode::overflow, "Prada: capacity * values is " +
                                             std::to_string(options.capacity * options.values) +
                                             ", must be at most 2^30");
    rows_.reserve(options.capacity * options.values);
    kept_.reserve(options.capacity);
    limits_.resize(options.classes);
    ring_.reserve(options.distances);
    scratch_.reserve(options.distances);
}

Prada::Prada(const Prada& other) : Prada(other.options_) {
    rows_.assign(other.rows_.begin(), other.rows_.end());
    kept_.assign(other.kept_.begin(), other.kept_.end());
    limits_ = other.limits_;
    ring_.assign(other.ring_.begin(), other.ring_.end());
    next_ = other.next_;
    inputs_ = other.inputs_;
    ignored_ = other.ignored_;
    last_ = other.last_;
}

Prada& Prada::operator=(const Prada& other) {
    if (this != &other) *this = Prada(other);
    return *this;
}

std::size_t Prada::memory_needed(const PradaOptions& options) noexcept {
    return sizeof(Prada) + options.capacity * (options.values * sizeof(float) + sizeof(std::uint32_t)) +
           options.classes * sizeof(Limit) + options.distances * (sizeof(Distance) + sizeof(double));
}

std::size_t Prada::memory() const noexcept {
    return sizeof *this + rows_.capacity() * sizeof(float) + kept_.capacity() * sizeof(std::uint32_t) +
           limits_.capacity() * sizeof(Limit) + ring_.capacity() * sizeof(Distance) +
           scratch_.capacity() * sizeof(double);
}

void Prada::reset() noexcept {
    rows_.clear();
    kept_.clear();
    std::fill(limits_.begin(), limits_.end(), Limit{});
    ring_.clear();
    next_ = 0;
    inputs_ = ignored_ = 0;
    last_ = {};
}

void Prada::join(std::span<const float> input, std::uint32_t predicted) {
    if (is_full()) return;
    rows_.insert(rows_.end(), input.begin(), input.end());  // there is room
    kept_.push_back(predicted);
}

PradaState Prada::update(std::span<const float> input, std::uint32_t predicted) noexcept {
    if (input.size() != options_.values || predicted >= options_.classes || !is_finite(input)) {
        ++ignored_;
        return last_;
    }
    ++inputs_;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kept_.size(); ++i)
        if (kept_[i] == predicted)
            least = std::min(least, squared_distance(input.data(), &rows_[i * input.size()], input.size()));
    const bool is_first = std::isinf(least);
    last_.distance = is_first ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(least);
    last_.is_alarm = false;
    if (is_first) {
        if (!is_full()) limits_[predicted].joined = 1;  // at distance 0, as in the authors' program
        join(input, predicted);
    } else {
        Limit& own = limits_[predicted];
        if (ring_.size() < options_.distances) {
            ring_.push_back({last_.distance, predicted});
        } else {
            --limits_[ring_[next_].predicted].judged;
            ring_[next_] = {last_.distance, predicted};
            next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
        }
        ++own.judged;
        if (last_.distance > own.limit && !is_full()) {
            join(input, predicted);
            ++own.joined;
            const double change = last_.distance - own.mean;
            own.mean += change / static_cast<double>(own.joined);
            own.squares += change * (last_.distance - own.mean);
            own.limit = std::max(own.limit, own.mean - std::sqrt(own.squares / static_cast<double>(own.joined)));
        }
    }
    if (inputs_ % look_every == 0) look();
    return last_;
}

void Prada::look() noexcept {
    scratch_.clear();
    double mean = 0.0, squares = 0.0;
    for (const Distance& each : ring_) {
        if (limits_[each.predicted].judged < least_of_class) continue;
        scratch_.push_back(each.value);
        const double change = each.value - mean;
        mean += change / static_cast<double>(scratch_.size());
        squares += change * (each.value - mean);
    }
    const double reach = 3.0 * std::sqrt(squares / static_cast<double>(std::max<std::size_t>(scratch_.size(), 1)));
    scratch_.erase(
        std::remove_if(scratch_.begin(), scratch_.end(), [&](double d) { return std::abs(d - mean) >= reach; }),
        scratch_.end());
    last_.is_alarm = false;
    last_.judged = scratch_.size();
    last_.statistic = std::numeric_limits<double>::quiet_NaN();
    if (scratch_.size() <= most_unjudged) return;
    std::sort(scratch_.begin(), scratch_.end());
    last_.statistic = stats::shapiro_wilk(scratch_).statistic;
    last_.is_alarm = last_.statistic < options_.threshold;
}

PradaState Prada::state() noexcept {
    look();
    PradaState result = last_;
    result.distance = std::numeric_limits<double>::quiet_NaN();
    return result;
}

}  // namespace vedette::inline v0::perturbation
