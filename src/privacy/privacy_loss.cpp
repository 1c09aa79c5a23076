// SPDX-License-Identifier: Apache-2.0
// Compositions of privacy losses: what they are made of, and the refinement of the grid until the ends meet.
#include "vedette/privacy/privacy_loss.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "privacy/arguments.hpp"
#include "privacy/composed_loss.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void check(const LossOptions& options) {
    require_within("noise_multiplier", options.noise_multiplier, 0.05, 1e6);
    require_within("sampling_rate", options.sampling_rate, 1e-12, 1.0);
}

std::shared_ptr<const LossPair> make_pair(std::unique_ptr<const LossLaw> base, double rate) {
    if (rate == 1.0) return std::make_shared<const LossPair>(std::move(base), nullptr);
    const std::shared_ptr<const LossLaw> removed = subsampled_law(std::move(base), rate);
    return std::make_shared<const LossPair>(removed, reversed_law(removed));
}

// The step whose multiples the losses of all parts are, 0 where there is none.
template <class Parts>
double common_lattice(const Parts& parts) {
    double lattice = parts.front().pair->removed().lattice();
    for (const auto& part : parts) {
        if (part.pair->removed().lattice() != lattice || part.pair->added().lattice() != lattice) return 0.0;
    }
    return lattice;
}

// What one question wants of one direction at one grid; `tail` is the mass that the grid may leave to infinity.
struct Grid {
    double step;
    double tail;
    std::size_t max_cells;
};

// What is known of one direction. Where more cells than there may be are needed, that is little.
struct Answer {
    Interval bounds{-infinity, infinity};
    double cells = 0.0;
};

// The cells that the greatest of these factors takes by itself.
template <class Parts>
double make_factors(const Parts& parts, const Grid& grid, bool added, std::vector<LossFactor>& factors) {
    factors.clear();
    double most = 0.0;
    for (const auto& part : parts) {
        const LossLaw& law = added ? part.pair->added() : part.pair->removed();
        most = std::max(most, grid_points(law, grid.step, grid.tail));
    }
    if (most > static_cast<double>(grid.max_cells)) return most;
    for (const auto& part : parts) {
        const LossLaw& law = added ? part.pair->added() : part.pair->removed();
        factors.push_back({chords(law, grid.step, grid.tail), tangents(law, grid.step, grid.tail), part.times});
    }
    return most;
}

Answer solve_epsilon(const std::vector<LossFactor>& factors, const Grid& grid, double delta) {
    double tilt = tilt_for_delta(factors, grid.step, std::log(delta));
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    Answer answer{{unknown, unknown}, 0.0};
    Interval& bounds = answer.bounds;
    const double most = epsilon_by_moment(factors, grid.step, tilt, delta);
    for (int i = 0; i < 8 && (std::isnan(bounds.lower) || std::isnan(bounds.upper)); ++i) {
        const ComposedLoss composed(factors, grid.step, i < 7 ? tilt : 0.0, grid.max_cells);
        answer.cells = std::max(answer.cells, composed.cells_needed());
        if (!composed.valid()) break;
        const Interval found = composed.epsilon(delta);
        if (std::isnan(bounds.lower)) bounds.lower = found.lower;
        if (std::isnan(bounds.upper)) bounds.upper = found.upper;
        tilt *= 0.5;
    }
    if (std::isnan(bounds.lower)) bounds.lower = -infinity;
    bounds.upper = std::isnan(bounds.upper) ? most : std::min(bounds.upper, most);
    return answer;
}

Answer solve_log_delta(const std::vector<LossFactor>& factors, const Grid& grid, double epsilon) {
    const ComposedLoss composed(factors, grid.step, tilt_for_epsilon(factors, grid.step, epsilon), grid.max_cells);
    return {composed.valid() ? composed.log_delta(epsilon) : Interval{-infinity, infinity}, composed.cells_needed()};
}

Answer solve_log_power(const std::vector<LossFactor>& factors, const Grid& grid, double log_rate) {
    const ComposedLoss composed(factors, grid.step, tilt_for_rate(factors, grid.step, log_rate), grid.max_cells);
    return {composed.valid() ? composed.log_power(log_rate) : Interval{-infinity, infinity}, composed.cells_needed()};
}

// A step whose grid atoms on the lattice fall upon, as far as one of about this size does so.
double fitted_step(double step, double lattice) noexcept {
    if (lattice == 0.0) return step;
    if (step <= lattice) return lattice / std::ceil(lattice / step);
    return lattice * std::ceil(step / lattice * (1.0 - 1e-9));
}

