// SPDX-License-Identifier: Apache-2.0
// Noise on a window's counters: which they are, how much one row changes them, and the budget that is paid first.
#include "vedette/guard/release.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "guard/baseline_state.hpp"
#include "guard/released_columns.hpp"
#include "privacy/cipher.hpp"
#include "privacy/fairness.hpp"
#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"

namespace vedette::inline v0 {

namespace {

using privacy::at_least;
using privacy::up;
using validation::Check;
using validation::Severity;

constexpr std::size_t score_counters_each = Window::score_count_kinds + Window::p_value_cells;
constexpr std::size_t severities = 2;          // as in window.cpp: the schema's counters begin with them
constexpr std::uint64_t requests_per_row = 2;  // a decision, and whether it was rejected

// sigma for zero-concentrated privacy that keeps (epsilon, delta): each row changes `per_row` counters by 1, so that a
// user's rows are at most rows sqrt(per_row) long. Rounded up at every step.
double gaussian_sigma_for(const ReleasePolicy& policy, std::uint64_t per_row) {
    const double rho = privacy::rho_within({policy.epsilon, policy.delta});
    if (!(rho > 0.0))
        throw Error(ErrorCode::invalid_policy, "release policy /epsilon: too small for this delta; take delta 0");
    const double length = up(at_least(policy.rows_per_user) * up(std::sqrt(at_least(per_row))));
    return privacy::sigma_for(length, rho);
}

void take(std::vector<std::int64_t>& values, std::uint64_t count) {
    values.push_back(static_cast<std::int64_t>(std::min(count, largest_count)));
}

void check_companions(const ReleasePolicy& policy, const ReleaseCompanions& with) {
    if (!policy.columns.empty()) {
        if (with.statistics == nullptr)
            throw Error(ErrorCode::invalid_argument, "statistics: the release policy names columns, none are given");
        released::check_statistics(*with.statistics, policy.columns);
    }
    if (policy.groups.empty()) return;
    if (with.rates == nullptr)
        throw Error(ErrorCode::invalid_argument, "rates: the release policy names groups, none are given");
    if (with.rates->groups() != policy.groups)
        throw Error(ErrorCode::dimension_mismatch, "rates: their groups are not those of the release policy");
    const privacy::PrivacyUnit& unit = with.rates->counts().counts().unit();
    if (unit.is_user() && unit.counts_sensitivity() > policy.rows_per_user)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("rates: a user moves them by {}, the policy's rows_per_user is {}",
                                unit.counts_sensitivity(), policy.rows_per_user));
}

std::uint64_t not_negative(std::int64_t noisy, std::uint64_t most) noexcept {
    return noisy <= 0 ? 0 : std::min(static_cast<std::uint64_t>(noisy), most);
}

}  // namespace

double ReleaseNoise::standard_deviation() const noexcept {
    // The discrete Gaussian's is at most sigma; the discrete Laplace's 1 / (sqrt(2) sinh(1 / (2 scale))).
    return is_gaussian ? scale : 1.0 / (std::sqrt(2.0) * std::sinh(0.5 / scale));
}

double ReleaseNoise::reach(std::uint64_t draws, double alpha) const noexcept {
    if (draws == 0) return 0.0;
    // The discrete Gaussian is sub-Gaussian with its own sigma (Canonne, Kamath and Steinke 2020, lemma 5).
    if (is_gaussian && draws == 1) return privacy::gaussian_reach(scale, alpha);
    if (is_gaussian)
        return std::ceil(scale * std::sqrt(2.0 * static_cast<double>(draws) * std::log(2.0 / alpha)) * (1.0 + 1e-12));
    return draws == 1 ? privacy::laplace_reach(scale, alpha) : privacy::laplace_sum_reach(scale, draws, alpha);
}

