// SPDX-License-Identifier: Apache-2.0
// One run against a trade-off function: probabilities of right guesses that bound each other.
#include <algorithm>
#include <cmath>

#include "privacy/arguments.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_guesses = 1'000'000;
constexpr double largest_mu = 40.0;
// More than the chain of sums errs by: each of at most 10^6 terms by some units of 2^-53, all positive.
constexpr double chain_margin = 1e-9;

// Whether so many right guesses with that chance contradict mu-GDP. From the tail downwards: of a guess among those
// that were made, `right` is the chance that i or more are right and this is one of them, `wrong` that it is not. The
// trade-off function says how far `wrong` may lie below `right`'s image; all of it together cannot exceed the share of
// guesses.
bool is_refuted(const CanaryGuesses& guesses, double mu, double chance) noexcept {
    const auto made = static_cast<double>(guesses.guesses), share = made / static_cast<double>(guesses.canaries);
    const auto hits = static_cast<double>(guesses.correct);
    double right = chance * share * hits / made;
    double wrong = chance * share * (made - hits) / made;
    for (double i = hits - 1.0; i >= 0.0; i -= 1.0) {
        const double image = right <= 0.0   ? 0.0
                             : right >= 1.0 ? 1.0
                                            : stats::normal_cdf(stats::normal_quantile(right) - mu);
        const double before = wrong;
        wrong = std::max(wrong, image);
        right += i / (made - i) * (wrong - before);
        if (right + wrong > share * (1.0 + chain_margin)) return true;  // neither ever falls
    }
    return false;
}

}  // namespace

double one_run_gdp_mu(const CanaryGuesses& guesses, const stats::Confidence& confidence) {
    if (guesses.canaries == 0 || guesses.guesses > guesses.canaries || guesses.correct > guesses.guesses)
        throw Error(ErrorCode::invalid_argument,
                    "guesses: there must be canaries, no more guesses than they are, and "
                    "no more right ones than there are guesses");
    if (guesses.guesses > most_guesses)
        throw Error(ErrorCode::invalid_argument, "guesses: there can be at most 1,000,000");
    const double level = 1.0 - confidence.level();
    if (guesses.correct == 0 || !is_refuted(guesses, 0.0, level)) return 0.0;
    double low = 0.0, high = largest_mu;
    if (is_refuted(guesses, high, level)) return high;
    while (high - low > 1e-9 * high) {
        const double middle = 0.5 * (low + high);
        (is_refuted(guesses, middle, level) ? low : high) = middle;
    }
    return low;
}

}  // namespace vedette::inline v0::privacy
