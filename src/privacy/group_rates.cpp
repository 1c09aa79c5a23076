// SPDX-License-Identifier: Apache-2.0
// Rates from noisy counts, and their differences.
#include "vedette/privacy/group_rates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "privacy/fairness.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

// Decision, then label.
constexpr std::array<const char*, 4> outcomes{"00", "01", "10", "11"};

std::vector<std::string> outcome_names() {
    return {outcomes.begin(), outcomes.end()};
}

const char* name_of(bool decision, bool label) noexcept {
    return outcomes[(decision ? 2U : 0U) + (label ? 1U : 0U)];
}

// Of each group: four outcomes, and all others, which there are none of.
constexpr std::size_t cells_of_group = outcomes.size() + 1;

struct NoisyCount {
    double value = 0.0;
    Interval interval{};
};

NoisyCount operator+(const NoisyCount& a, const NoisyCount& b) noexcept {
    return {a.value + b.value, {a.interval.lower + b.interval.lower, a.interval.upper + b.interval.upper}};
}

// yes / (yes + no), which rises with yes and falls with no.
NoisyRate rate(const NoisyCount& yes, const NoisyCount& no) noexcept {
    NoisyRate result{std::numeric_limits<double>::quiet_NaN(), {0.0, 1.0}};
    const double positive = std::max(0.0, yes.value), negative = std::max(0.0, no.value);
    if (positive + negative >= 0.5) result.value = positive / (positive + negative);
    const auto end = [](double a, double b, double otherwise) {
        a = std::max(0.0, a);
        b = std::max(0.0, b);
        return a + b > 0.0 ? a / (a + b) : otherwise;
    };
    // Outwards by what a division rounds.
    result.interval.lower = std::max(0.0, end(yes.interval.lower, no.interval.upper, 0.0) * (1.0 - 1e-15));
    result.interval.upper = std::min(1.0, end(yes.interval.upper, no.interval.lower, 1.0) * (1.0 + 1e-15));
    return result;
}

template <class Rate>
NoisyRate difference(const std::vector<GroupRates>& groups, std::size_t count, Rate rate_of) {
    double least = 1.0, most = 0.0;                  // of the values
    double lowest_upper = 1.0, highest_lower = 0.0;  // the difference is at least the one less the other
    double lowest = 1.0, highest = 0.0;
    bool known = count > 0;
    for (std::size_t i = 0; i < count; ++i) {
        const NoisyRate& each = rate_of(groups[i]);
        known = known && !std::isnan(each.value);
        least = std::min(least, each.value);
        most = std::max(most, each.value);
        lowest_upper = std::min(lowest_upper, each.interval.upper);
        highest_lower = std::max(highest_lower, each.interval.lower);
        lowest = std::min(lowest, each.interval.lower);
        highest = std::max(highest, each.interval.upper);
    }
    const double value = known ? most - least : std::numeric_limits<double>::quiet_NaN();
    return {value, {std::max(0.0, highest_lower - lowest_upper - 1e-15), std::min(1.0, highest - lowest + 1e-15)}};
}

NoisyRate larger(const NoisyRate& a, const NoisyRate& b) noexcept {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double value = std::isnan(a.value) || std::isnan(b.value) ? nan : std::max(a.value, b.value);
    return {value, {std::max(a.interval.lower, b.interval.lower), std::max(a.interval.upper, b.interval.upper)}};
}

}  // namespace

// All cells of the table together, those of other outcomes included.
double share_of_cell(double alpha, std::size_t groups) noexcept {
    return alpha / static_cast<double>((groups + 1) * cells_of_group);
}

FairnessRelease fairness_of(const std::vector<std::string>& groups, std::span<const Release> cells,
                            const Guarantee& spent, double rho) {
    FairnessRelease result;
    result.spent = spent;
    result.rho = rho;
    for (std::size_t i = 0; i <= groups.size(); ++i) {
        std::array<NoisyCount, outcomes.size()> counts;
        for (std::size_t j = 0; j < counts.size(); ++j) {
            const Release& cell = cells[i * cells_of_group + j];
            counts[j] = {cell.value, cell.interval};
        }
        const auto& [reject_negative, reject_positive, accept_negative, accept_positive] = counts;
        const NoisyCount accepted = accept_negative + accept_positive, rejected = reject_negative + reject_positive;
        const NoisyCount rows = accepted + rejected;
        result.groups.push_back({i < groups.size() ? groups[i] : std::string(),
                                 {rows.value, rows.interval, spent, rho},
                                 rate(accepted, rejected),
                                 rate(accept_positive, reject_positive),
                                 rate(accept_negative, reject_negative)});
    }
    const auto of = [&](NoisyRate GroupRates::*which) {
        return difference(result.groups, groups.size(),
                          [which](const GroupRates& group) -> const NoisyRate& { return group.*which; });
    };
    result.parity_difference = of(&GroupRates::selection);
    result.opportunity_difference = of(&GroupRates::true_positive);
    result.odds_difference = larger(result.opportunity_difference, of(&GroupRates::false_positive));
    return result;
}

GroupRatesPartial::GroupRatesPartial(std::vector<std::string> groups, const PrivacyUnit& unit)
    : counts_(unit, std::move(groups), outcome_names()) {}

GroupRatesPartial::GroupRatesPartial(std::vector<std::string> groups, const DecisionContributions& counted)
    : GroupRatesPartial(std::move(groups), counted.unit()) {
    std::uint64_t others = 0;  // of one user
    counted.for_each_by_user([&] { others = 0; },
                             [&](const Outcome& outcome, std::string_view group) {
                                 const std::size_t cell = counts_.cell(group, name_of(outcome.decision, outcome.label));
                                 const bool is_listed = cell < this->groups().size() * cells_of_group;
                                 if (is_listed || ++others <= counted.unit().limit().rows) counts_.counts_.add(cell);
                             });
}

void GroupRatesPartial::add(std::string_view group, bool decision, bool label, std::uint64_t rows) {
    counts_.add(group, name_of(decision, label), rows);
}

PrivateGroupRates::PrivateGroupRates(const PrivacyUnit& unit, std::vector<std::string> groups, const ReleaseLoss& loss,
                                     const stats::Confidence& confidence)
    : empty_(std::move(groups), unit),
      table_(unit, empty_.groups(), outcome_names(), loss,
             stats::Confidence(1.0 - share_of_cell(1.0 - confidence.level(), empty_.groups().size()))) {}

GroupRatesPartial PrivateGroupRates::partial(const DecisionContributions& rows) const {
    if (!(rows.unit() == empty_.counts().counts().unit()))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
    return {empty_.groups(), rows};
}

FairnessRelease PrivateGroupRates::release(const GroupRatesPartial& partial, ReleaseBudget& budget,
                                           detail::Keystream* keystream) const {
    const ContingencyRelease table = table_.release(partial.counts(), budget, keystream);
    return fairness_of(empty_.groups(), table.cells, table.spent, table.rho);
}

}  // namespace vedette::inline v0::privacy