// Of all ends the closest; crossed ones are a fault of ours, of which no answer must come: both are proven.
Interval both(const Interval& a, const Interval& b) {
    const Interval common{std::max(a.lower, b.lower), std::min(a.upper, b.upper)};
    if (common.lower > common.upper + 1e-9 * std::max(1.0, std::fabs(common.upper)))
        throw Error(ErrorCode::internal,
                    fmt::format("privacy loss: at least {}, and at most {}", common.lower, common.upper));
    return common;
}

// Asks both directions, on grids as fine as needed. `ask` answers for one; `width` is the measure of the error.
template <class Parts, class Ask, class Width>
Interval refine(const Parts& parts, const PrivacyLossOptions& options, double tail, const Ask& ask,
                const Width& width) {
    constexpr double coarsest = 8.0;
    double total = 0.0;
    bool symmetric = true;
    for (const auto& part : parts) {
        total += static_cast<double>(part.times);
        symmetric = symmetric && part.pair->symmetric();
    }
    const bool is_fixed = options.loss_interval != 0.0;
    const double lattice = is_fixed ? 0.0 : common_lattice(parts);
    double step = options.loss_interval;
    // Below some 1e-5 the roundings of as many cells may cost more than the grid.
    if (!is_fixed) step = std::min(0.05, 1.2 * std::sqrt(std::clamp(options.error, 1e-5, 1.0) / total));
    // Atoms on a lattice are exact on it; a finer grid only adds rounding.
    if (lattice > 0.0) step = std::min(lattice, 1.0);
    Interval best{-infinity, infinity};
    double last_width = infinity;
    double last_step = infinity;  // of the finest grid that had cells enough
    double least_step = 0.0;      // below it they do not suffice
    int endless = 0;
    std::vector<LossFactor> factors;
    // Both directions on one grid: their worse ends, and the cells that they take.
    struct Look {
        Answer worse{{-infinity, -infinity}, 0.0};
        bool is_nothing = false;
    };
    const auto look = [&](double at) {
        const Grid grid{at, tail, options.max_cells};
        Look seen;
        Interval& here = seen.worse.bounds;
        for (const bool added : {false, true}) {
            if (added && symmetric) break;
            Answer answer;
            answer.cells = make_factors(parts, grid, added, factors);
            if (!factors.empty()) answer = ask(factors, grid);
            here = {std::max(here.lower, answer.bounds.lower), std::max(here.upper, answer.bounds.upper)};
            seen.worse.cells = std::max(seen.worse.cells, answer.cells);
            seen.is_nothing = seen.is_nothing || (answer.bounds.lower == -infinity && answer.bounds.upper == infinity);
        }
        return seen;
    };
    for (int round = 0; round < 24; ++round) {
        step = fitted_step(step, lattice);
        const Look seen = look(step);
        const Interval here = seen.worse.bounds;
        const double cells = seen.worse.cells;
        best = both(best, here);
        if (is_fixed) break;
        const auto most_cells = static_cast<double>(options.max_cells);
        if (cells > most_cells) {
            // A direction that did not fit may be the worse one, whose lower end is unknown; the other's holds.
            least_step = std::max(least_step, 1.05 * step * cells / most_cells);
            if (least_step > (std::isfinite(last_step) ? 0.8 * last_step : coarsest)) {
                // A fine grid's roundings, so many times over, may exceed delta; a coarse one's are fewer, and of a
                // moment it takes no more cells than one loss has.
                while (best.upper == infinity && step < coarsest) {
                    const double coarser = fitted_step(std::min(8.0 * step, coarsest), lattice);
                    if (!(coarser > step)) break;  // the lattice has no coarser one
                    step = coarser;
                    best = both(best, look(step).worse.bounds);
                }
                break;
            }
            step = least_step;
            continue;
        }
        if (seen.is_nothing) break;
        const double now = width(best);
        if (!(now > options.error)) break;
        if (here.upper == infinity && ++endless == 3) break;  // more than delta is infinite
        double factor = std::isfinite(now) ? 0.9 * std::sqrt(options.error / now) : 0.3;
        // Losses that are atoms off the grid cost in proportion to the step.
        if (now > 0.7 * last_width * step / last_step) factor = std::min(factor, 0.8 * options.error / now);
        last_width = now;
        last_step = step;
        step = std::max(step * std::clamp(factor, 0.2, 0.7), least_step);
        if (step > 0.8 * last_step) break;
    }
    return best;
}

template <class Width>
LossInterval answered(const Interval& bounds, const PrivacyLossOptions& options, const Width& width) {
    return {bounds, !(width(bounds) > options.error)};
}

double log_width(const Interval& bounds) noexcept {
    return bounds.upper - bounds.lower;
}

