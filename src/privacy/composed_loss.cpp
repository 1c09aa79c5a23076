// SPDX-License-Identifier: Apache-2.0
// Tilting, window, transform and tails of a composition.
#include "privacy/composed_loss.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "privacy/pair_transform.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unit = 0x1p-53;
constexpr std::size_t block = 64;
constexpr double log_outside = -27.0;  // the tilted mass left outside the window, on each side: 2e-12

// e^(tilt * step * j), j < block.
struct Powers {
    double value[block];
    Powers(double tilt, double step) {
        for (std::size_t j = 0; j < block; ++j) value[j] = std::exp(tilt * step * static_cast<double>(j));
    }
};

double position(const LossMeasure& measure, std::size_t i, double step) noexcept {
    return static_cast<double>(measure.first + static_cast<std::int64_t>(i)) * step;
}

// Of one measure. Blocks are summed about their first loss, and joined by their logarithms.
Cumulants measure_cumulants(const LossMeasure& measure, double step, double tilt, const Powers& powers) {
    double most = -infinity;
    double sum = 0.0;
    double first = 0.0;
    double second = 0.0;
    const std::size_t n = measure.mass.size();
    for (std::size_t begin = 0; begin < n; begin += block) {
        const std::size_t count = std::min(block, n - begin);
        double s0 = 0.0;
        double s1 = 0.0;
        double s2 = 0.0;
        for (std::size_t j = 0; j < count; ++j) {
            const double weight = measure.mass[begin + j] * powers.value[j];
            const auto x = static_cast<double>(j);
            s0 += weight;
            s1 += weight * x;
            s2 += weight * (x * x);
        }
        if (s0 <= 0.0) continue;
        const double at = position(measure, begin, step);
        const double log_weight = tilt * at + std::log(s0);
        if (log_weight > most) {
            const double scale = std::exp(most - log_weight);
            sum *= scale;
            first *= scale;
            second *= scale;
            most = log_weight;
        }
        const double weight = std::exp(log_weight - most);
        const double mean = at + step * (s1 / s0);
        const double square = step * step * std::max(0.0, s2 / s0 - (s1 / s0) * (s1 / s0));
        sum += weight;
        first += weight * mean;
        second += weight * (square + mean * mean);
    }
    if (sum <= 0.0) return {-infinity, 0.0, 0.0};
    const double mean = first / sum;
    return {most + std::log(sum), mean, std::max(0.0, second / sum - mean * mean)};
}

// The least offset from `mean` beyond which the tilted law has at most exp(log_outside), by Chernoff's bound; `sign`
// says on which side.
double reach(std::span<const LossFactor> factors, bool above, double step, double tilt, const Cumulants& at,
             double sign) {
    const double best = std::sqrt(-2.0 * log_outside / std::max(at.variance, step * step));
    double least = infinity;
    for (const double factor : {0.15, 0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.6}) {
        const double shift = std::min(best * factor, 4.0 / step);
        const Cumulants moved = cumulants(factors, above, step, tilt + sign * shift);
        least = std::min(least, (moved.value - at.value - sign * shift * at.mean - log_outside) / shift);
    }
    return least;
}

}  // namespace

Cumulants cumulants(std::span<const LossFactor> factors, bool above, double step, double tilt) {
    const Powers powers(tilt, step);
    Cumulants total;
    for (const LossFactor& factor : factors) {
        const Cumulants one = measure_cumulants(above ? factor.above : factor.below, step, tilt, powers);
        const auto times = static_cast<double>(factor.times);
        total.value += times * one.value;
        total.mean += times * one.mean;
        total.variance += times * one.variance;
    }
    return total;
}

