// SPDX-License-Identifier: Apache-2.0
// Sums, centred and counted; moments and their intervals from noisy sums.
#include "vedette/privacy/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_counted = std::uint64_t{1} << 62U;

std::uint64_t counted(std::uint64_t rows, std::uint64_t more) {
    if (rows > most_counted || more > most_counted - rows)
        throw Error(ErrorCode::overflow, "rows: more than 2^62 of them");
    return rows + more;
}

void check_unit(const PrivacyUnit& rows, const PrivacyUnit& mechanism) {
    if (!(rows == mechanism))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
}

double middle_of(const Bounds& bounds) noexcept {
    return 0.5 * bounds.lower() + 0.5 * bounds.upper();
}

double half_width_of(const Bounds& bounds) noexcept {
    const double middle = middle_of(bounds);
    return std::max(bounds.upper() - middle, middle - bounds.lower());
}

Bounds symmetric(double half) {
    return {-half, half};
}

// A user's sum lies between no row and all rows at one bound, so that replacing a user reaches from one to the other.
Neighbouring sum_neighbouring(const PrivacyUnit& unit, const Bounds& bounds) noexcept {
    if (!unit.is_user() || unit.neighbouring() == Neighbouring::add_remove) return unit.neighbouring();
    return bounds.lower() < 0.0 && bounds.upper() > 0.0 ? Neighbouring::replace_one : Neighbouring::add_remove;
}

std::int64_t draw(const NoiseLaw& law, detail::Keystream* keystream) {
    std::int64_t value = 0;
    law.sample({&value, 1}, keystream);
    return value;
}

std::variant<LaplaceSum, GaussianSum> sum_for(const Bounds& bounds, Neighbouring neighbouring,
                                              const ReleaseLoss& loss) {
    if (loss.is_gaussian()) return GaussianSum(bounds, neighbouring, Rho(loss.rho()));
    return LaplaceSum(bounds, neighbouring, Epsilon(loss.guarantee().epsilon));
}

// How far a sum's noise reaches, in units of the values.
double reach_of(const LaplaceSum& sum, double alpha) noexcept {
    return laplace_reach(sum.scale() / sum.grain(), alpha) * sum.grain();
}
double reach_of(const GaussianSum& sum, double alpha) noexcept {
    return gaussian_reach(sum.sigma() / sum.grain(), alpha) * sum.grain();
}

double clamp_to(double x, double half) noexcept {
    return std::min(std::max(x, -half), half);
}

double ratio(double sum, double rows, double half) noexcept {
    return rows < 0.5 ? 0.0 : clamp_to(sum / rows, half);
}

// sum / rows over both intervals; there is at least one row.
Interval ratio(const Interval& sum, const Interval& rows, double half) noexcept {
    const double least = std::max(rows.lower, 1.0), most = std::max(rows.upper, 1.0);
    const double lower = sum.lower / (sum.lower < 0.0 ? least : most);
    const double upper = sum.upper / (sum.upper > 0.0 ? least : most);
    return {clamp_to(lower, half), clamp_to(upper, half)};
}

Interval product(const Interval& a, const Interval& b) noexcept {
    const double corners[] = {a.lower * b.lower, a.lower * b.upper, a.upper * b.lower, a.upper * b.upper};
    return {*std::min_element(std::begin(corners), std::end(corners)),
            *std::max_element(std::begin(corners), std::end(corners))};
}

Interval square(const Interval& a) noexcept {
    const double most = std::max(a.lower * a.lower, a.upper * a.upper);
    return {a.lower <= 0.0 && a.upper >= 0.0 ? 0.0 : std::min(a.lower * a.lower, a.upper * a.upper), most};
}

}  // namespace

void CountPartial::add(std::uint64_t rows) {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a count through Contributions");
    rows_ = counted(rows_, rows);
}

void CountPartial::merge(const CountPartial& other) {
    if (!(other.unit_ == unit_)) throw Error(ErrorCode::dimension_mismatch, "count: its unit is another one's");
    rows_ = counted(rows_, other.rows_);
}

PrivateCount::PrivateCount(const PrivacyUnit& unit, const ReleaseLoss& loss, const stats::Confidence& confidence)
    : unit_(unit),
      loss_(loss),
      alpha_(1.0 - confidence.level()),
      noise_(loss, {unit.rows(), unit.rows() * unit.rows()}) {
    if (unit.knows_rows())
        throw Error(ErrorCode::invalid_argument, "unit is a record that is replaced: the number of records is public");
}

CountPartial PrivateCount::partial(const Contributions& rows) const {
    check_unit(rows.unit(), unit_);
    CountPartial result(unit_);
    result.rows_ = rows.rows();
    return result;
}

