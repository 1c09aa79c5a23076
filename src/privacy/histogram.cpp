// SPDX-License-Identifier: Apache-2.0
// Noisy counts by category, and the threshold that hides whoever is alone in one.
#include "vedette/privacy/histogram.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_counted = std::uint64_t{1} << 62U;

using Places = std::unordered_map<std::string, std::size_t>;

Places places_of(const std::vector<std::string>& categories) {
    if (categories.empty())
        throw Error(ErrorCode::invalid_argument, "categories has 0 names: there must be at least 1");
    Places places;
    for (std::size_t i = 0; i < categories.size(); ++i)
        if (!places.emplace(categories[i], i).second)
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("categories names one twice, at {} and {}", places[categories[i]], i));
    return places;
}

std::size_t place_of(const Places& places, std::string_view name) {
    const auto known = places.find(std::string(name));
    return known == places.end() ? places.size() : known->second;
}

std::uint64_t counted(std::uint64_t rows, std::uint64_t more) {
    if (more > most_counted - rows) throw Error(ErrorCode::overflow, "rows: more than 2^62 of them");
    return rows + more;
}

void check_unit(const PrivacyUnit& rows, const PrivacyUnit& mechanism) {
    if (!(rows == mechanism))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
}

std::vector<Release> noisy_cells(const CellCounts& counts, const CellNoise& noise, double alpha, ReleaseBudget& budget,
                                 detail::Keystream* keystream) {
    const double reach = noise.law().reach(alpha);
    std::vector<Release> cells;
    for (const std::int64_t noisy : noise.release(counts, budget, keystream)) {
        const auto value = static_cast<double>(noisy);
        cells.push_back({value, around_count(value, reach), noise.loss().guarantee(), noise.loss().told_rho()});
    }
    return cells;
}

// The least t >= 1, or one more, with partitions P(X >= t) <= delta: P(X >= t) = q^t / (1 + q).
std::int64_t distance_of(double scale, double delta, std::uint64_t partitions) {
    const double share = delta / static_cast<double>(partitions) * (1.0 - 1e-15);
    return static_cast<std::int64_t>(std::max(0.0, laplace_upper_reach(scale, share))) + 1;
}

}  // namespace

HistogramPartial::HistogramPartial(const PrivacyUnit& unit, std::vector<std::string> categories)
    : categories_(std::move(categories)), places_(places_of(categories_)), counts_(unit, categories_.size() + 1) {}

void HistogramPartial::check_categories(const HistogramPartial& other) const {
    if (!(other.counts_.unit() == counts_.unit()) || other.categories_ != categories_)
        throw Error(ErrorCode::dimension_mismatch, "histogram: its categories or its unit are another one's");
}

void HistogramPartial::add(std::string_view category, std::uint64_t rows) {
    counts_.check_records();
    counts_.add(place_of(places_, category), rows);
}

void HistogramPartial::merge(const HistogramPartial& other) {
    check_categories(other);
    counts_.merge(other.counts_);
}

PrivateHistogram::PrivateHistogram(const PrivacyUnit& unit, std::vector<std::string> categories,
                                   const ReleaseLoss& loss, const stats::Confidence& confidence)
    : empty_(unit, std::move(categories)),
      alpha_(1.0 - confidence.level()),
      noise_(unit, loss, unit.counts_l2_squared()) {}

HistogramPartial PrivateHistogram::partial(const Contributions& rows) const {
    check_unit(rows.unit(), noise_.unit());
    HistogramPartial result = empty_;
    // A user may be in many categories that are not listed, and their cell is one: without a limit of its own it would
    // change by all of the user's rows, and so would Euclid's norm.
    std::uint64_t others = 0;
    rows.for_each_by_user([&] { others = 0; },
                          [&](double, std::string_view partition) {
                              const std::size_t place = place_of(result.places_, partition);
                              const bool is_listed = place < result.places_.size();
                              if (is_listed || ++others <= rows.unit().limit().rows) result.counts_.add(place);
                          });
    return result;
}

HistogramRelease PrivateHistogram::release(const HistogramPartial& partial, ReleaseBudget& budget,
                                           detail::Keystream* keystream) const {
    empty_.check_categories(partial);
    return {noisy_cells(partial.counts_, noise_, alpha_, budget, keystream), noise_.loss().guarantee(),
            noise_.loss().told_rho()};
}

void OpenHistogramPartial::add(std::string_view category, std::uint64_t rows) {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a state through Contributions");
    if (rows == 0) return;
    const auto known = rows_.find(category);
    if (known == rows_.end()) {
        rows_.emplace(std::string(category), counted(0, rows));
    } else {
        known->second = counted(known->second, rows);
    }
}

void OpenHistogramPartial::merge(const OpenHistogramPartial& other) {
    if (!(other.unit_ == unit_)) throw Error(ErrorCode::dimension_mismatch, "histogram: its unit is another one's");
    auto sums = rows_;
    for (const auto& [category, rows] : other.rows_) {
        std::uint64_t& sum = sums[category];
        sum = counted(sum, rows);
    }
    rows_ = std::move(sums);
}