double epsilon_width(const Interval& bounds) noexcept {
    return std::max(bounds.upper, 0.0) - std::max(bounds.lower, 0.0);
}

template <class Parts>
double total_times(const Parts& parts) noexcept {
    double total = 0.0;
    for (const auto& part : parts) total += static_cast<double>(part.times);
    return total;
}

void check(const PrivacyLossOptions& options) {
    require_within("error", options.error, 1e-9, 1e6);
    if (options.loss_interval != 0.0) require_within("loss_interval", options.loss_interval, 1e-9, 1.0);
    require_within("max_cells", options.max_cells, 1024.0, 67'108'864.0);
}

}  // namespace

PrivacyLossDistribution::PrivacyLossDistribution(std::shared_ptr<const LossPair> pair) {
    parts_.push_back({std::move(pair), 1});
}

PrivacyLossDistribution PrivacyLossDistribution::gaussian(const LossOptions& options) {
    check(options);
    if (options.neighbouring == Neighbouring::add_remove)
        return PrivacyLossDistribution(make_pair(gaussian_law(options.noise_multiplier), options.sampling_rate));
    // A record at one end of what it can be against one at the other: without sampling, twice as far.
    if (options.sampling_rate == 1.0) {
        require_within("noise_multiplier", options.noise_multiplier, 0.1, 1e6);
        return PrivacyLossDistribution(make_pair(gaussian_law(0.5 * options.noise_multiplier), 1.0));
    }
    return PrivacyLossDistribution(std::make_shared<const LossPair>(
        replaced_gaussian_law(options.noise_multiplier, options.sampling_rate), nullptr));
}

PrivacyLossDistribution PrivacyLossDistribution::laplace(const LossOptions& options) {
    check(options);
    if (options.neighbouring == Neighbouring::add_remove)
        return PrivacyLossDistribution(make_pair(laplace_law(options.noise_multiplier), options.sampling_rate));
    if (options.sampling_rate != 1.0)
        return PrivacyLossDistribution(std::make_shared<const LossPair>(
            replaced_laplace_law(options.noise_multiplier, options.sampling_rate), nullptr));
    require_within("noise_multiplier", options.noise_multiplier, 0.1, 1e6);
    return PrivacyLossDistribution(make_pair(laplace_law(0.5 * options.noise_multiplier), 1.0));
}

PrivacyLossDistribution PrivacyLossDistribution::discrete_gaussian(double sigma, std::uint32_t sensitivity,
                                                                   double sampling_rate) {
    require_within("sigma", sigma, 0.05, 1e4);
    require_within("sensitivity", sensitivity, 1.0, 1e4);
    require_within("sampling_rate", sampling_rate, 1e-12, 1.0);
    const double s = sensitivity;
    const double unit_loss = 0.5 * s / (sigma * sigma);
    // So that losses within the reach stay below 600, and no atom is left out.
    require_within("sensitivity / sigma", s / sigma, 0.0, 13.0);
    const auto reach = static_cast<std::int64_t>(std::ceil(38.0 * sigma));
    double total = 0.0;
    for (std::int64_t x = reach; x > 0; --x)
        total += 2.0 * std::exp(-0.5 * std::pow(static_cast<double>(x) / sigma, 2));
    total += 1.0;
    std::vector<LossAtom> atoms;
    for (std::int64_t x = -reach; x <= reach; ++x) {
        const auto z = static_cast<double>(x);
        const double p = std::exp(-0.5 * (z / sigma) * (z / sigma)) / total;
        const double loss = unit_loss * (2.0 * z + s);  // x from the shifted centre
        if (p > 0.0) atoms.push_back({loss, p});
    }
    return PrivacyLossDistribution(
        make_pair(atom_law(atoms, 0.0, sampling_rate == 1.0 ? unit_loss : 0.0), sampling_rate));
}

PrivacyLossDistribution PrivacyLossDistribution::discrete_laplace(double scale, std::uint32_t sensitivity,
                                                                  double sampling_rate) {
    require_within("scale", scale, 0.01, 1e4);
    require_within("sensitivity", sensitivity, 1.0, 1e6);
    require_within("sensitivity / scale", sensitivity / scale, 0.0, 500.0);
    require_within("sampling_rate", sampling_rate, 1e-12, 1.0);
    const double decay = std::exp(-1.0 / scale);
    const double centre = (1.0 - decay) / (1.0 + decay);
    const double s = sensitivity;
    const auto tail = [&](double from) { return std::exp(-from / scale) / (1.0 + decay); };  // P(|x| side >= from)
    // The noise of P is x - s: left of 0 and right of s all losses are one.
    std::vector<LossAtom> atoms{{-s / scale, tail(s)}, {s / scale, 1.0 / (1.0 + decay)}};
    for (std::uint32_t x = 1; x < sensitivity; ++x) {
        atoms.push_back({(2.0 * x - s) / scale, centre * std::exp(-(s - x) / scale)});
    }
    return PrivacyLossDistribution(
        make_pair(atom_law(atoms, 0.0, sampling_rate == 1.0 ? 1.0 / scale : 0.0), sampling_rate));
}