Release PrivateCount::release(const CountPartial& partial, ReleaseBudget& budget, detail::Keystream* keystream) const {
    if (!(partial.unit_ == unit_)) throw Error(ErrorCode::dimension_mismatch, "count: its unit is not the mechanism's");
    loss_.spend(budget);
    const auto value = static_cast<double>(static_cast<std::int64_t>(partial.rows_) + draw(noise_, keystream));
    return {value, around_count(value, noise_.reach(alpha_)), loss_.guarantee(), loss_.told_rho()};
}

Release PrivateCount::release(const Contributions& rows, ReleaseBudget& budget, detail::Keystream* keystream) const {
    return release(partial(rows), budget, keystream);
}

MomentsPartial::MomentsPartial(const PrivateMoments& owner)
    : unit_(owner.unit_), bounds_(owner.columns_), centred_(owner.centred_) {
    for (const auto& sum : owner.sums_) sums_.push_back(std::visit([](const auto& law) { return law.sum(); }, sum));
}

void MomentsPartial::count(double x, double y) {
    double values[] = {x, y};
    const bool missing = std::isnan(x) || (bounds_.size() == 2 && std::isnan(y));
    if (missing && !unit_.knows_rows()) return;
    rows_ = counted(rows_, 1);
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
        const double middle = middle_of(bounds_[i]);
        const double known = missing ? middle : std::clamp(values[i], bounds_[i].lower(), bounds_[i].upper());
        values[i] = centred_ ? known - middle : known;
        sums_[i].add(values[i]);
    }
    if (bounds_.size() == 2) {
        sums_[2].add(values[0] * values[1]);
    } else if (sums_.size() == 2) {
        const double half = half_width_of(bounds_[0]);
        sums_[1].add(values[0] * values[0] - 0.5 * half * half);
    }
}

void MomentsPartial::add(double value) {
    add(std::span(&value, 1));
}

void MomentsPartial::add(std::span<const double> values) {
    check_records();
    check_columns(1);
    for (const double value : values) count(value, 0.0);
}

void MomentsPartial::add(double x, double y) {
    check_records();
    check_columns(2);
    count(x, y);
}

void MomentsPartial::check_records() const {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a state through Contributions");
}

void MomentsPartial::check_columns(std::size_t columns) const {
    if (columns != bounds_.size())
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("columns are {}: this statistic is of {}", columns, bounds_.size()));
}

void MomentsPartial::merge(const MomentsPartial& other) {
    bool alike = other.unit_ == unit_ && other.bounds_.size() == bounds_.size() && other.centred_ == centred_ &&
                 other.sums_.size() == sums_.size();
    for (std::size_t i = 0; alike && i < bounds_.size(); ++i)
        alike = other.bounds_[i].lower() == bounds_[i].lower() && other.bounds_[i].upper() == bounds_[i].upper();
    if (!alike) throw Error(ErrorCode::dimension_mismatch, "state: it was made for another statistic");
    const std::uint64_t rows = counted(rows_, other.rows_);
    std::vector<BoundedSum> sums = sums_;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].merge(other.sums_[i]);
    sums_ = std::move(sums);
    rows_ = rows;
}

PrivateMoments::PrivateMoments(const PrivacyUnit& unit, std::vector<Bounds> columns, const std::vector<Bounds>& sums,
                               bool centred, const ReleaseLoss& loss, const stats::Confidence& confidence)
    : unit_(unit), columns_(std::move(columns)), loss_(loss), alpha_(0.0), centred_(centred) {
    const bool counts = centred && !unit.knows_rows();
    const std::uint64_t parts = sums.size() + (counts ? 1 : 0);
    alpha_ = (1.0 - confidence.level()) / static_cast<double>(parts);
    for (const Bounds& bounds : sums)
        sums_.push_back(sum_for(bounds, sum_neighbouring(unit, bounds), loss.share(parts, unit.rows())));
    if (counts) count_.emplace_back(loss.share(parts), CountSensitivity{unit.rows(), unit.rows() * unit.rows()});
}

MomentsPartial PrivateMoments::partial(const Contributions& rows) const {
    check_unit(rows.unit(), unit_);
    MomentsPartial result(*this);
    result.check_columns(1);
    rows.for_each([&](double value, std::string_view) { result.count(value, 0.0); });
    return result;
}

MomentsPartial PrivateMoments::partial(const PairContributions& rows) const {
    check_unit(rows.unit(), unit_);
    MomentsPartial result(*this);
    result.check_columns(2);
    rows.for_each([&](const ValuePair& pair, std::string_view) { result.count(pair.x, pair.y); });
    return result;
}

