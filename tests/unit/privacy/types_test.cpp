// SPDX-License-Identifier: Apache-2.0
// No bare number passes for a bound, a sensitivity, a neighbouring relation or a loss: what must not compile does not.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "vedette/privacy/above_threshold.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/correlated_count.hpp"
#include "vedette/privacy/gaussian_calibration.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/partition_selection.hpp"
#include "vedette/privacy/quantile.hpp"
#include "vedette/privacy/randomized_response.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/report_noisy_max.hpp"
#include "vedette/privacy/selection.hpp"
#include "vedette/privacy/staircase.hpp"
#include "vedette/privacy/statistics.hpp"
#include "vedette/privacy/vector_sum.hpp"

namespace {

using namespace vedette::privacy;
using Names = std::vector<std::string>;

// From these arguments a mechanism can be made; with any one of them a bare double or integer in its place it cannot.
template <class Mechanism, class... Arguments>
struct Takes {
    static constexpr bool as_they_are = std::is_constructible_v<Mechanism, Arguments...>;
    template <class Bare, std::size_t Place, std::size_t... I>
    static constexpr bool with(std::index_sequence<I...>) {
        return std::is_constructible_v<
            Mechanism, std::conditional_t<I == Place, Bare, std::tuple_element_t<I, std::tuple<Arguments...>>>...>;
    }
    template <class Bare, std::size_t... Place>
    static constexpr bool anywhere(std::index_sequence<Place...> all) {
        return (with<Bare, Place>(all) || ...);
    }
    static constexpr bool a_number = anywhere<double>(std::index_sequence_for<Arguments...>()) ||
                                     anywhere<float>(std::index_sequence_for<Arguments...>()) ||
                                     anywhere<int>(std::index_sequence_for<Arguments...>());
};

template <class Mechanism, class... Arguments>
constexpr bool is_typed = Takes<Mechanism, Arguments...>::as_they_are && !Takes<Mechanism, Arguments...>::a_number;

static_assert(is_typed<LaplaceSum, Bounds, Neighbouring, Epsilon>);
static_assert(is_typed<GaussianSum, Bounds, Neighbouring, Rho>);
static_assert(is_typed<PrivateCount, PrivacyUnit, Epsilon>);
static_assert(is_typed<PrivateSum, PrivacyUnit, Bounds, Epsilon>);
static_assert(is_typed<PrivateMean, PrivacyUnit, Bounds, Rho>);
static_assert(is_typed<PrivateVariance, PrivacyUnit, Bounds, Epsilon>);
static_assert(is_typed<PrivateCovariance, PrivacyUnit, Bounds, Bounds, Epsilon>);
static_assert(is_typed<PrivateHistogram, PrivacyUnit, Names, Epsilon>);
static_assert(is_typed<ThresholdedHistogram, PrivacyUnit, Epsilon, Delta>);
static_assert(is_typed<PrivateContingencyTable, PrivacyUnit, Names, Names, Epsilon>);
static_assert(is_typed<PrivateGroupRates, PrivacyUnit, Names, Epsilon>);
static_assert(is_typed<PrivateRange, PrivacyUnit, RangeScale, Epsilon>);
static_assert(is_typed<PrivateQuantile, PrivacyUnit, QuantileGrid, QuantileRank, Epsilon>);
static_assert(is_typed<PartitionSelection, PrivacyUnit, Epsilon, Delta>);
static_assert(is_typed<ExponentialMechanism, UtilityGrid, StepSensitivity, Epsilon>);
static_assert(is_typed<PermuteAndFlip, UtilityGrid, StepSensitivity, Epsilon>);
static_assert(is_typed<ReportNoisyMax, StepSensitivity, Epsilon>);
static_assert(is_typed<Staircase, WholeSensitivity, Epsilon>);

// These have counts beside: a number is one there, and nowhere else.
static_assert(std::is_constructible_v<GaussianVectorSum, int, L2Norm, Neighbouring, NoiseMultiplier>);
static_assert(!std::is_constructible_v<GaussianVectorSum, int, double, Neighbouring, NoiseMultiplier>);
static_assert(!std::is_constructible_v<GaussianVectorSum, int, L1Norm, Neighbouring, NoiseMultiplier>);
static_assert(!std::is_constructible_v<GaussianVectorSum, int, L2Norm, int, NoiseMultiplier>);
static_assert(!std::is_constructible_v<GaussianVectorSum, int, L2Norm, Neighbouring, double>);
static_assert(!std::is_constructible_v<GaussianVectorSum, int, L2Norm, Neighbouring, Epsilon>);
static_assert(std::is_constructible_v<LaplaceVectorSum, int, L1Norm, Neighbouring, Epsilon>);
static_assert(!std::is_constructible_v<LaplaceVectorSum, int, double, Neighbouring, Epsilon>);
static_assert(!std::is_constructible_v<LaplaceVectorSum, int, L2Norm, Neighbouring, Epsilon>);
static_assert(!std::is_constructible_v<LaplaceVectorSum, int, L1Norm, Neighbouring, double>);
static_assert(std::is_constructible_v<AboveThreshold, int, StepSensitivity, Epsilon, int>);
static_assert(!std::is_constructible_v<AboveThreshold, int, int, Epsilon, int>);
static_assert(!std::is_constructible_v<AboveThreshold, int, double, Epsilon, int>);
static_assert(!std::is_constructible_v<AboveThreshold, int, StepSensitivity, double, int>);
static_assert(!std::is_constructible_v<ContinualCount, PrivacyUnit, int, double, ReleaseBudget&>);
static_assert(!std::is_constructible_v<ContinualCount, int, int, Epsilon, ReleaseBudget&>);
static_assert(!std::is_constructible_v<CorrelatedCount, PrivacyUnit, int, CountFactor, double, ReleaseBudget&>);
static_assert(!std::is_constructible_v<RandomizedResponse, double, int>);

// What they are made of does not come from numbers by itself, nor from each other, and no fraction is cut off.
template <class Type>
constexpr bool is_explicit =
    !std::is_convertible_v<double, Type> && !std::is_convertible_v<int, Type> && !std::is_convertible_v<Type, double>;
static_assert(is_explicit<Epsilon> && is_explicit<Rho> && is_explicit<Delta> && is_explicit<NoiseMultiplier>);
static_assert(is_explicit<L1Norm> && is_explicit<L2Norm> && is_explicit<Bounds> && is_explicit<Neighbouring>);
static_assert(is_explicit<WholeSensitivity> && is_explicit<StepSensitivity> && is_explicit<PrivacyUnit>);
static_assert(is_explicit<ReleaseLoss> && is_explicit<QuantileRank>);
static_assert(!std::is_constructible_v<Bounds, double>);
static_assert(!std::is_constructible_v<WholeSensitivity, double> && !std::is_constructible_v<WholeSensitivity, float>);
static_assert(!std::is_constructible_v<StepSensitivity, double> && !std::is_constructible_v<StepSensitivity, float>);
static_assert(std::is_constructible_v<StepSensitivity, int> && std::is_constructible_v<WholeSensitivity, unsigned>);
static_assert(!std::is_constructible_v<Epsilon, Rho> && !std::is_constructible_v<L1Norm, L2Norm>);

TEST_CASE("numbers do not pass for types of privacy") {
    // The assertions above are the test; what does pass is what it says.
    CHECK(WholeSensitivity(3).value() == 3);
    CHECK(StepSensitivity(3).steps() == 3);
}

}  // namespace