PrivacyLossDistribution PrivacyLossDistribution::randomized_response(double epsilon, std::uint32_t categories) {
    require_within("epsilon", epsilon, 0.0, 500.0);
    require_within("categories", categories, 2.0, 1e9);
    const double others = static_cast<double>(categories) - 1.0;
    const double denominator = 1.0 + others * std::exp(-epsilon);
    std::vector<LossAtom> atoms{{epsilon, 1.0 / denominator}, {-epsilon, std::exp(-epsilon) / denominator}};
    if (categories > 2) atoms.push_back({0.0, (others - 1.0) * std::exp(-epsilon) / denominator});
    return PrivacyLossDistribution(make_pair(atom_law(atoms, 0.0, epsilon), 1.0));
}

PrivacyLossDistribution PrivacyLossDistribution::approximate(double epsilon, double delta) {
    require_within("epsilon", epsilon, 0.0, 500.0);
    require_within("delta", delta, 0.0, 1.0);
    const double denominator = 1.0 + std::exp(-epsilon);
    const std::vector<LossAtom> atoms{{epsilon, (1.0 - delta) / denominator},
                                      {-epsilon, (1.0 - delta) * std::exp(-epsilon) / denominator}};
    return PrivacyLossDistribution(make_pair(atom_law(atoms, delta, epsilon), 1.0));
}

PrivacyLossDistribution PrivacyLossDistribution::gaussian_mixture(const GaussianMixture& mixture) {
    require_within("noise_multiplier", mixture.noise_multiplier, 0.01, 1e6);
    if (mixture.shifts.empty() || mixture.shifts.size() != mixture.probabilities.size()) {
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("gaussian_mixture: {} shifts and {} probabilities; as many of both, one at least",
                                mixture.shifts.size(), mixture.probabilities.size()));
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < mixture.shifts.size(); ++i) {
        require_within("shifts", mixture.shifts[i], 0.0, 20.0 * mixture.noise_multiplier);
        require_within("probabilities", mixture.probabilities[i], 0.0, 1.0);
        sum += mixture.probabilities[i];
    }
    require_within("sum of probabilities", sum, 1.0 - 1e-12, 1.0 + 1e-12);
    const std::shared_ptr<const LossLaw> law = mixture_law(mixture);
    return PrivacyLossDistribution(std::make_shared<const LossPair>(law, reversed_law(law)));
}

PrivacyLossDistribution PrivacyLossDistribution::from_atoms(std::span<const LossAtom> atoms, double infinite) {
    require_within("infinite", infinite, 0.0, 1.0);
    double sum = infinite;
    double dual = 0.0;
    for (const LossAtom& atom : atoms) {
        require_within("loss", atom.loss, -600.0, 600.0);
        require_within("probability", atom.probability, 0.0, 1.0);
        sum += atom.probability;
        dual += atom.probability * std::exp(-atom.loss);
    }
    require_within("sum of probabilities", sum, 1.0 - 1e-9, 1.0 + 1e-9);
    require_within("sum of probabilities times e^-loss", dual, 0.0, 1.0 + 1e-9);
    return PrivacyLossDistribution(std::make_shared<const LossPair>(
        atom_law(atoms, infinite, atoms.size() == 1 ? std::fabs(atoms[0].loss) : 0.0), nullptr));
}

PrivacyLossDistribution PrivacyLossDistribution::either(const PrivacyLossDistribution& first,
                                                        const PrivacyLossDistribution& second, double probability) {
    require_within("probability", probability, 0.0, 1.0);
    for (const PrivacyLossDistribution* one : {&first, &second})
        if (one->parts_.size() != 1 || one->parts_[0].times != 1)
            throw Error(ErrorCode::invalid_argument, "either: each must be one mechanism, run once");
    const std::shared_ptr<const LossPair>& a = first.parts_[0].pair;
    const std::shared_ptr<const LossPair>& b = second.parts_[0].pair;
    const auto law = [&](bool added) -> std::shared_ptr<const LossLaw> {
        return chosen_law({a, added ? &a->added() : &a->removed()}, {b, added ? &b->added() : &b->removed()},
                          probability);
    };
    const bool is_symmetric = a->symmetric() && b->symmetric();
    return PrivacyLossDistribution(std::make_shared<const LossPair>(law(false), is_symmetric ? nullptr : law(true)));
}