std::vector<PrivateMoments::Noisy> PrivateMoments::noisy(const MomentsPartial& partial, ReleaseBudget& budget,
                                                         detail::Keystream* keystream) const {
    MomentsPartial merged(*this);
    merged.merge(partial);  // throws for a state of another mechanism
    loss_.spend(budget);
    detail::Keystream& stream = own_unless(keystream);
    std::vector<Noisy> result;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
        result.push_back(std::visit(
            [&](const auto& sum) -> Noisy {
                const double value = sum.release(merged.sums_[i], stream);
                return {value, around(value, reach_of(sum, alpha_))};
            },
            sums_[i]));
    }
    const auto rows = static_cast<std::int64_t>(partial.rows_);
    if (!count_.empty()) {
        const auto value = static_cast<double>(rows + draw(count_[0], &stream));
        result.push_back({value, around_count(value, count_[0].reach(alpha_))});
    } else if (unit_.knows_rows()) {
        const auto exact = static_cast<double>(rows);
        result.push_back({exact, {exact, exact}});
    }
    return result;
}

Release PrivateMoments::release(const MomentsPartial& partial, ReleaseBudget& budget,
                                detail::Keystream* keystream) const {
    const Noisy result = estimate(noisy(partial, budget, keystream));
    const Interval& interval = result.interval;
    // Where no row seems to be, a statistic falls back on a value that the noisy sums may contradict.
    return {std::clamp(result.value, interval.lower, interval.upper), interval, loss_.guarantee(), loss_.told_rho()};
}

PrivateSum::PrivateSum(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
                       const stats::Confidence& confidence)
    : PrivateMoments(unit, {bounds}, {bounds}, false, loss, confidence) {}

PrivateMoments::Noisy PrivateSum::estimate(const std::vector<Noisy>& parts) const {
    return parts[0];
}

PrivateMean::PrivateMean(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
                         const stats::Confidence& confidence)
    : PrivateMoments(unit, {bounds}, {symmetric(half_width_of(bounds))}, true, loss, confidence) {}

PrivateMoments::Noisy PrivateMean::estimate(const std::vector<Noisy>& parts) const {
    const Bounds& limits = bounds(0);
    const double half = half_width_of(limits), middle = middle_of(limits);
    const Interval interval = ratio(parts[0].interval, parts[1].interval, half);
    const auto inside = [&](double x) { return std::clamp(middle + x, limits.lower(), limits.upper()); };
    return {inside(ratio(parts[0].value, parts[1].value, half)), {inside(interval.lower), inside(interval.upper)}};
}

PrivateVariance::PrivateVariance(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
                                 const stats::Confidence& confidence)
    : PrivateMoments(unit, {bounds},
                     {symmetric(half_width_of(bounds)), symmetric(0.5 * half_width_of(bounds) * half_width_of(bounds))},
                     true, loss, confidence) {}

PrivateMoments::Noisy PrivateVariance::estimate(const std::vector<Noisy>& parts) const {
    const double half = half_width_of(bounds(0)), most = half * half;
    const double mean = ratio(parts[0].value, parts[2].value, half);
    const double squares = ratio(parts[1].value, parts[2].value, 0.5 * most) + 0.5 * most;
    const Interval means = square(ratio(parts[0].interval, parts[2].interval, half));
    const Interval spread = ratio(parts[1].interval, parts[2].interval, 0.5 * most);
    const auto inside = [&](double x) { return std::clamp(x, 0.0, most); };
    return {parts[2].value < 0.5 ? 0.0 : inside(squares - mean * mean),
            {inside(spread.lower + 0.5 * most - means.upper), inside(spread.upper + 0.5 * most - means.lower)}};
}

PrivateCovariance::PrivateCovariance(const PrivacyUnit& unit, const Bounds& x, const Bounds& y, const ReleaseLoss& loss,
                                     const stats::Confidence& confidence)
    : PrivateMoments(
          unit, {x, y},
          {symmetric(half_width_of(x)), symmetric(half_width_of(y)), symmetric(half_width_of(x) * half_width_of(y))},
          true, loss, confidence) {}

PrivateMoments::Noisy PrivateCovariance::estimate(const std::vector<Noisy>& parts) const {
    const double half_x = half_width_of(bounds(0)), half_y = half_width_of(bounds(1)), most = half_x * half_y;
    const double rows = parts[3].value;
    const double value =
        ratio(parts[2].value, rows, most) - ratio(parts[0].value, rows, half_x) * ratio(parts[1].value, rows, half_y);
    const Interval& counts = parts[3].interval;
    const Interval products = ratio(parts[2].interval, counts, most);
    const Interval means = product(ratio(parts[0].interval, counts, half_x), ratio(parts[1].interval, counts, half_y));
    return {clamp_to(value, most),
            {clamp_to(products.lower - means.upper, most), clamp_to(products.upper - means.lower, most)}};
}

}  // namespace vedette::inline v0::privacy