namespace {

// The root of an increasing function of the tilt in [0, cap]: `excess` returns it and its slope.
template <class Function>
double increasing_root(double cap, const Function& excess) {
    double low = 0.0;
    double high = cap;
    double tilt = std::min(1.0, cap);
    for (int i = 0; i < 60; ++i) {
        const auto [value, slope] = excess(tilt);
        (value < 0.0 ? low : high) = tilt;
        double next = slope > 0.0 ? tilt - value / slope : -1.0;
        // Far below the root the slope misleads; the steps double until the root is bracketed.
        if (high == cap && next > 4.0 * tilt) next = std::min(4.0 * tilt, 0.5 * (tilt + cap));
        if (!(next > low && next < high)) next = low == 0.0 ? 0.25 * high : 0.5 * (low + high);
        if (std::fabs(next - tilt) <= 1e-4 * tilt || high < 1e-9) return next;
        tilt = next;
    }
    return tilt;
}

struct Excess {
    double value;
    double slope;
};

// One loss that nothing is composed with: all of its grid is the window, and neither a transform nor a tilt is needed.
// A tilt would be of no help where the tail's logarithm is convex, as that of a subsampled mechanism.
bool is_one(std::span<const LossFactor> factors) noexcept {
    return factors.size() == 1 && factors[0].times == 1;
}

}  // namespace

// delta <= exp(K(t) - t epsilon) t^t / (1 + t)^(1 + t) for every tilt t, as (1 - e^(epsilon - l))+ is at most that part
// of e^(t (l - epsilon)) (Canonne, Kamath and Steinke 2020, proposition 12). Without that part there is no best tilt
// where the answer lies next to the greatest loss, an atom, and too large a tilt drowns what lies below it.
double tilt_for_delta(std::span<const LossFactor> factors, double step, double log_delta) {
    return increasing_root(4.0 / step, [&](double tilt) {
        const Cumulants k = cumulants(factors, true, step, tilt);
        return Excess{tilt * k.mean - k.value + std::log1p(tilt) + log_delta, tilt * k.variance + 1.0 / (1.0 + tilt)};
    });
}

double tilt_for_epsilon(std::span<const LossFactor> factors, double step, double epsilon) {
    if (cumulants(factors, true, step, 0.0).mean >= epsilon) return 0.0;
    return increasing_root(4.0 / step, [&](double tilt) {
        const Cumulants k = cumulants(factors, true, step, tilt);
        return Excess{k.mean - std::log1p(1.0 / tilt) - epsilon, k.variance + 1.0 / (tilt * (1.0 + tilt))};
    });
}

double tilt_for_rate(std::span<const LossFactor> factors, double step, double log_rate) {
    const auto excess = [&](double tilt) {
        const Cumulants k = cumulants(factors, true, step, tilt);
        return Excess{(tilt + 1.0) * k.mean - k.value + log_rate, (tilt + 1.0) * k.variance};
    };
    return excess(0.0).value >= 0.0 ? 0.0 : increasing_root(4.0 / step, excess);
}

// E (1 - e^(epsilon - l))+ <= e^(K(t) - t epsilon) t^t / (1 + t)^(1 + t), solved for epsilon.
double epsilon_by_moment(std::span<const LossFactor> factors, double step, double tilt, double delta) {
    const Powers flat(0.0, step);
    double log_finite = 0.0;
    double log_excess = 0.0;  // upper measures may have more mass than 1
    double rounding = 0.0;
    double total = 0.0;
    for (const LossFactor& factor : factors) {
        const double finite = std::exp(measure_cumulants(factor.above, step, 0.0, flat).value);
        const auto times = static_cast<double>(factor.times);
        const std::size_t n = factor.above.mass.size();
        const double reach = std::max(std::fabs(position(factor.above, 0, step)),
                                      std::fabs(position(factor.above, n > 0 ? n - 1 : 0, step)));
        log_finite += times * std::log1p(-factor.above.infinite);
        log_excess += times * std::max(0.0, std::log(finite + factor.above.infinite));
        total += times;
        // Sums of n / block blocks, each of `block`, weighted by exponentials.
        const std::size_t sums = n / block + 2 * block;
        rounding += times * unit * (static_cast<double>(sums) + 8.0 * tilt * reach);
    }
    const double room =
        delta + std::expm1(log_finite) * std::exp(log_excess + rounding) * (1.0 + (total + 64.0) * unit);
    if (!(tilt > 0.0 && room > 0.0)) return infinity;
    const double moment = cumulants(factors, true, step, tilt).value;
    const double log_part = tilt * std::log(tilt) - (1.0 + tilt) * std::log1p(tilt);
    rounding += 16.0 * unit * (std::fabs(moment) + std::fabs(log_part) + std::fabs(std::log(room)) + tilt + 1.0);
    const double epsilon = (moment + log_part - std::log(room) + rounding) / tilt;
    return epsilon + 4.0 * unit * std::fabs(epsilon);
}

