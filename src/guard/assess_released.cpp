// SPDX-License-Identifier: Apache-2.0
// Judging a noised window: p-values and intervals that allow for the noise, from nothing but what was released.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "guard/assessment.hpp"
#include "guard/baseline_state.hpp"
#include "guard/decide.hpp"
#include "guard/noisy_rate.hpp"
#include "guard/schema_report.hpp"
#include "guard/score_report.hpp"
#include "stats/binomial_draw.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t tests_per_feature = 7;  // the distribution, five rates, out of range or unseen
constexpr std::size_t most_draws = 20'000;
constexpr std::size_t most_kept = 5'000;  // of effects, for the interval
constexpr int enough_exceedances = 20;

// The discrete laws rounded from continuous ones: for simulation alone.
double simulated_noise(Random& random, const ReleaseNoise& noise) noexcept {
    if (noise.is_gaussian) return std::nearbyint(noise.scale * random.normal());
    // The difference of two geometric draws is discrete Laplace, exactly.
    const auto geometric = [&] { return std::floor(-noise.scale * std::log(1.0 - random.uniform())); };
    return geometric() - geometric();
}

// Whether two samples of cells, one of them noised, come from the same distribution, by Monte Carlo under the pooled
// estimate and the noise (Gaboardi, Lim, Rogers and Vadhan 2016, for two samples).
class NoisyTest {
  public:
    NoisyTest(std::span<const std::uint64_t> reference, std::span<const std::int64_t> live, const ReleaseNoise& noise,
              bool ordered)
        : noise_(noise), ordered_(ordered), cells_(live.size()), null_(cells_), weight_(cells_) {
        for (std::size_t i = 0; i < cells_; ++i) {
            n_ += static_cast<double>(reference[i]);
            m_ += static_cast<double>(live[i]);
        }
        m_ = std::max(m_, 1.0);
        std::vector<double> c(reference.begin(), reference.end()), x(live.begin(), live.end());
        estimate_null(c, x);
        observed_ = measure(c, x);
        statistic_ = ordered_ ? observed_.largest : observed_.chi_square;
    }

    /// Sequential (Besag and Clifford 1991): stops once the p-value is known to be large.
    TestResult run(double level, std::size_t family) {
        const double wanted = 4.0 * static_cast<double>(family) / level;
        const auto draws = static_cast<std::size_t>(std::clamp(wanted, 1000.0, double(most_draws)));
        const std::size_t least = std::min(most_kept, static_cast<std::size_t>(std::ceil(5.0 / level)));
        Random random(0x7E1EA5E, 0);
        std::vector<double> c(cells_), x(cells_), effects;
        std::size_t drawn = 0;
        int reached = 0;
        double p_value = 0.0;
        while (drawn < draws && (p_value == 0.0 || drawn < least)) {
            stats::multinomial_draw(random, n_, null_, c);
            stats::multinomial_draw(random, std::round(m_), null_, x);
            for (double& count : x) count += simulated_noise(random, noise_);
            const Distance distance = measure(c, x);
            ++drawn;
            if (effects.size() < most_kept) effects.push_back(ordered_ ? distance.largest : distance.variation);
            if (p_value > 0.0) continue;
            if ((ordered_ ? distance.largest : distance.chi_square) >= statistic_) ++reached;
            if (reached == enough_exceedances) p_value = reached / static_cast<double>(drawn);
        }
        if (p_value == 0.0) p_value = (reached + 1.0) / (static_cast<double>(drawn) + 1.0);
        // Draws alone cannot tell less than 1 / (drawn + 1), too much for a family of more than some 200 tests.
        if (reached == 0) p_value = std::min(p_value, bound(0.05 * level / static_cast<double>(family)));
        return result(p_value, level, effects);
    }

  private:
    struct Distance {
        double largest = 0.0;     // of the distribution functions
        double variation = 0.0;   // in total
        double chi_square = 0.0;  // with the noise's variance beside that of sampling
    };

    // Cells weighted by how well either sample knows them.
    void estimate_null(std::span<const double> c, std::span<const double> x) {
        const double cells = static_cast<double>(cells_), deviation = noise_.standard_deviation() / m_;
        const double known = n_ * cells, told = 1.0 / (1.0 / (m_ * cells) + deviation * deviation);
        double sum = 0.0;
        for (std::size_t i = 0; i < cells_; ++i) {
            null_[i] = std::max(0.0, (known * c[i] / n_ + told * x[i] / m_) / (known + told));
            sum += null_[i];
        }
        for (std::size_t i = 0; i < cells_; ++i) {
            null_[i] = sum > 0.0 ? null_[i] / sum : 1.0 / cells;
            weight_[i] = 1.0 / (null_[i] * (1.0 / n_ + 1.0 / m_) + deviation * deviation);
        }
    }

