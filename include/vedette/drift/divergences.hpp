// SPDX-License-Identifier: Apache-2.0
// Divergences of two binned samples by themselves, and as other packages compute them from samples: numbers, not tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>

#include "vedette/drift/sample_range.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

// A divergence has no level: without drift it grows with the number of cells and shrinks with the samples, so that no
// threshold fits two features. For an alarm use the tests of the same names (run_test, grid_tests.hpp), whose p-value
// knows that; this header is for comparing with a number that another system reports. All functions are thread-safe.

/// What a cell without mass on one side does. Values are pinned.
enum class ZeroRule : std::uint8_t {
    exact = 0,  ///< 0 log 0 = 0; a cell that one side lacks makes PSI, and Kullback-Leibler the one way round, infinite
    add = 1,    ///< `amount` is added to every cell of both sides before they are divided by their totals
    floor = 2  ///< a share of 0 becomes `amount`; PSI takes such shares as they are, all others divide by the new total
};

struct DivergenceOptions {
    ZeroRule zero = ZeroRule::add;
    double amount = 0.5;            ///< half a count: of counts, the estimate under Jeffreys' prior
    double base = std::numbers::e;  ///< of the logarithms: e gives nats, 2 bits
};

/// With p the shares of the reference and q those of the live side.
struct Divergences {
    double population_stability = 0.0;        ///< sum (p - q) log(p/q), which is both Kullback-Leibler together
    double kullback_leibler_reference = 0.0;  ///< sum p log(p/q): of the live shares from the reference, "KL(p || q)"
    double kullback_leibler_live = 0.0;       ///< sum q log(q/p), "KL(q || p)"
    double jensen_shannon_divergence = 0.0;   ///< both from their mean, averaged; at most log 2
    double jensen_shannon_distance = 0.0;     ///< its root, as SciPy's jensenshannon
    double hellinger = 0.0;                   ///< sqrt(1 - sum sqrt(p q)), the distance in [0, 1]
    double total_variation = 0.0;             ///< half the sum of |p - q|, in [0, 1]
};

/// All of them between two vectors of counts, or of probabilities (which need not sum to 1; with `add` mind that half a
/// count is much for a probability). Cells in which both sides have nothing do not matter but under `add`. The same
/// bits for every instruction set. Throws Error: dimension_mismatch for different lengths; not_enough_data for a side
/// without mass; invalid_argument for a mass that is negative or not finite, an amount that is negative or not finite,
/// or for `floor` above 1, and a base that is not above 1. O(cells).
Divergences divergences(std::span<const double> reference, std::span<const double> live,
                        const DivergenceOptions& options = {});
Divergences divergences(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                        const DivergenceOptions& options = {});

/// Which number. Values are pinned.
enum class Divergence : std::uint8_t {
    population_stability = 0,
    kullback_leibler = 1,  ///< sum p log(p/q), as evidently has it; frouros sums q log(q/p)
    jensen_shannon = 2,    ///< the distance
    hellinger = 3,
    total_variation = 4,
    wasserstein = 5,          ///< of order 1; of numbers only, and so the next
    energy_distance = 6,      ///< Szekely and Rizzo's, as SciPy has it
    l_infinity = 7,           ///< the largest |p - q|
    bhattacharyya = 8,        ///< 1 - sum sqrt(p q), as frouros has it: the square of hellinger
    cramers_v = 9,            ///< of the table of counts, corrected for bias (Bergsma 2013), in [0, 1]
    kolmogorov_smirnov = 10,  ///< of numbers: the largest distance of the distribution functions
};

