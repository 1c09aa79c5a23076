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

template <class Parts>
bool make_factors(const Parts& parts, const Grid& grid, bool added, std::vector<LossFactor>& factors) {
    factors.clear();
    for (const auto& part : parts) {
        const LossLaw& law = added ? part.pair->added() : part.pair->removed();
        if (grid_points(law, grid.step, grid.tail) > static_cast<double>(grid.max_cells)) return false;
        factors.push_back({chords(law, grid.step, grid.tail), tangents(law, grid.step, grid.tail), part.times});
    }
    return true;
}

// Nothing known.
constexpr Interval nothing{-infinity, infinity};

Interval solve_epsilon(const std::vector<LossFactor>& factors, const Grid& grid, double delta) {
    double tilt = tilt_for_delta(factors, grid.step, std::log(delta));
    Interval bounds{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
    for (int i = 0; i < 8 && (std::isnan(bounds.lower) || std::isnan(bounds.upper)); ++i) {
        const ComposedLoss composed(factors, grid.step, i < 7 ? tilt : 0.0, grid.max_cells);
        if (!composed.valid()) break;
        const Interval found = composed.epsilon(delta);
        if (std::isnan(bounds.lower)) bounds.lower = found.lower;
        if (std::isnan(bounds.upper)) bounds.upper = found.upper;
        tilt *= 0.5;
    }
    if (std::isnan(bounds.lower)) bounds.lower = -infinity;
    if (std::isnan(bounds.upper)) bounds.upper = infinity;
    return bounds;
}

Interval solve_log_delta(const std::vector<LossFactor>& factors, const Grid& grid, double epsilon) {
    const double tilt = tilt_for_epsilon(factors, grid.step, epsilon);
    const ComposedLoss composed(factors, grid.step, tilt, grid.max_cells);
    return composed.valid() ? composed.log_delta(epsilon) : nothing;
}

// Asks both directions, on grids as fine as needed. `ask` answers for one; `width` is the measure of the error.
template <class Parts, class Ask, class Width>
Interval refine(const Parts& parts, const PrivacyLossOptions& options, double tail, const Ask& ask,
                const Width& width) {
    double total = 0.0;
    bool symmetric = true;
    for (const auto& part : parts) {
        total += static_cast<double>(part.times);
        symmetric = symmetric && part.pair->symmetric();
    }
    const double lattice = common_lattice(parts);
    double step = options.loss_interval;
    if (step == 0.0) step = std::min(0.05, 1.2 * std::sqrt(std::min(options.error, 1.0) / total));
    // Atoms on a lattice are exact on it; a finer grid only adds rounding.
    if (lattice > 0.0 && options.loss_interval == 0.0) step = std::min(lattice, 1.0);
    Interval best{-infinity, infinity};
    double last_width = infinity;
    double last_step = infinity;
    int endless = 0;
    std::vector<LossFactor> factors;
    for (int round = 0; round < 24; ++round) {
        if (lattice > 0.0 && options.loss_interval == 0.0) step = lattice / std::ceil(lattice / step);
        const Grid grid{step, tail, options.max_cells};
        Interval here = nothing;
        bool complete = true;
        for (const bool added : {false, true}) {
            if (added && symmetric) break;
            if (!make_factors(parts, grid, added, factors)) {
                complete = false;
                break;
            }
            const Interval bounds = ask(factors, grid);
            if (bounds.upper == infinity && bounds.lower == -infinity) complete = false;
            if (added) {
                here = {std::max(here.lower, bounds.lower), std::max(here.upper, bounds.upper)};
            } else {
                here = bounds;
            }
        }
        if (!complete) break;
        best = {std::max(best.lower, here.lower), std::min(best.upper, here.upper)};
        const double now = width(best);
        if (!(now > options.error) || options.loss_interval != 0.0) break;
        if (here.upper == infinity && ++endless == 3) break;  // more than delta is infinite
        double factor = std::isfinite(now) ? 0.9 * std::sqrt(options.error / now) : 0.3;
        // Losses that are atoms off the grid cost in proportion to the step.
        if (now > 0.7 * last_width * step / last_step) factor = std::min(factor, 0.8 * options.error / now);
        last_width = now;
        last_step = step;
        step *= std::clamp(factor, 0.1, 0.7);
    }
    // Both ends are proven: crossed ones are a fault of ours, of which no answer must come.
    if (best.lower > best.upper + 1e-9 * std::max(1.0, std::fabs(best.upper)))
        throw Error(ErrorCode::internal,
                    fmt::format("privacy loss: at least {}, and at most {}", best.lower, best.upper));
    return best;
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
    return PrivacyLossDistribution(make_pair(gaussian_law(options.noise_multiplier), options.sampling_rate));
}

PrivacyLossDistribution PrivacyLossDistribution::laplace(const LossOptions& options) {
    check(options);
    return PrivacyLossDistribution(make_pair(laplace_law(options.noise_multiplier), options.sampling_rate));
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

Interval PrivacyLossDistribution::epsilon(double delta, const PrivacyLossOptions& options) const {
    require_within("delta", delta, 1e-280, std::nextafter(1.0, 0.0));
    check(options);
    if (parts_.empty()) return {0.0, 0.0};
    double total = 0.0;
    for (const Part& part : parts_) total += static_cast<double>(part.times);
    const double tail = std::max(1e-6 * delta / total, 1e-295);
    const Interval bounds = refine(
        parts_, options, tail,
        [delta](const std::vector<LossFactor>& factors, const Grid& grid) {
            return solve_epsilon(factors, grid, delta);
        },
        [](const Interval& b) { return std::max(b.upper, 0.0) - std::max(b.lower, 0.0); });
    return {std::max(bounds.lower, 0.0), std::max(bounds.upper, 0.0)};
}

Interval PrivacyLossDistribution::log_delta(double epsilon, const PrivacyLossOptions& options) const {
    require_within("epsilon", epsilon, 0.0, 1e9);
    check(options);
    if (parts_.empty()) return {-infinity, -infinity};
    double total = 0.0;
    for (const Part& part : parts_) total += static_cast<double>(part.times);
    const auto ask = [epsilon](const std::vector<LossFactor>& factors, const Grid& grid) {
        return solve_log_delta(factors, grid, epsilon);
    };
    const auto width = [](const Interval& b) { return b.upper - b.lower; };
    // What the grid may leave to infinity depends on the answer, so that is looked for coarsely first.
    PrivacyLossOptions coarse = options;
    coarse.error = std::max(options.error, 10.0);
    const Interval about = refine(parts_, coarse, 1e-290, ask, width);
    const double tail = std::max(1e-290, std::exp(std::min(about.upper, 0.0) - 30.0) / total);
    const Interval bounds = refine(parts_, options, tail, ask, width);
    return {std::max(about.lower, bounds.lower), std::min({about.upper, bounds.upper, 0.0})};
}

Interval PrivacyLossDistribution::delta(double epsilon, const PrivacyLossOptions& options) const {
    const Interval logs = log_delta(epsilon, options);
    return {std::exp(logs.lower), std::min(1.0, std::exp(logs.upper) * (1.0 + 0x1p-50))};
}

}  // namespace vedette::inline v0::privacy
