// SPDX-License-Identifier: Apache-2.0
// Auditing: how much privacy a mechanism loses at least, from what it puts out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

// An audit gives a lower bound: with the stated confidence, the mechanism is not private with a smaller epsilon. A
// bound above what is claimed refutes the claim; one below proves nothing. The bounds hold for every mechanism and
// every number of runs, whatever the event; only how high they reach depends on it. They are exact binomial bounds
// (Clopper and Pearson 1934), rounded down. Runs must be independent of each other. All functions are thread-safe, and
// throw Error(invalid_argument) for delta outside [0, 1), counts that contradict each other, and no runs.

// ---- one event ----

/// How often an event happened in runs on each of two neighbouring inputs. The event, and which input comes first, must
/// have been fixed without looking at these runs. It should be likelier on the first input.
struct AuditCounts {
    std::uint64_t first_runs = 0;
    std::uint64_t first_hits = 0;
    std::uint64_t second_runs = 0;
    std::uint64_t second_hits = 0;
};

/// Rates of error of the attacker who takes the event for a sign of the first input: of runs on the second one that
/// show it, and of runs on the first one that do not. All four ends hold together with at least twice the level less
/// 1, the two upper ends, which alone the bounds below use, with the level.
struct AuditErrorRates {
    Interval false_positive;
    Interval false_negative;
};
AuditErrorRates audit_error_rates(const AuditCounts& counts, const stats::Confidence& confidence);

/// The least epsilon >= 0 of any mechanism that is (epsilon, delta)-private and errs at most so often: log((1 - delta -
/// FNR) / FPR), or with both rates exchanged (Kairouz, Oh and Viswanath 2015, theorem 2.1). It stays below
/// log(runs / log(2 / (1 - level))) or so, however broken the mechanism is. O(1).
double audit_epsilon(const AuditCounts& counts, double delta, const stats::Confidence& confidence);

/// The least mu >= 0 of a mu-GDP mechanism (Dong, Roth and Su 2022): -quantile(FPR) - quantile(FNR). O(1).
double audit_gdp_mu(const AuditCounts& counts, const stats::Confidence& confidence);

/// The epsilon at `delta` of Gaussian noise with that mu: a bound for mechanisms that are known to be Gaussian, such as
/// full-batch training with noisy gradients, and higher than audit_epsilon there. Not one for other mechanisms.
/// delta in [1e-300, 1).
double audit_gaussian_epsilon(const AuditCounts& counts, double delta, const stats::Confidence& confidence);

/// The least Renyi divergence of order a > 1 between the outputs, in the direction in which the event tells more; by
/// the processing inequality that of the event's two coins. Over a it bounds rho of zero-concentrated privacy. O(1).
double audit_renyi(const AuditCounts& counts, double order, const stats::Confidence& confidence);

// ---- a mechanism as a black box ----

/// Which of two neighbouring inputs a run is on.
enum class AuditInput : std::uint8_t { first = 0, second = 1 };

/// Counts an event that was fixed before: `happens` runs the mechanism anew and says whether the event did. Exceptions
/// pass through.
AuditCounts count_event(const std::function<bool(AuditInput)>& happens, std::uint64_t runs_per_input);

/// Values from `lowest` to `highest`, both included.
template <class Value>
struct OutputRange {
    Value lowest;
    Value highest;
};

/// A set of outputs: ranges in rising order, and NaN or not.
template <class Value>
struct OutputEvent {
    std::vector<OutputRange<Value>> ranges;
    bool holds_nan = false;

    [[nodiscard]] bool contains(Value output) const noexcept;
};

/// The event that was chosen, its counts in the runs that had no part in the choice (for audit_gdp_mu and the others),
/// and their audit_epsilon.
template <class Value>
struct OutputAudit {
    OutputEvent<Value> event;
    AuditCounts counts;
    double epsilon = 0.0;
};

/// Finds an event that tells two neighbouring inputs apart and tests it. The first half of the outputs of either input
/// chooses it, by the epsilon that it promises: tails beyond a threshold, and unions of the cells of histograms of
/// several widths, in the order of how much likelier they are on the first input (the likelihood ratio test's events).
/// The second halves alone give the counts, so the bound's confidence is exact. NaN is a cell of its own; -0 counts as
/// 0. Outputs of any other form may be mapped to numbers first: an audit of a function of the output bounds the
/// mechanism, too. Throws not_enough_data for fewer than 2 outputs of an input. O(n log n).
OutputAudit<double> audit_outputs(std::span<const double> first, std::span<const double> second, double delta,
                                  const stats::Confidence& confidence);
OutputAudit<std::int64_t> audit_outputs(std::span<const std::int64_t> first, std::span<const std::int64_t> second,
                                        double delta, const stats::Confidence& confidence);

/// The same of so many runs on either input, in turns. Exceptions of `run` pass through.
OutputAudit<double> audit_mechanism(const std::function<double(AuditInput)>& run, std::size_t runs_per_input,
                                    double delta, const stats::Confidence& confidence);

// ---- one run ----

/// Canaries, each of which was part of the input with probability 1/2 by a coin of its own; guesses of whether it was,
/// the others being abstentions; and how many guesses were right.
struct CanaryGuesses {
    std::uint64_t canaries = 0;
    std::uint64_t guesses = 0;
    std::uint64_t correct = 0;
};

/// The probability of so many right guesses or more is at most this for every (epsilon, delta)-private mechanism
/// (Steinke, Nasr and Jagielski 2023, theorem 5.2): P[W >= correct] + 2 canaries delta max_i P[correct > W >= correct -
/// i] / i for W binomial of `guesses` coins with e^epsilon / (1 + e^epsilon). Where delta > 0 the number of guesses
/// must have been fixed before, for delta = 0 it may depend on the outputs. Rounded up, by a relative 1e-8 at most.
/// epsilon in [0, 700], at most 10^9 canaries, guesses <= canaries. O(sqrt(guesses)).
double one_run_p_value(const CanaryGuesses& guesses, double epsilon, double delta);

/// The largest epsilon that the p-value refutes at that confidence, rounded down; 0 where it refutes none. For delta =
/// 0 the odds of Clopper and Pearson's one-sided bound of the share of right guesses.
double one_run_epsilon(const CanaryGuesses& guesses, double delta, const stats::Confidence& confidence);

/// The largest mu at which mu-GDP is refuted by one run, rounded down; 0 where none is (Mahloujifar, Melis and
/// Chaudhuri 2024: the chances of each number of right guesses bound each other through the trade-off function). Higher
/// than audit_gaussian_epsilon's way over an epsilon for mechanisms known to be Gaussian, and no bound for others. At
/// 95 % 1,000 guesses reach 2.37 at most, 100,000 reach 3.4. For its epsilon at a delta take `gaussian_delta`'s
/// inverse, as of audit_gdp_mu. At most 10^6 guesses; O(correct) for each of some fifty steps.
double one_run_gdp_mu(const CanaryGuesses& guesses, const stats::Confidence& confidence);

}  // namespace vedette::inline v0::privacy
