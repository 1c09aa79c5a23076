// SPDX-License-Identifier: Apache-2.0
// What `vedette privacy release` can release: a table of kinds, one for each word of --statistic.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "commands.hpp"
#include "vedette/core/evidence.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/release_loss.hpp"

namespace vedette::inline v0::cli {

/// A release, told in both forms.
struct Answer {
    /// `fields`: an object.
    explicit Answer(const nlohmann::ordered_json& fields, std::string words = {});

    std::shared_ptr<nlohmann::ordered_json> told;
    std::string text;
    std::string hidden{};  ///< whom the noise hides, where it is not what the options say
};

/// A word of `--statistic`.
struct ReleasedKind {
    enum class Loss : std::uint8_t {
        any,          ///< epsilon, epsilon with a delta, or rho
        pure,         ///< epsilon alone
        approximate,  ///< epsilon with a delta
    };
    using Run = Answer (*)(const ReleaseOptions& options, privacy::ReleaseBudget& budget);

    const char* name;
    Run run;  ///< pays once, after all checks of options and columns, and before anything is told
    bool needs_column;
    bool by_category;  ///< whether what a user may contribute is by category
    Loss loss;
    std::vector<const char*> options;  ///< beyond those that every kind takes
};

[[nodiscard]] std::span<const ReleasedKind> released_kinds();
/// Throws InputError for a name of none.
[[nodiscard]] const ReleasedKind& released_kind(const std::string& name);
/// Throws InputError for what says nothing to the kind at hand, or is not enough for it.
void check_release(const ReleaseOptions& options);

[[nodiscard]] privacy::PrivacyUnit unit_of(const ReleaseOptions& options);
[[nodiscard]] privacy::ReleaseLoss loss_of(const ReleaseOptions& options);
/// The interval as JSON.
[[nodiscard]] nlohmann::ordered_json interval_json(const Interval& interval);

// Of numbers of a column.
Answer release_count(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_sum(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_mean(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_variance(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_quantile(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_covariance(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_range(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
// Of categories of a column.
Answer release_histogram(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_table(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_partitions(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_above_threshold(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_running_count(const ReleaseOptions& options, privacy::ReleaseBudget& budget);
Answer release_randomized_response(const ReleaseOptions& options, privacy::ReleaseBudget& budget);

}  // namespace vedette::inline v0::cli