ComposedLoss::ComposedLoss(std::span<const LossFactor> factors, double step, double tilt, std::size_t max_cells)
    : step_(step), tilt_(is_one(factors) ? 0.0 : tilt), is_single_(is_one(factors)) {
    place_window(factors, max_cells);
    if (valid()) transform(factors);
}

void ComposedLoss::place_window(std::span<const LossFactor> factors, std::size_t max_cells) {
    double low = infinity;
    double high = -infinity;
    double mean = 0.0;
    for (const bool above : {true, false}) {
        const Cumulants at = cumulants(factors, above, step_, tilt_);
        (above ? above_ : below_).log_scale = at.value;
        if (!std::isfinite(at.value)) continue;  // nothing finite below
        mean = at.mean;
        double least = 0.0;
        double greatest = 0.0;
        for (const LossFactor& factor : factors) {
            const LossMeasure& measure = above ? factor.above : factor.below;
            const auto times = static_cast<double>(factor.times);
            least += times * position(measure, 0, step_);
            greatest += times * position(measure, measure.mass.size() - 1, step_);
        }
        low = std::min(low,
                       is_single_ ? least : std::max(least, at.mean - reach(factors, above, step_, tilt_, at, -1.0)));
        high = std::max(
            high, is_single_ ? greatest : std::min(greatest, at.mean + reach(factors, above, step_, tilt_, at, 1.0)));
    }
    cells_needed_ = (high - low) / step_ + 4.0;
    if (!(cells_needed_ <= static_cast<double>(max_cells))) return;
    cells_ = std::bit_ceil(static_cast<std::size_t>(std::max(cells_needed_, 4.0)));
    first_ = static_cast<std::int64_t>(std::floor(low / step_)) - 1;
    const double centre = mean / step_ - static_cast<double>(first_);
    centre_ = static_cast<std::size_t>(std::clamp(centre, 0.0, static_cast<double>(cells_ - 1)));
    outside_ = is_single_ ? 0.0 : 2.0 * std::exp(log_outside);
}

double ComposedLoss::loss(std::size_t cell) const noexcept {
    return static_cast<double>(first_ + static_cast<std::int64_t>(cell)) * step_;
}