    [[nodiscard]] Distance measure(std::span<const double> c, std::span<const double> x) const noexcept {
        const double total = std::max(1.0, std::accumulate(x.begin(), x.end(), 0.0));
        Distance distance;
        double run = 0.0;
        for (std::size_t i = 0; i < cells_; ++i) {
            const double difference = x[i] / total - c[i] / n_;
            run += difference;
            distance.largest = std::max(distance.largest, std::abs(run));
            distance.variation += 0.5 * std::abs(difference);
            distance.chi_square += weight_[i] * difference * difference;
        }
        return distance;
    }

    // At most so likely is the observed distance of distribution functions where there is none (in the order of the
    // cells, whatever it means): noise beyond its reach has the chance `share`, and what is left over has to come from
    // either sample (Dvoretzky, Kiefer and Wolfowitz 1956, with Massart's constant). Noisy cumulated counts S and their
    // total T lie within r of s and m, so that |S / T - s / m| = |(S - s) - (s / m) (T - m)| / T <= 2 r / T.
    [[nodiscard]] double bound(double share) const noexcept {
        const double reach = noise_.reach(cells_, share / static_cast<double>(cells_)), least = m_ - reach;
        const double left = observed_.largest - 2.0 * reach / m_;
        if (!(least >= 1.0 && left > 0.0)) return 1.0;
        const double c = left / (1.0 / std::sqrt(n_) + 1.0 / std::sqrt(least));
        return std::min(1.0, share + 4.0 * std::exp(-2.0 * c * c));
    }

    // By the triangle inequality the distance of the samples is off by no more than sampling and noise bring about.
    [[nodiscard]] TestResult result(double p_value, double level, std::vector<double>& effects) const {
        TestResult test;
        test.statistic = statistic_;
        test.p_value = std::min(1.0, p_value);
        test.effect = std::min(1.0, ordered_ ? observed_.largest : observed_.variation);
        const auto rank =
            static_cast<std::size_t>(std::ceil((static_cast<double>(effects.size()) + 1.0) * (1.0 - level)));
        double off = 1.0;
        if (rank <= effects.size()) {
            const auto place = effects.begin() + static_cast<std::ptrdiff_t>(rank - 1);
            std::nth_element(effects.begin(), place, effects.end());
            off = *place;
        }
        test.effect_interval = {std::max(0.0, test.effect - off), std::min(1.0, test.effect + off)};
        test.reference_count = n_;
        test.live_count = m_;
        return test;
    }

    const ReleaseNoise& noise_;
    bool ordered_;
    std::size_t cells_;
    std::vector<double> null_, weight_;
    double n_ = 0.0, m_ = 0.0, statistic_ = 0.0;
    Distance observed_;
};

// The rates of one feature, each the least evidence of all counts that the noise may hide.
class NoisyRates {
  public:
    NoisyRates(const FeatureBaseline& feature, std::span<const std::int64_t> noisy, const ReleaseNoise& noise,
               double level, std::size_t family, FeatureReport& report)
        : feature_(feature),
          noisy_(noisy),
          cells_(feature.counts().size()),
          noise_(noise),
          share_(0.05 * level / static_cast<double>(family)),
          confidence_(1.0 - 0.95 * level),
          report_(report) {}

    void add_all() {
        const std::uint64_t observations = feature_.observations();
        const std::uint64_t total =
            observations + feature_.nulls + feature_.nans + feature_.positive_infinities + feature_.negative_infinities;
        add(Hypothesis::null_rate, feature_.nulls, total, Window::null);
        add(Hypothesis::nan_rate, feature_.nans, total, Window::nan);
        add(Hypothesis::positive_infinity_rate, feature_.positive_infinities, total, Window::positive_infinity);
        add(Hypothesis::negative_infinity_rate, feature_.negative_infinities, total, Window::negative_infinity);
        add(Hypothesis::invalid_rate, 0, total, Window::invalid);
        if (observations > 0) add_new_values(observations);
    }

