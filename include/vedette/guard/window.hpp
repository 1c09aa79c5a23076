// SPDX-License-Identifier: Apache-2.0
// Live counters, and nothing else: integers that merge exactly, in any order, from any number of threads and machines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/value.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/core/view.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/validation/check.hpp"

namespace vedette::inline v0 {

/// One thread's counters for one baseline. Not thread-safe: one window per thread, merged when read.
class Window {
  public:
    /// The counters behind the cells of every feature, in this order.
    enum Extra : std::size_t {
        nan = 0,
        positive_infinity = 1,
        negative_infinity = 2,
        null = 3,
        invalid = 4,
        extra_count = 5
    };

    explicit Window(Baseline baseline);

    /// Counts one row of `feature_count()` values; a categorical entry is a category's cell (`Baseline::category_cell`)
    /// as a number, NaN = null. Returns false, and counts nothing, when the width is wrong. No allocation, no lock.
    /// An f32 row meets an f64 reference rounded to float: values that differ only beyond 24 bits (time stamps in
    /// seconds, say) share a cell then, which looks like drift. Pass such features as f64.
    bool observe(std::span<const float> row) noexcept;
    bool observe(std::span<const double> row) noexcept;
    bool observe(std::span<const Value> row) noexcept;

    /// Counts every row of a matrix, row-major or column-major alike. Throws Error(dimension_mismatch).
    void observe(const MatrixView<float>& rows);
    void observe(const MatrixView<double>& rows);
    /// Counts every row of a table whose columns are the baseline's features by name, in any order; further columns are
    /// an Error(schema_mismatch), as are missing ones, and numbers for a categorical feature an Error(type_mismatch).
    /// The window is unchanged when it throws.
    void observe(const Table& table);
    /// Counts the values of one feature only. Throws Error(invalid_argument, type_mismatch).
    void observe_column(std::size_t feature, const Column& column);

    /// Adds another window of the same baseline. Exact, associative and commutative. Throws Error(baseline_mismatch,
    /// overflow) and leaves this window as it was.
    void merge(const Window& other);
    void reset() noexcept;

    /// Canonical bytes: equal counters give equal bytes, in whatever order they were merged.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    void save(const std::filesystem::path& path) const;
    /// Reads a window of this baseline. Throws Error(baseline_mismatch, corrupt_data, unsupported_version, io_error).
    [[nodiscard]] static Window from_bytes(const Baseline& baseline, std::span<const std::byte> bytes);
    [[nodiscard]] static Window load(const Baseline& baseline, const std::filesystem::path& path);

    [[nodiscard]] const Baseline& baseline() const noexcept { return baseline_; }
    /// Rows seen, i.e. the largest number of values counted for any feature.
    [[nodiscard]] std::uint64_t rows() const noexcept;
    /// Live observations per cell of a feature (the cells of `FeatureBaseline::counts()`).
    [[nodiscard]] std::span<const std::uint64_t> counts(std::size_t feature) const noexcept;
    [[nodiscard]] std::uint64_t extra(std::size_t feature, Extra which) const noexcept;
    /// Requests that `Guard::check` judged, by decision.
    [[nodiscard]] std::uint64_t requests(Decision decision) const noexcept;
    /// Requests whose width was wrong: they count as requests, but their values could not be counted.
    [[nodiscard]] std::uint64_t rejected() const noexcept;

    /// What `Guard::check` found by a score of the baseline: requests with a p-value above the policy's level, at most
    /// the level, and without one (or stale). Merge windows of guards with the same policy.
    enum ScoreCount : std::size_t { within = 0, exceeded = 1, unevaluated = 2, score_count_kinds = 3 };
    [[nodiscard]] std::uint64_t score_count(std::size_t score, ScoreCount which) const noexcept;
    /// Requests by the tenth of (0, 1] that their p-value lies in: alike if live requests are as the calibration's.
    static constexpr std::size_t p_value_cells = 10;
    [[nodiscard]] std::span<const std::uint64_t> p_value_counts(std::size_t score) const noexcept;

    /// Requests that `Guard::check` showed to a memory, silent or not: all; those of accused accounts; those of
    /// accounts that seem to copy the model; those of which it could tell neither.
    enum MemoryCount : std::size_t { watched = 0, query_attacks = 1, extractions = 2, untold = 3, memory_counts = 4 };
    [[nodiscard]] std::uint64_t memory_count(MemoryCount which) const noexcept { return memory_counters_[which]; }

    /// What `Guard::check` sent to the model for a score that asks it, and how often the callback put an end to that.
    [[nodiscard]] perturbation::ModelQueries model_queries(std::size_t score) const noexcept;
    [[nodiscard]] std::uint64_t model_aborts(std::size_t score) const noexcept;

    /// Requests that `Guard::check` found to fail a check of the baseline's schema, silent or not in the policy; 0
    /// without a schema. By feature (feature_count() + k: expression k) and check, and by the gravest severity (warning
    /// or error).
    [[nodiscard]] std::uint64_t schema_failures(std::size_t feature, validation::Check check) const noexcept;
    [[nodiscard]] std::uint64_t schema_rows(validation::Severity gravest) const noexcept;

    [[nodiscard]] friend bool operator==(const Window& a, const Window& b) noexcept { return a.same_counters(b); }

  private:
    friend class Guard;
    friend class ReleasedWindow;

    void check_totals(ErrorCode code, const Window* other) const;
    [[nodiscard]] bool same_counters(const Window& other) const noexcept;
    template <class T>
    bool count_row(std::span<const T> row) noexcept;
    template <class T>
    void locate_row(std::span<const T> row) noexcept;
    template <class T>
    void observe_matrix(const MatrixView<T>& rows);
    template <class T>
    void count_numbers(std::size_t feature, const Column& column);
    template <class T>
    void convert(std::span<const T> row) noexcept;
    void count_score(std::size_t score, double p_value, ScoreCount which) noexcept;
    void count_remembered(Decision query_attack, Decision extraction) noexcept;
    void count_asked(std::size_t score, const perturbation::Answer& answer) noexcept;
    void count_failed(validation::Severity gravest) noexcept;
    void read_schema_counters(std::span<const std::uint64_t> stored);

    Baseline baseline_;
    std::vector<std::uint64_t> counters_;      // per feature: cells, then the extras
    std::array<std::uint64_t, 4> requests_{};  // by Decision
    std::uint64_t rejected_ = 0;
    std::vector<std::uint64_t> score_counters_;  // per score of the baseline: by ScoreCount, then the p-value cells
    std::vector<std::uint64_t> query_counters_;  // where a score asks the model, of each: calls, rows, aborts
    std::array<std::uint64_t, memory_counts> memory_counters_{};
    static constexpr std::size_t severities = 2;  // counted first: warnings, errors
    std::vector<std::uint64_t> schema_counters_;  // with a schema: rows by severity, then by feature and check
    std::vector<validation::CheckSet> failed_;    // scratch of one row: the failed checks of each feature
    std::vector<std::uint16_t> codes_;            // scratch of one row: the cell of each feature
    std::vector<double> row_;                     // scratch of one row as numbers, for mixed rows and scores
    std::vector<float> row_f32_;                  // the same for scores that take f32
};

/// The sum of windows of one baseline. Throws Error(invalid_argument) when there are none.
[[nodiscard]] Window merge(std::span<const Window> windows);

}  // namespace vedette::inline v0