void ComposedLoss::transform(std::span<const LossFactor> factors) {
    const PairTransform fourier(cells_);
    const Powers powers(tilt_, step_);
    std::vector<double> real(cells_);
    std::vector<double> imaginary(cells_);
    PairSpectrum product;
    double total = 0.0;
    double fewest = infinity;
    double log_finite[2] = {0.0, 0.0};
    std::uint64_t offset[2] = {0, 0};
    for (const LossFactor& factor : factors) {
        const auto times = static_cast<double>(factor.times);
        total += times;
        fewest = std::min(fewest, times);
        for (const bool above : {true, false}) {
            const LossMeasure& measure = above ? factor.above : factor.below;
            std::vector<double>& target = above ? real : imaginary;
            Side& side = above ? above_ : below_;
            std::fill(target.begin(), target.end(), 0.0);
            const double scale = measure_cumulants(measure, step_, tilt_, powers).value;
            double exponent = 0.0;
            double mass = measure.infinite;
            for (std::size_t begin = 0; begin < measure.mass.size() && std::isfinite(scale); begin += block) {
                const double log_factor = tilt_ * position(measure, begin, step_) - scale;
                const double times_block = std::exp(std::min(log_factor, 708.0));
                const std::size_t count = std::min(block, measure.mass.size() - begin);
                double sum = 0.0;
                for (std::size_t j = 0; j < count; ++j) {
                    const double tilted = measure.mass[begin + j] * powers.value[j] * times_block;
                    target[(begin + j) & (cells_ - 1)] += tilted;
                    sum += tilted;
                    mass += measure.mass[begin + j];
                }
                if (sum > 1e-30) exponent = std::max(exponent, std::fabs(log_factor));
            }
            log_finite[above ? 0 : 1] += times * std::log1p(-measure.infinite);
            side.relative += times * unit * (32.0 + 4.0 * exponent + 4.0 * std::fabs(scale));
            // A measure above may hold a little more than 1.
            if (above) side.infinite += times * std::max(0.0, std::log(mass));
            offset[above ? 0 : 1] += factor.times * static_cast<std::uint64_t>(measure.first);
        }
        if (is_single_) break;
        fourier.forward(real.data(), imaginary.data());
        multiply_powers(real, imaginary, factor.times, product);
    }
    above_.infinite = std::min(1.0, -std::expm1(log_finite[0]) * std::exp(above_.infinite) * (1.0 + 64.0 * unit));
    below_.infinite = -std::expm1(log_finite[1]) * (1.0 - 64.0 * unit);
    if (is_single_) {
        error_ = 1e-300;  // numbers that underflow
        for (Side* side : {&above_, &below_}) side->relative += 8.0 * unit * static_cast<double>(cells_);
    } else {
        const double modulus = pack(product, real, imaginary);
        product = {};
        fourier.backward(real.data(), imaginary.data());
        const double levels = std::log2(static_cast<double>(cells_));
        // Each output of a transform of positive masses is within 4 levels units of its sum of them; powers multiply
        // that, and where a factor's modulus is below 1/2 what it is raised to is less than 2^(1 - times).
        const double spectrum = 8.0 * (levels + 4.0) * unit;
        noise_ = total * spectrum * (2.0 * modulus + std::exp2(1.0 - fewest)) + 2.0 * spectrum * modulus + 1e-29;
        const double decay = -std::expm1(-tilt_ * step_);
        const auto n = static_cast<double>(cells_);
        error_ = outside_ + noise_ * (decay * n > 1.0 ? 1.0 / decay : n);
        for (std::size_t i = 0; i < cells_; ++i) {
            real[i] /= n;
            imaginary[i] /= n;
        }
    }
    for (Side* side : {&above_, &below_}) side->relative += 4.0 * unit * std::fabs(side->log_scale);
    accumulate(above_, real, offset[0]);
    accumulate(below_, imaginary, offset[1]);
}

void ComposedLoss::accumulate(Side& side, const std::vector<double>& mass, std::uint64_t offset) const {
    side.high.resize(cells_ + 1);
    side.low.resize(cells_ + 1);
    side.high[cells_] = 0.0;
    side.low[cells_] = 0.0;
    side.difference.assign(cells_ + 1, 0.0);
    const double high = std::exp(-tilt_ * step_);
    const double low = std::exp(-(tilt_ + 1.0) * step_);
    const double fall = -std::expm1(-step_);
    const std::uint64_t start = static_cast<std::uint64_t>(first_) - offset;
    for (std::size_t i = cells_; i > 0; --i) {
        const double value = std::max(0.0, mass[(start + (i - 1)) & (cells_ - 1)]);
        side.high[i - 1] = value + high * side.high[i];
        side.low[i - 1] = value + low * side.low[i];
        side.difference[i - 1] = high * (side.difference[i] + fall * side.low[i]);
    }
}