// Chosen by policies and baseline alone, so that the choice tells nothing.
void ReleasedWindow::choose(const Policy& policy) {
    const Baseline& baseline = window_.baseline_;
    const std::vector<std::size_t>& offsets = baseline.state().counter_offsets;
    places_.assign(baseline.feature_count(), 0);
    std::size_t size = 0;
    const auto add = [&](std::vector<std::uint64_t> Window::*counters, std::size_t begin, std::size_t count) {
        blocks_.push_back({counters, begin, count});
        size += count;
    };
    for (std::size_t f = 0; f < places_.size(); ++f) {
        places_[f] = size;
        const bool ignored = policy.for_feature(baseline.features()[f].name).ignore;
        if (ignored || !policy_.releases(ReleasedOutput::features)) {
            places_[f] = std::size_t(-1);
            continue;
        }
        add(&Window::counters_, offsets[f], offsets[f + 1] - offsets[f]);
        ++noise_.counters_per_row;
    }
    if (policy_.releases(ReleasedOutput::scores))
        for (const auto& [name, rule] : policy.scores) {
            const auto index = baseline.find_score(name);
            if (!index)
                throw Error(ErrorCode::invalid_policy,
                            "policy /scores/" + name + ": the baseline has no score of this name");
            add(&Window::score_counters_, *index * score_counters_each, score_counters_each);
            noise_.counters_per_row += 2;  // one of its kinds, and a p-value's cell
        }
    const validation::Validator* const rules = baseline.validator();
    if (rules != nullptr && policy_.releases(ReleasedOutput::schema)) {
        add(&Window::schema_counters_, 0, severities);
        ++noise_.counters_per_row;
    }
    if (rules != nullptr && policy_.releases(ReleasedOutput::schema_checks))
        for (std::size_t f = 0; f < rules->feature_count() + rules->expression_count(); ++f)
            for (std::size_t c = 0; c < validation::check_count; ++c) {
                const auto check = static_cast<Check>(c);
                if (rules->severity(f, check) == Severity::none ||
                    validation::contains(validation::batch_checks, check))
                    continue;
                add(&Window::schema_counters_, severities + f * validation::check_count + c, 1);
                ++noise_.counters_per_row;  // all checks of a row may fail
            }
    if (policy_.releases(ReleasedOutput::requests)) noise_.counters_per_row += requests_per_row;
    noise_.counters_per_row += policy_.columns.size();  // a kind or a cell of each
    if (!policy_.groups.empty()) ++noise_.counters_per_row;
    if (noise_.counters_per_row == 0)
        throw Error(ErrorCode::invalid_policy, "release policy /outputs: the baseline has nothing of these");
}

void ReleasedWindow::draw(const Window& exact, const ReleaseCompanions& with, privacy::detail::Keystream& keystream) {
    for (const Block& block : blocks_)
        for (std::size_t i = 0; i < block.size; ++i) take(noisy_, (exact.*block.counters)[block.begin + i]);
    if (policy_.releases(ReleasedOutput::requests)) {
        for (const std::uint64_t count : exact.requests_) take(noisy_, count);
        take(noisy_, exact.rejected_);
    }
    if (!policy_.columns.empty()) {
        const std::size_t begin = noisy_.size();
        noisy_.resize(begin + policy_.columns.size() * released::counters(policy_.scale));
        released::count(*with.statistics, policy_.columns, policy_.scale, std::span(noisy_).subspan(begin));
    }
    if (!policy_.groups.empty())
        for (const std::uint64_t count : with.rates->counts().counts().exact()) take(noisy_, count);
    std::vector<std::int64_t> noise(noisy_.size());
    if (noise_.is_gaussian) {
        privacy::DiscreteGaussian(noise_.scale).sample(noise, keystream);
    } else {
        privacy::DiscreteLaplace(noise_.scale).sample(noise, keystream);
    }
    for (std::size_t i = 0; i < noise.size(); ++i) noisy_[i] += noise[i];
    privacy::wipe(std::as_writable_bytes(std::span(noise)));
}

