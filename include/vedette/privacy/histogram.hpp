// SPDX-License-Identifier: Apache-2.0
// Counts by category under differential privacy: known categories, unknown ones above a threshold, and two-way tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vedette/privacy/cell_counts.hpp"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

// States, units, errors and budgets as in statistics.hpp. Under a unit that is a user, the partitions of Contributions
// are the categories: of one user's rows at most limit.rows count in each of at most limit.partitions categories.

/// The counts of listed categories; made by a mechanism, not private.
class HistogramPartial {
  public:
    /// Throws invalid_argument under a unit that is a user, overflow beyond 2^62 rows.
    void add(std::string_view category, std::uint64_t rows = 1);
    /// Throws dimension_mismatch for other categories or another unit.
    void merge(const HistogramPartial& other);

  private:
    friend class PrivateHistogram;
    HistogramPartial(const PrivacyUnit& unit, std::vector<std::string> categories);
    void check_categories(const HistogramPartial& other) const;

    std::vector<std::string> categories_;
    std::unordered_map<std::string, std::size_t> places_;
    CellCounts counts_;  // one more than categories
};

struct HistogramRelease {
    std::vector<Release> cells;  ///< in the order of the categories, then one for all other values
    Guarantee spent{};
    double rho = 0.0;  ///< as Release::rho
};

/// A histogram whose categories are known beforehand, not learned from the data. Each cell has discrete Laplace noise
/// of scale unit.counts_sensitivity() / epsilon, or discrete Gaussian noise of sigma sqrt(unit.counts_l2_squared() / (2
/// rho)): the loss is spent once for all cells together. Under a unit that is a user, all categories that are not
/// listed are one: limit.rows of a user's rows count there at most. Each cell's interval holds by itself. Counts may be
/// negative.
class PrivateHistogram {
  public:
    /// Throws invalid_argument for no category, or one that is listed twice.
    PrivateHistogram(const PrivacyUnit& unit, std::vector<std::string> categories, const ReleaseLoss& loss,
                     const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] HistogramPartial partial() const { return empty_; }
    [[nodiscard]] HistogramPartial partial(const Contributions& rows) const;
    [[nodiscard]] double scale() const noexcept { return noise_.law().scale(); }
    [[nodiscard]] HistogramRelease release(const HistogramPartial& partial, ReleaseBudget& budget,
                                           detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] HistogramRelease release(const Contributions& rows, ReleaseBudget& budget,
                                           detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

  private:
    HistogramPartial empty_;
    double alpha_;
    CellNoise noise_;
};

/// The counts of whatever categories there are; made by a mechanism, not private.
class OpenHistogramPartial {
  public:
    /// Errors as HistogramPartial.
    void add(std::string_view category, std::uint64_t rows = 1);
    void merge(const OpenHistogramPartial& other);

  private:
    friend class ThresholdedHistogram;
    explicit OpenHistogramPartial(const PrivacyUnit& unit) : unit_(unit) {}

    PrivacyUnit unit_;
    std::map<std::string, std::uint64_t, std::less<>> rows_;
};

struct CategoryRelease {
    std::string category;
    double value = 0.0;
    Interval interval{};  ///< by the noise's law; that the count passed the threshold is not allowed for
};

struct ThresholdedRelease {
    std::vector<CategoryRelease> categories;  ///< by the bytes of their names
    Guarantee spent{};
};

/// A histogram whose categories come from the data (partition selection): a category is told with its noisy count where
/// that is at least the threshold, and no trace of it otherwise. (epsilon, delta): noise as PrivateHistogram's, and the
/// threshold the least at which all categories that are one unit's alone pass with a probability of at most delta
/// together (Korolova, Kenthapadi, Mishra and Ntoulas 2009; Wilson et al. 2020): rows + t with
/// partitions P(noise >= t) <= delta.
class ThresholdedHistogram {
  public:
    ThresholdedHistogram(const PrivacyUnit& unit, Epsilon epsilon, Delta delta,
                         const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] OpenHistogramPartial partial() const { return OpenHistogramPartial(unit_); }
    [[nodiscard]] OpenHistogramPartial partial(const Contributions& rows) const;
    [[nodiscard]] double scale() const noexcept { return noise_.scale(); }
    /// The least noisy count that is told.
    [[nodiscard]] std::int64_t threshold() const noexcept { return threshold_; }
    [[nodiscard]] ThresholdedRelease release(const OpenHistogramPartial& partial, ReleaseBudget& budget,
                                             detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] ThresholdedRelease release(const Contributions& rows, ReleaseBudget& budget,
                                             detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

  private:
    PrivacyUnit unit_;
    Epsilon epsilon_;
    Delta delta_;
    double alpha_;
    DiscreteLaplace noise_;
    std::int64_t threshold_;
};

/// A two-way table's counts; made by a mechanism, not private.
class ContingencyPartial {
  public:
    /// A record with its two categories; what is not listed goes into the last row or column. Throws invalid_argument
    /// under a unit that is a user, overflow.
    void add(std::string_view row, std::string_view column, std::uint64_t rows = 1);
    /// Throws dimension_mismatch for other categories or another unit.
    void merge(const ContingencyPartial& other);
    /// Throws dimension_mismatch where merging would.
    void check_categories(const ContingencyPartial& other) const;

    /// Throws invalid_argument for no category, or one that is listed twice.
    ContingencyPartial(const PrivacyUnit& unit, std::vector<std::string> rows, std::vector<std::string> columns);
    /// Of the rows that count.
    ContingencyPartial(const TableContributions& counted, std::vector<std::string> rows,
                       std::vector<std::string> columns);
    [[nodiscard]] const std::vector<std::string>& row_names() const noexcept { return row_names_; }
    [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return column_names_; }
    [[nodiscard]] std::size_t columns() const noexcept { return column_names_.size() + 1; }
    /// Row by row. NOT private.
    [[nodiscard]] const CellCounts& counts() const noexcept { return counts_; }

  private:
    friend class GroupRatesPartial;
    [[nodiscard]] std::size_t cell(std::string_view row, std::string_view column) const;

    std::vector<std::string> row_names_, column_names_;
    std::unordered_map<std::string, std::size_t> row_places_, column_places_;
    CellCounts counts_;
};

struct ContingencyRelease {
    std::vector<Release> cells;  ///< row by row, the last row and column for all other values
    std::size_t columns = 0;
    Guarantee spent{};
    double rho = 0.0;  ///< as Release::rho
};

/// A histogram over pairs of listed categories. Under a unit that is a user, the partitions are the table's cells: at
/// most limit.rows of a user's rows count in each of at most limit.partitions of them.
class PrivateContingencyTable {
  public:
    /// Errors as PrivateHistogram.
    PrivateContingencyTable(const PrivacyUnit& unit, std::vector<std::string> rows, std::vector<std::string> columns,
                            const ReleaseLoss& loss, const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] ContingencyPartial partial() const { return empty_; }
    [[nodiscard]] ContingencyPartial partial(const TableContributions& rows) const;
    [[nodiscard]] double scale() const noexcept { return noise_.law().scale(); }
    [[nodiscard]] ContingencyRelease release(const ContingencyPartial& partial, ReleaseBudget& budget,
                                             detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] ContingencyRelease release(const TableContributions& rows, ReleaseBudget& budget,
                                             detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

  private:
    ContingencyPartial empty_;
    double alpha_;
    CellNoise noise_;
};

}  // namespace vedette::inline v0::privacy