  private:
    [[nodiscard]] NoisyCount sum(std::size_t begin, std::size_t end) const {
        NoisyCount count{0.0, end - begin};
        for (std::size_t i = begin; i < end; ++i) count.value += static_cast<double>(noisy_[i]);
        return count;
    }

    void append(Hypothesis hypothesis, DriftTest by, const TestResult& test, double reference_rate, double live_rate) {
        Evidence& evidence = report_.evidence_[report_.evidence_size_++];
        evidence = Evidence{};
        evidence.hypothesis = hypothesis;
        evidence.by = by;
        evidence.test = test;
        evidence.moved_share = std::abs(test.effect);
        evidence.moved_share_interval = magnitude(test.effect_interval);
        evidence.reference_rate = reference_rate;
        evidence.live_rate = live_rate;
    }

    // Evidence grows with the distance of the rates, and at one rate with the counts: the ends of the range decide.
    [[nodiscard]] TestResult two_proportion(std::uint64_t events, std::uint64_t count, const NoisyCount& live_events,
                                            const NoisyCount& live_count) const {
        const CountRange range(live_events, live_count, noise_, share_);
        const double rate = static_cast<double>(events) / static_cast<double>(count);
        const TestResult low = drift::two_proportion(events, count, range.least, range.most_total, confidence_);
        const TestResult high = drift::two_proportion(events, count, range.most, range.least_total, confidence_);
        TestResult test = low.effect > 0.0 ? low : high;
        const bool hidden = low.effect <= 0.0 && high.effect >= 0.0;
        test.p_value = hidden ? 1.0 : std::min(1.0, test.p_value + share_);
        test.statistic = hidden ? 0.0 : test.statistic;
        test.effect = live_rate(live_events, live_count) - rate;
        test.effect_interval = {low.effect_interval.lower, high.effect_interval.upper};
        test.live_count = std::max(0.0, live_count.value);
        return test;
    }

    [[nodiscard]] static double live_rate(const NoisyCount& events, const NoisyCount& count) noexcept {
        return std::clamp(events.value / std::max(1.0, count.value), 0.0, 1.0);
    }

    void add(Hypothesis hypothesis, std::uint64_t events, std::uint64_t count, Window::Extra which) {
        const NoisyCount live = sum(cells_ + which, cells_ + which + 1), total = sum(0, noisy_.size());
        append(hypothesis, DriftTest::two_proportion, two_proportion(events, count, live, total),
               static_cast<double>(events) / static_cast<double>(count), live_rate(live, total));
    }

    void add_new_values(std::uint64_t observations) {
        const bool numeric = feature_.kind == FeatureKind::numeric;
        const std::uint64_t left_out = numeric ? 0 : feature_.counts().back();
        NoisyCount live = sum(cells_ - 1, cells_);
        const NoisyCount total = sum(0, cells_);
        if (numeric) live = {live.value + static_cast<double>(noisy_.front()), 2};
        const Hypothesis hypothesis = numeric ? Hypothesis::out_of_range_rate : Hypothesis::unseen_rate;
        const double rate = static_cast<double>(left_out) / static_cast<double>(observations);
        if (left_out > 0)
            return append(hypothesis, DriftTest::two_proportion, two_proportion(left_out, observations, live, total),
                          rate, live_rate(live, total));
        const CountRange range(live, total, noise_, share_);
        const auto exact = [&](std::uint64_t events, std::uint64_t count) {
            return numeric ? drift::exceedance(observations, events, count, confidence_)
                           : drift::unseen_category(feature_.singletons, feature_.doubletons, observations, events,
                                                    count, confidence_);
        };
        TestResult test = exact(range.least, range.most_total);
        test.p_value = range.least == 0 ? 1.0 : std::min(1.0, test.p_value + share_);
        const double expected = static_cast<double>(range.least) / static_cast<double>(range.most_total) - test.effect;
        test.effect = live_rate(live, total) - expected;
        test.effect_interval.upper = exact(range.most, range.least_total).effect_interval.upper;
        test.live_count = std::max(0.0, total.value);
        append(hypothesis, DriftTest::automatic, test, rate, live_rate(live, total));
    }

    const FeatureBaseline& feature_;
    std::span<const std::int64_t> noisy_;
    std::size_t cells_;
    const ReleaseNoise& noise_;
    double share_;  // of the level, kept for noise beyond its reach, of each test
    stats::Confidence confidence_;
    FeatureReport& report_;
};