PrivacyLossDistribution PrivacyLossDistribution::compose(std::uint64_t times) const {
    PrivacyLossDistribution result;
    if (times == 0) return result;
    double total = 0.0;
    for (const Part& part : parts_) {
        total += static_cast<double>(part.times) * static_cast<double>(times);
        result.parts_.push_back({part.pair, part.times * times});
    }
    require_within("number of compositions", total, 0.0, 4294967296.0);
    return result;
}

PrivacyLossDistribution PrivacyLossDistribution::compose(const PrivacyLossDistribution& other) const {
    PrivacyLossDistribution result = *this;
    double total = 0.0;
    for (const Part& part : other.parts_) {
        const auto same = std::find_if(result.parts_.begin(), result.parts_.end(),
                                       [&part](const Part& known) { return known.pair == part.pair; });
        if (same == result.parts_.end()) {
            result.parts_.push_back(part);
        } else {
            same->times += part.times;
        }
    }
    for (const Part& part : result.parts_) total += static_cast<double>(part.times);
    require_within("number of compositions", total, 0.0, 4294967296.0);
    return result;
}

LossInterval PrivacyLossDistribution::epsilon(double delta, const PrivacyLossOptions& options) const {
    require_within("delta", delta, 1e-280, std::nextafter(1.0, 0.0));
    check(options);
    if (parts_.empty()) return {{0.0, 0.0}, true};
    const double tail = std::max(1e-9 * delta / total_times(parts_), 1e-295);
    const auto ask = [delta](const std::vector<LossFactor>& factors, const Grid& grid) {
        return solve_epsilon(factors, grid, delta);
    };
    const Interval bounds = refine(parts_, options, tail, ask, epsilon_width);
    return answered({std::max(bounds.lower, 0.0), std::max(bounds.upper, 0.0)}, options, epsilon_width);
}

LossInterval PrivacyLossDistribution::log_delta(double epsilon, const PrivacyLossOptions& options) const {
    require_within("epsilon", epsilon, 0.0, 1e9);
    check(options);
    if (parts_.empty()) return {{-infinity, -infinity}, true};
    const auto ask = [epsilon](const std::vector<LossFactor>& factors, const Grid& grid) {
        return solve_log_delta(factors, grid, epsilon);
    };
    // What the grid may leave to infinity depends on the answer, so that is looked for coarsely first.
    PrivacyLossOptions coarse = options;
    coarse.error = std::max(options.error, 10.0);
    const Interval about = refine(parts_, coarse, 1e-290, ask, log_width);
    const double tail = std::max(1e-290, std::exp(std::min(about.upper, 0.0) - 30.0) / total_times(parts_));
    Interval bounds = both(about, refine(parts_, options, tail, ask, log_width));
    bounds.upper = std::min(bounds.upper, 0.0);
    return answered(bounds, options, log_width);
}

LossInterval PrivacyLossDistribution::delta(double epsilon, const PrivacyLossOptions& options) const {
    const LossInterval logs = log_delta(epsilon, options);
    return {{std::exp(logs.lower), std::min(1.0, std::exp(logs.upper) * (1.0 + 0x1p-50))}, logs.width_reached};
}

LossInterval PrivacyLossDistribution::true_positive_rate(double false_positive_rate,
                                                         const PrivacyLossOptions& options) const {
    require_within("false_positive_rate", false_positive_rate, 1e-280, 1.0);
    check(options);
    if (parts_.empty() || false_positive_rate == 1.0) return {{false_positive_rate, false_positive_rate}, true};
    const double log_rate = std::log(false_positive_rate);
    // The power is not below the rate.
    const double tail = std::max(1e-290, 1e-13 * false_positive_rate / total_times(parts_));
    const auto ask = [log_rate](const std::vector<LossFactor>& factors, const Grid& grid) {
        return solve_log_power(factors, grid, log_rate);
    };
    Interval bounds = refine(parts_, options, tail, ask, log_width);
    bounds = {std::max(bounds.lower, log_rate), std::min(bounds.upper, 0.0)};
    return answered({std::max(false_positive_rate, std::exp(bounds.lower) * (1.0 - 0x1p-50)),
                     std::min(1.0, std::exp(bounds.upper) * (1.0 + 0x1p-50))},
                    options, [&bounds](const Interval&) { return log_width(bounds); });
}

}  // namespace vedette::inline v0::privacy