// With sign 1 the upper bound, with -1 the lower one.
double ComposedLoss::log_curve(const Side& side, double epsilon, double sign) const noexcept {
    double finite = -infinity;
    if (std::isfinite(side.log_scale)) {
        const double place =
            std::clamp(std::ceil(epsilon / step_) - static_cast<double>(first_), 0.0, static_cast<double>(cells_));
        const auto i = static_cast<std::size_t>(place);
        const double gap = loss(i) - epsilon;
        // Below the window the first weight may exceed 1, and with it the errors' weight.
        const double weight = std::exp(-tilt_ * gap);
        const double sum = weight * (side.difference[i] - std::expm1(-gap) * side.low[i]);
        const double rounding = is_single_ ? 0.0 : 4.0 * unit * weight * side.high[i];
        const double bounded = sum * (1.0 + sign * 16.0 * unit) + sign * (error_ + rounding);
        if (bounded > 0.0) {
            finite = side.log_scale - tilt_ * epsilon + std::log(bounded) +
                     sign * (side.relative + 8.0 * unit * tilt_ * std::fabs(epsilon));
        }
    }
    if (side.infinite == 0.0) return std::min(finite, 0.0);
    const double infinite = std::log(side.infinite);
    const double most = std::max(finite, infinite);
    return std::min(0.0, most + std::log1p(std::exp(std::min(finite, infinite) - most)));
}

Interval ComposedLoss::log_delta(double epsilon) const noexcept {
    return {log_curve(below_, epsilon, -1.0), log_curve(above_, epsilon, 1.0)};
}