// What a window promises its readers: no count below 0, none above the limits, no more failures than requests.
void ReleasedWindow::cut_off() {
    std::size_t next = 0;
    for (const Block& block : blocks_)
        for (std::size_t i = 0; i < block.size; ++i)
            (window_.*block.counters)[block.begin + i] = not_negative(noisy_[next++], largest_count / (8 * block.size));
    std::uint64_t judged = 0;
    if (policy_.releases(ReleasedOutput::requests)) {
        for (std::uint64_t& count : window_.requests_)
            judged += count = not_negative(noisy_[next++], largest_count / 8);
        window_.rejected_ = not_negative(noisy_[next++], judged);
        judged -= window_.rejected_;
    }
    for (std::size_t score = 0; score < window_.score_counters_.size(); score += score_counters_each) {
        std::uint64_t* const counters = &window_.score_counters_[score];
        std::uint64_t left = std::accumulate(counters, counters + Window::score_count_kinds, std::uint64_t{0});
        for (std::size_t i = Window::score_count_kinds; i < score_counters_each; ++i)
            left -= counters[i] = std::min(counters[i], left);
    }
    std::vector<std::uint64_t>& failures = window_.schema_counters_;
    for (std::uint64_t& count : failures) count = std::min(count, judged);
    if (!failures.empty()) failures[0] = std::min(failures[0], judged - failures[1]);  // errors go before warnings
}

void ReleasedWindow::tell_companions(double alpha) {
    std::size_t next = 0;
    for (const Block& block : blocks_) next += block.size;
    if (policy_.releases(ReleasedOutput::requests)) next += window_.requests_.size() + 1;
    if (!policy_.columns.empty()) {
        const std::size_t size = policy_.columns.size() * released::counters(policy_.scale);
        statistics_ = released::statistics_of(std::span(noisy_).subspan(next, size), policy_.columns, policy_.scale,
                                              noise_, alpha);
        statistics_->spent = spent();
        next += size;
    }
    if (policy_.groups.empty()) return;
    // Not by way of a confidence, which rounds what is missing from 1: to 0 at the least levels.
    const double reach = noise_.reach(1, privacy::share_of_cell(alpha, policy_.groups.size()));
    std::vector<privacy::Release> cells;
    for (; next < noisy_.size(); ++next) {
        const auto value = static_cast<double>(noisy_[next]);
        cells.push_back({value, privacy::around_count(value, reach), spent(), 0.0});
    }
    fairness_ = privacy::fairness_of(policy_.groups, cells, spent(), 0.0);
}

std::span<const std::int64_t> ReleasedWindow::noisy(std::size_t feature) const {
    static_cast<void>(window_.baseline_.feature(feature));  // throws for one that there is not
    if (places_[feature] == std::size_t(-1)) return {};
    const std::vector<std::size_t>& offsets = window_.baseline_.state().counter_offsets;
    return std::span(noisy_).subspan(places_[feature], offsets[feature + 1] - offsets[feature]);
}

ReleasedWindow release(const Window& window, const Policy& policy, const ReleasePolicy& release_policy,
                       privacy::ReleaseBudget& budget, const ReleaseCompanions& with,
                       privacy::detail::Keystream* keystream) {
    policy.validate();
    release_policy.validate();
    check_companions(release_policy, with);
    ReleasedWindow released(window.baseline(), release_policy);
    released.choose(policy);
    if (release_policy.releases(ReleasedOutput::requests) && window.memory_count(Window::watched) > 0)
        throw Error(ErrorCode::invalid_argument,
                    "window: its requests were judged with a memory, where one row changes the verdicts on others; "
                    "release no requests");
    ReleaseNoise& noise = released.noise_;
    noise.rows_per_user = release_policy.rows_per_user;
    noise.is_gaussian = release_policy.delta > 0.0;
    const std::uint64_t sensitivity = noise.rows_per_user * noise.counters_per_row;
    noise.scale = noise.is_gaussian ? gaussian_sigma_for(release_policy, noise.counters_per_row)
                                    : privacy::divide_up(privacy::at_least(sensitivity), release_policy.epsilon);
    if (!(noise.scale <= privacy::DiscreteGaussian::largest_sigma))
        throw Error(ErrorCode::invalid_argument, "release policy: so many rows and counters need too much noise");
    noise.scale = std::max(noise.scale, privacy::DiscreteLaplace::least_scale);  // either law's
    static_assert(privacy::DiscreteLaplace::least_scale == privacy::DiscreteGaussian::least_sigma &&
                  privacy::DiscreteLaplace::largest_scale == privacy::DiscreteGaussian::largest_sigma);
    budget.spend(released.spent());
    released.draw(window, with, privacy::own_unless(keystream));
    released.cut_off();
    released.tell_companions(policy.level);
    return released;
}

}  // namespace vedette::inline v0