/// Whose binning, zero rule and logarithm. Checked against the packages themselves, in the versions named. Values are
/// pinned.
enum class DivergencePreset : std::uint8_t {
    /// 64 cells of equal mass, edges from the reference alone, and half a count in every cell; nats. All divergences;
    /// no threshold. (The tests pool cells first, for the sake of their null laws.) The two distances of values in
    /// reference standard deviations, the effects of their tests.
    vedette = 0,
    /// evidently 0.7.23. The first seven, total variation of categories alone and without its verdict (a p-value of
    /// 1,000
    /// permutations, #/1000 below 0.1, which may be 0); alarms at 0.1 or more; nats. Numbers: Sturges' rule on both
    /// samples
    /// together where the reference has more than 20 distinct values (its own n_bins is not used), else a cell for each
    /// value; so the cells move with every batch, and one live outlier puts all else into one cell. Zeros become 1e-4,
    /// or a millionth of the side's smallest share where that is at most 1e-4, not for jensen_shannon: a category that
    /// one side lacks adds to PSI what the size of the sample says, not what the drift is. Hellinger: Sturges on the
    /// distinct values, any number of them. Wasserstein: over the reference's standard deviation, or 0.001 where that
    /// is
    /// less, so a feature in small units never alarms. Energy distance in the root of the feature's unit, but alarming
    /// above 0.1 in any.
    evidently = 1,
    /// NannyML 0.13.1. jensen_shannon, hellinger, of categories l_infinity and, of numbers, wasserstein and
    /// kolmogorov_smirnov; alarms above 0.1 by its methods' word; base 2, hence not evidently's 0.1. (Its calculator,
    /// unless told, alarms above mean + 3 standard deviations of the number over the reference's own chunks, which
    /// needs
    /// the reference in chunks as large as the live ones and has no level: not here, where two samples are compared.)
    /// Numbers: Doane's rule on the reference, live values beyond it in one more cell. No zero rule. The more values
    /// the
    /// reference has, the more cells, and the oftener small batches exceed 0.1 without drift. Wasserstein: in the
    /// feature's unit, no fixed threshold; from 10,000 reference values on estimated with 10,000 cells, where a live
    /// value below the reference's range counts one value twice: up to a range/m too large. kolmogorov_smirnov: no
    /// fixed
    /// threshold either; from 10,000 reference values on read between as many cells, up to a cell's share too small.
    nannyml = 2,
    /// deepchecks 0.19.1 (outputs compared, source not read). population_stability and cramers_v of categories,
    /// wasserstein and kolmogorov_smirnov of numbers; alarms at 0.2 or more; nats. Categories below 1 % of the
    /// reference are joined; left out where at most 1 % on
    /// either side; then, for population_stability, shares below 0.01 are raised to it. So what was rare may rise to 1
    /// % unseen. Wasserstein: each side without its
    /// outer 2 x 2.5 %, over the range of what is left of both, in [0, 1]; the further it moves, the less each step
    /// adds,
    /// and what happens in the tails is not seen. (Beyond 100,000 values it draws some at random; here all are taken.)
    /// cramers_v: counts of the larger side scaled down to the smaller's, in whole numbers, and Yates' correction of
    /// two
    /// categories.
    deepchecks = 3,
    /// frouros 0.9.0. The first seven (total_variation is its HINormalizedComplement) and bhattacharyya, of numbers; no
    /// threshold; nats. PSI, Hellinger, Bhattacharyya and total variation: ten cells of equal width over both samples
    /// together. A zero becomes 2.2e-308, so each cell that one side lacks adds about 700 times
    /// its share to PSI: 10.6 for 200 against 150 normal values without drift. Kullback-Leibler, live from reference,
    /// and Jensen-Shannon: nine cells, with masses from each side's own histogram (NumPy's "auto", before 2.2) read as
    /// a
    /// density: values seep into cells that hold none, and where that is not enough Kullback-Leibler is infinite.
    /// Wasserstein and energy distance in the feature's unit and its root. Jensen-Shannon of one repeated value is NaN.
    frouros = 4
};

/// The words used on the command line, e.g. "kullback_leibler" and "evidently"; "unknown" for a number that has none.
const char* divergence_name(Divergence divergence) noexcept;
const char* divergence_preset_name(DivergencePreset preset) noexcept;

inline constexpr std::uint8_t divergence_count = 11;
inline constexpr std::uint8_t divergence_preset_count = 5;

/// A peer's number and, where it has one, its own verdict: never a p-value, which they do not have.
struct PresetResult {
    double value = std::numeric_limits<double>::quiet_NaN();
    double threshold = std::numeric_limits<double>::quiet_NaN();  ///< the peer's default; NaN: it has none
    bool exceeds = false;                                         ///< the peer would alarm; false without threshold
    std::size_t cells = 0;                                        ///< that were compared; 0 for distances
};

/// Of two samples of numbers. NaN are left out or refused by SortedSample. Throws Error: unsupported for a divergence
/// that the peer does not have, or not for numbers; not_enough_data for an empty sample, or one too small for the peer;
/// invalid_argument for an
/// infinite value or a range that no double holds. O(n + m).
template <class T>
PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                               const SortedSample<T>& live);
template <class R, class L>
requires SampleRanges<R, L> PresetResult preset_divergence(DivergencePreset preset, Divergence divergence,
                                                           const R& reference, const L& live) {
    return preset_divergence(preset, divergence, sorted(reference), sorted(live));
}

/// Of the counts of categories, in the same order on both sides. Throws as above, and dimension_mismatch for different
/// lengths.
PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, std::span<const std::uint64_t> reference,
                               std::span<const std::uint64_t> live);

}  // namespace vedette::inline v0::drift