ThresholdedHistogram::ThresholdedHistogram(const PrivacyUnit& unit, Epsilon epsilon, Delta delta,
                                           const stats::Confidence& confidence)
    : unit_(unit),
      epsilon_(epsilon),
      delta_(delta),
      alpha_(1.0 - confidence.level()),
      noise_(laplace_for(unit.counts_sensitivity(), epsilon)),
      threshold_(static_cast<std::int64_t>(unit.limit().rows) +
                 distance_of(noise_.scale(), delta.value(), unit.limit().partitions)) {}

OpenHistogramPartial ThresholdedHistogram::partial(const Contributions& rows) const {
    check_unit(rows.unit(), unit_);
    OpenHistogramPartial result(unit_);
    rows.for_each([&](double, std::string_view partition) { ++result.rows_[std::string(partition)]; });
    return result;
}

ThresholdedRelease ThresholdedHistogram::release(const OpenHistogramPartial& partial, ReleaseBudget& budget,
                                                 detail::Keystream* keystream) const {
    if (!(partial.unit_ == unit_))
        throw Error(ErrorCode::dimension_mismatch, "histogram: its unit is not the mechanism's");
    ThresholdedRelease result{{}, {epsilon_.value(), delta_.value()}};
    budget.spend(result.spent);
    std::vector<std::int64_t> noise(partial.rows_.size());
    noise_.sample(noise, own_unless(keystream));
    const double reach = laplace_reach(noise_.scale(), alpha_);
    std::size_t place = 0;
    for (const auto& [category, rows] : partial.rows_) {
        const std::int64_t noisy = static_cast<std::int64_t>(rows) + noise[place++];
        if (noisy < threshold_) continue;
        const auto value = static_cast<double>(noisy);
        result.categories.push_back({category, value, around_count(value, reach)});
    }
    return result;
}

ContingencyPartial::ContingencyPartial(const PrivacyUnit& unit, std::vector<std::string> rows,
                                       std::vector<std::string> columns)
    : row_names_(std::move(rows)),
      column_names_(std::move(columns)),
      row_places_(places_of(row_names_)),
      column_places_(places_of(column_names_)),
      counts_(unit, (row_names_.size() + 1) * (column_names_.size() + 1)) {}

// Cells of names that are not listed fall together, so that a user's rows are limited in what they fall into as well.
ContingencyPartial::ContingencyPartial(const TableContributions& counted, std::vector<std::string> rows,
                                       std::vector<std::string> columns)
    : ContingencyPartial(counted.unit(), std::move(rows), std::move(columns)) {
    std::unordered_map<std::size_t, std::uint64_t> of_user;
    counted.for_each_by_user([&] { of_user.clear(); },
                             [&](std::string_view row, std::string_view column) {
                                 const std::size_t place = cell(row, column);
                                 if (++of_user[place] <= counted.unit().limit().rows) counts_.add(place);
                             });
}

std::size_t ContingencyPartial::cell(std::string_view row, std::string_view column) const {
    return place_of(row_places_, row) * columns() + place_of(column_places_, column);
}

void ContingencyPartial::check_categories(const ContingencyPartial& other) const {
    if (!(other.counts_.unit() == counts_.unit()) || other.row_names_ != row_names_ ||
        other.column_names_ != column_names_)
        throw Error(ErrorCode::dimension_mismatch, "table: its categories or its unit are another one's");
}

void ContingencyPartial::add(std::string_view row, std::string_view column, std::uint64_t rows) {
    counts_.check_records();
    counts_.add(cell(row, column), rows);
}

void ContingencyPartial::merge(const ContingencyPartial& other) {
    check_categories(other);
    counts_.merge(other.counts_);
}

PrivateContingencyTable::PrivateContingencyTable(const PrivacyUnit& unit, std::vector<std::string> rows,
                                                 std::vector<std::string> columns, const ReleaseLoss& loss,
                                                 const stats::Confidence& confidence)
    : empty_(unit, std::move(rows), std::move(columns)),
      alpha_(1.0 - confidence.level()),
      noise_(unit, loss, unit.counts_l2_squared()) {}

ContingencyPartial PrivateContingencyTable::partial(const TableContributions& rows) const {
    check_unit(rows.unit(), noise_.unit());
    return {rows, empty_.row_names(), empty_.column_names()};
}

ContingencyRelease PrivateContingencyTable::release(const ContingencyPartial& partial, ReleaseBudget& budget,
                                                    detail::Keystream* keystream) const {
    empty_.check_categories(partial);
    return {noisy_cells(partial.counts(), noise_, alpha_, budget, keystream), partial.columns(),
            noise_.loss().guarantee(), noise_.loss().told_rho()};
}

}  // namespace vedette::inline v0::privacy