double ComposedLoss::solve(const Side& side, double delta, double sign) const noexcept {
    const double room = (delta - side.infinite) * (1.0 - sign * side.relative) * (1.0 - sign * 8.0 * unit);
    if (room <= 0.0) return infinity;
    if (!std::isfinite(side.log_scale)) return -infinity;
    const auto target = [&](std::size_t i) {
        const double at = tilt_ * loss(i);
        const double exponent = std::fabs(at) + std::fabs(std::log(room)) + std::fabs(side.log_scale);
        return std::exp(std::log(room) - side.log_scale + at - sign * 8.0 * unit * exponent);
    };
    const double error = sign * error_ * std::exp(tilt_ * step_);
    const auto reached = [&](std::size_t i) { return side.difference[i] + error >= target(i); };
    // Far below the mean the errors exceed what is left of the mass; a lower bound is sought from the mean downwards.
    std::size_t low = sign < 0.0 ? centre_ : 0;
    while (low > 0 && !reached(low)) low -= std::min(low, std::max<std::size_t>(1, cells_ / 256));
    if (!reached(low) && tilt_ > 0.0) return std::numeric_limits<double>::quiet_NaN();
    // The first cell that is not reached; the curve falls.
    std::size_t high = cells_;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (reached(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == cells_ && reached(cells_)) {
        // The answer lies beyond the window, where nothing is known but the errors' bound, which falls with the tilt.
        if (tilt_ == 0.0) return infinity;
        const double log_error = std::log(error), log_room = std::log(room);
        const double rounding = 16.0 * unit * (std::fabs(log_error) + std::fabs(log_room) + std::fabs(side.log_scale));
        return std::max(loss(cells_), (side.log_scale + log_error - log_room + rounding) / tilt_ * (1.0 + 4.0 * unit));
    }
    // Grid points are rounded, too.
    const auto outwards = [sign](double epsilon) { return epsilon + sign * 4.0 * unit * std::fabs(epsilon); };
    if (!(side.low[low] > 0.0)) return outwards(loss(low));
    const double rest = side.difference[low] + error - target(low);
    const double rounding = 16.0 * unit * (side.difference[low] + std::fabs(error) + target(low) + side.low[low]);
    const double excess = (rest + sign * rounding) / side.low[low];
    if (excess <= -1.0) return low == 0 ? -infinity : outwards(loss(low - 1));
    const double epsilon = loss(low) + std::log1p(excess);
    return outwards(low == 0 ? epsilon : std::clamp(epsilon, loss(low - 1), loss(low)));
}

Interval ComposedLoss::epsilon(double delta) const noexcept {
    return {solve(below_, delta, -1.0), solve(above_, delta, 1.0)};
}

double ComposedLoss::log_sum(const Side& side, std::size_t cell, double log_rate, double sign) const noexcept {
    const double curve = log_curve(side, loss(cell), sign);
    const double line = log_rate + loss(cell);
    const double most = std::max(curve, line);
    const double sum = most + std::log1p(std::exp(std::min(curve, line) - most));
    return sum + sign * 16.0 * unit * (1.0 + std::fabs(std::max(curve, -800.0)) + std::fabs(line));
}

// The cell at which the curve's slope in x, minus Q's probability of the losses above, passes the rate.
std::size_t ComposedLoss::power_cell(const Side& side, double log_rate) const noexcept {
    std::size_t low = 0;
    std::size_t high = cells_;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const double log_q = std::log(side.low[middle + 1]) + side.log_scale - (tilt_ + 1.0) * loss(middle + 1);
        if (log_q > log_rate) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

Interval ComposedLoss::log_power(double log_rate) const noexcept {
    Interval result{log_rate, 0.0};  // a coin is a test, too
    // Of the upper curve every x gives an upper end.
    if (std::isfinite(above_.log_scale)) {
        const std::size_t cell = power_cell(above_, log_rate);
        for (std::size_t i = cell > 2 ? cell - 2 : 0; i <= std::min(cell + 2, cells_); ++i)
            result.upper = std::min(result.upper, log_sum(above_, i, log_rate, 1.0));
    } else if (above_.infinite < 1.0) {
        result.upper = std::min(0.0, std::log(above_.infinite + (1.0 - above_.infinite) * std::exp(log_rate)) + 1e-15);
    }
    if (!std::isfinite(below_.log_scale)) {
        if (below_.infinite > 0.0) result.lower = std::max(result.lower, std::log(below_.infinite) - 1e-15);
        return result;
    }
    // The lower curve is convex, with kinks at grid points alone, so that the least lies at one of them: among those
    // between two at which it is certainly greater than here.
    const std::size_t cell = power_cell(below_, log_rate);
    const double here = log_sum(below_, cell, log_rate, 1.0) + 1e-14;
    const auto is_greater = [&](std::size_t i) { return log_sum(below_, i, log_rate, -1.0) >= here; };
    std::size_t right = 1;
    while (cell + right < cells_ && !is_greater(cell + right)) right *= 2;
    std::size_t left = 1;
    while (left <= cell && !is_greater(cell - left)) left *= 2;
    double least = infinity;
    // Beyond the last cell the line alone is greater than at it.
    for (std::size_t i = cell - std::min(left, cell); i <= std::min(cell + right, cells_); ++i)
        least = std::min(least, log_sum(below_, i, log_rate, -1.0));
    if (left > cell && tilt_ == 0.0) {
        least = std::min(least, log_curve(below_, -1e9, -1.0));  // x = 0; in between the curve found is a line
    } else if (left > cell) {
        // The window ends before: down to x = 0 the curve falls by no more than it rises to the right.
        if (cell + right > cells_) return result;
        const double ratio = std::exp(static_cast<double>(right) * step_);
        const double rise = std::exp(log_sum(below_, cell + right, log_rate, 1.0)) - std::exp(least);
        const double value = std::exp(least) - (1.0 + 1e-12) * std::max(0.0, rise) / (ratio - 1.0);
        least = value > 0.0 ? std::log(value) - 4.0 * unit : log_rate;
    }
    result.lower = std::max(result.lower, std::min(least, 0.0));
    return result;
}

}  // namespace vedette::inline v0::privacy