std::uint64_t rounded(double count) noexcept {
    return count <= 0.0 ? 0 : static_cast<std::uint64_t>(count);
}

void assess_feature(const FeatureBaseline& feature, std::span<const std::int64_t> noisy, const ReleaseNoise& noise,
                    const Policy& policy, std::size_t family, FeatureReport& report) {
    const bool numeric = feature.kind == FeatureKind::numeric;
    const auto cells = noisy.first(feature.counts().size());
    const std::int64_t observations = std::accumulate(cells.begin(), cells.end(), std::int64_t{0});
    const double rows = std::accumulate(noisy.begin(), noisy.end(), 0.0);
    report.live_rows = rounded(rows);
    report.live_observations = rounded(static_cast<double>(observations));
    report.test = numeric ? DriftTest::kolmogorov_smirnov : DriftTest::chi_square;
    if (numeric) {
        report.reference_median = grid_median(feature.grid, feature.counts(), feature.moments.count);
        report.live_median = grid_median(feature.grid, cells, observations);
    }
    // A reference of nothing but nulls has rates alone.
    if (feature.observations() > 0 || report.live_rows < policy.minimum_rows) {
        Evidence& evidence = report.evidence_[report.evidence_size_++];
        evidence = Evidence{};
        evidence.by = report.test;
        if (feature.observations() > 0 && report.live_observations >= policy.minimum_rows) {
            evidence.test = NoisyTest(feature.counts(), cells, noise, numeric).run(policy.level, family);
            evidence.moved_share = evidence.test.effect;
            evidence.moved_share_interval = evidence.test.effect_interval;
        }
    }
    if (report.live_rows >= policy.minimum_rows)
        NoisyRates(feature, noisy, noise, policy.level, family, report).add_all();
}

}  // namespace

Report assess(const ReleasedWindow& released, const Policy& policy) {
    policy.validate();
    const Window& window = released.window();
    const Baseline& baseline = window.baseline();
    check_names(baseline, policy);
    Report report{.reference_rows = baseline.rows(),
                  .live_rows = 0,
                  .features = std::vector<FeatureReport>(baseline.feature_count()),
                  .joint = {},
                  .streams = {},
                  .joined_evidence = {},
                  .scores = {},
                  .schema = {},
                  .memory = {},
                  .level = policy.level,
                  .correction = policy.correction,
                  .minimum_rows = policy.minimum_rows,
                  .baseline = baseline,
                  .window = window,
                  .release = ReleaseReport{released.spent(), released.noise(), released.policy().outputs,
                                           released.statistics(), released.fairness()}};
    const ReleaseNoise& noise = released.noise();
    std::size_t family = 0;
    for (std::size_t f = 0; f < report.features.size(); ++f) {
        const FeaturePolicy& rules = policy.for_feature(baseline.features()[f].name);
        FeatureReport& feature = report.features[f];
        feature.feature = f;
        feature.ignored = rules.ignore;
        feature.tolerance = rules.tolerance;
        if (!rules.ignore && !released.noisy(f).empty()) family += tests_per_feature;
    }
    for (FeatureReport& feature : report.features) {
        const auto noisy = released.noisy(feature.feature);
        if (feature.ignored || noisy.empty()) continue;
        assess_feature(baseline.features()[feature.feature], noisy, noise, policy, family, feature);
        report.live_rows = std::max(report.live_rows, feature.live_rows);
    }
    adjust_family(report);
    const std::optional<Decision> decided = decide_family(report, policy);
    Decision overall = decided.value_or(Decision::pass);
    if (report.release->releases(ReleasedOutput::scores))
        report.scores = assess_scores(baseline, window, policy, overall == Decision::alarm, &noise);
    for (const ScoreReport& score : report.scores) overall = worst(overall, score.decision);
    if (report.release->releases(ReleasedOutput::schema))
        report.schema = assess_schema(baseline, window, policy, &noise);
    if (report.schema) overall = worst(overall, report.schema->decision);
    report.decision = decided || !report.scores.empty() ? overall : Decision::not_evaluated;
    return report;
}

Report assess(const Window& window, const Policy& policy, const ReleasePolicy& release_policy,
              privacy::ReleaseBudget& budget, const ReleaseCompanions& with) {
    check_names(window.baseline(), policy);
    return assess(release(window, policy, release_policy, budget, with), policy);
}

}  // namespace vedette::inline v0
