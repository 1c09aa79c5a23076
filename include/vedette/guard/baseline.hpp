// SPDX-License-Identifier: Apache-2.0
// The frozen artefact learned once from the reference data; everything the guard knows of "normal".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/digest.hpp"
#include "vedette/core/view.hpp"
#include "vedette/perturbation/calibrated_score.hpp"
#include "vedette/stats/grid.hpp"
#include "vedette/stats/moments.hpp"
#include "vedette/validation/reference_values.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0 {

namespace validation {
class Validator;
}

enum class FeatureKind : std::uint8_t { numeric = 0, categorical = 1 };

/// "numeric" or "categorical".
constexpr const char* feature_kind_name(FeatureKind kind) noexcept {
    return kind == FeatureKind::numeric ? "numeric" : "categorical";
}

/// How a baseline is learned. Every default is safe.
struct BaselineOptions {
    std::size_t cells = 64;  ///< cells of a numeric feature's grid, the two out-of-range cells included: 4..1024
    std::size_t max_categories = 1000;  ///< 1..1022; rarer categories share the cell of the unseen ones
    std::size_t minimum_rows = 50;      ///< refuse to learn from fewer rows
    std::string name{};                 ///< what the baseline is for, e.g. "fraud model 2026-03"; free text
    std::string model_digest{};         ///< digest of the model it belongs to, recorded as given
};

/// What is known of one feature. Cells of a numeric feature are its grid's: cell 0 lies below and the last cell above
/// everything the reference held. Cells of a categorical feature: one per category, then "other or unseen".
struct FeatureBaseline {
    std::string name;
    FeatureKind kind = FeatureKind::numeric;
    std::uint64_t nulls = 0;
    std::uint64_t nans = 0;
    std::uint64_t positive_infinities = 0;
    std::uint64_t negative_infinities = 0;

    stats::Grid grid;        ///< numeric: the frozen grid with the reference's counts
    stats::Moments moments;  ///< numeric: over the finite reference values

    std::vector<std::string> categories;  ///< categorical: the text of each cell but the last, most frequent first
    std::vector<std::uint64_t> category_counts;  ///< categorical: one per cell; the last holds the categories left out
    std::uint64_t singletons = 0;                ///< categorical: categories that the reference held exactly once
    std::uint64_t doubletons = 0;                ///< categorical: ... exactly twice

    /// Reference observations per cell.
    [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept {
        return kind == FeatureKind::numeric ? grid.reference_counts : category_counts;
    }

    /// Observations in cells: finite values, or non-null categories.
    [[nodiscard]] std::uint64_t observations() const noexcept;
};

/// A score with its calibration, under a name of your own, by which a policy asks for it.
struct BaselineScore {
    std::string name;
    perturbation::CalibratedScore score;
};

/// What requests must look like, whatever the reference did: the features that the schema expects in this environment
/// (empty: see Validator) are the baseline's, in any order.
struct BaselineSchema {
    validation::Schema schema;
    std::string environment{};
    /// Reference sets and clock, which no file holds; see Baseline::with_rule_inputs.
    validation::RuleInputs inputs{};
};

/// Immutable, cheap to copy (shared state) and safe to share between any number of threads.
class Baseline {
  public:
    /// Learns from reference columns: numeric ones (any numeric dtype) and categorical ones (dictionary or strings).
    /// A feature's precision is its column's: f32 stays f32, everything else is read as f64.
    /// Cost: O(n log n) per numeric feature. Throws Error: not_enough_data, invalid_argument, dimension_mismatch.
    [[nodiscard]] static Baseline build(const Table& reference, const BaselineOptions& options = {});

    /// Reads a saved baseline. Throws Error: io_error, corrupt_data, unsupported_version.
    [[nodiscard]] static Baseline load(const std::filesystem::path& path);
    [[nodiscard]] static Baseline from_bytes(std::span<const std::byte> bytes);

    /// The canonical bytes: equal baselines give equal bytes on every machine.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    /// Writes atomically: a reader sees the old file or the new one, never a part. Throws Error: io_error.
    void save(const std::filesystem::path& path) const;

    /// The same baseline with these scores in place of its own, and so with another id. Scores of `features` take a row
    /// of the baseline's features: f32, a category as its cell; a combination takes the values of all scores here that
    /// neither combine nor ask the model, in this order. Throws Error: invalid_argument for an empty or repeated name,
    /// a control character in one, or more than `most_scores`; dimension_mismatch for a score of `features` of another
    /// width.
    [[nodiscard]] Baseline with_scores(std::vector<BaselineScore> scores) const;
    static constexpr std::size_t most_scores = 64;
    [[nodiscard]] std::span<const BaselineScore> scores() const noexcept;
    [[nodiscard]] std::optional<std::size_t> find_score(std::string_view name) const noexcept;

    /// The same baseline with this schema in place of its own, and so with another id: `Guard::check` then enforces it.
    /// Texts and bytes are categorical features, all others numeric. Throws Error: invalid_argument for an invalid
    /// schema or an unknown environment, schema_mismatch where it expects other features, type_mismatch.
    [[nodiscard]] Baseline with_schema(BaselineSchema schema) const;
    /// The same baseline (of the same identity), its schema judging with these reference sets and this clock. They are
    /// not saved: a baseline that was loaded, or derived from another, is given them again. Throws
    /// Error(invalid_argument) where there is no schema, and as validation::Validator.
    [[nodiscard]] Baseline with_rule_inputs(validation::RuleInputs inputs) const;
    /// Null where there is none.
    [[nodiscard]] const BaselineSchema* schema() const noexcept;
    /// The schema made ready, feature i being the baseline's; null where there is none.
    [[nodiscard]] const validation::Validator* validator() const noexcept;

    [[nodiscard]] std::size_t feature_count() const noexcept;
    /// Throws Error: invalid_argument when `index >= feature_count()`.
    [[nodiscard]] const FeatureBaseline& feature(std::size_t index) const;
    [[nodiscard]] std::span<const FeatureBaseline> features() const noexcept;
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;

    /// The cell of a category of a categorical feature; the last cell when it was never seen. O(length of the text).
    [[nodiscard]] std::size_t category_cell(std::size_t feature, std::string_view text) const noexcept;

    [[nodiscard]] std::uint64_t rows() const noexcept;
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] const std::string& model_digest() const noexcept;
    /// SHA-256 of the canonical bytes: windows carry it, so that they meet only their own baseline.
    [[nodiscard]] const Digest& id() const noexcept;

    struct State;
    [[nodiscard]] const State& state() const noexcept { return *state_; }

  private:
    explicit Baseline(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    [[nodiscard]] std::shared_ptr<State> copy_of_learned() const;
    std::shared_ptr<const State> state_;
};

}  // namespace vedette::inline v0
