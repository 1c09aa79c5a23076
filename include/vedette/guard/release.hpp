// SPDX-License-Identifier: Apache-2.0
// A window that may leave the house: every counter noised, paid for before its noise is drawn, and all else made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vedette/guard/policy.hpp"
#include "vedette/guard/release_statistics.hpp"
#include "vedette/guard/window.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/release.hpp"

namespace vedette::inline v0 {

namespace privacy::detail {
class Keystream;
}

/// Which of a window's counters a release noises. What is not released reads as 0, and no report tells of it.
enum class ReleasedOutput : std::uint8_t {
    features = 0,       ///< cells and rates of all features that the policy does not ignore
    requests = 1,       ///< requests by decision, and rejected ones
    scores = 2,         ///< of the scores that the policy names
    schema = 3,         ///< requests with an error, and with a warning; needs `requests`
    schema_checks = 4,  ///< requests that failed each check of each feature: much noise, as all may fail at once; needs
                        ///< `schema`
};
inline constexpr std::size_t released_output_count = 5;

/// "features", "requests", "scores", "schema" or "schema_checks".
const char* released_output_name(ReleasedOutput output) noexcept;

/// What leaves the house of a window, of its rows' statistics and of decisions by group, for whom it is private, and
/// who pays: once, for all of it together.
///
/// Protected: whoever has at most `rows_per_user` rows in the window (one row is one call of `Guard::check` or
/// `Window::observe`), as many in the statistics and as many among the decisions, by (epsilon, delta)-differential
/// privacy under adding or removing all of them. A window knows no users, so that the caller sees to the limit: with
/// several rows per user, give the window no more than so many of each. Whoever is in many released windows pays for
/// each: their epsilons add up, as they do in the account. Each row must have been judged by itself: `requests` of a
/// window whose guard had a memory are refused, and a guard whose calibrations were marked stale on account of the rows
/// before is not for this. Not protected: the reference. Baselines, and the reference's side of every report, are told
/// as they are.
struct ReleasePolicy {
    static constexpr int version = 1;
    static constexpr double least_epsilon = 1e-6;
    static constexpr double largest_epsilon = 1e3;
    static constexpr std::uint64_t most_rows_per_user = std::uint64_t{1} << 20U;

    privacy::LedgerAccount account{};  ///< kept in (epsilon, delta)
    double epsilon = 1.0;              ///< of each release, in [1e-6, 1e3]
    /// 0: pure differential privacy, discrete Laplace noise whose scale grows with the number of features. Else, in
    /// (0, 0.1]: discrete Gaussian noise, which grows with its root: less from about 20 features on.
    double delta = 0.0;
    std::uint64_t rows_per_user = 1;  ///< in [1, 2^20]
    /// Of the window; may be empty where columns or groups are named.
    std::vector<ReleasedOutput> outputs{ReleasedOutput::features, ReleasedOutput::requests, ReleasedOutput::scores,
                                        ReleasedOutput::schema};
    /// Whose statistics are released, see release_statistics; chosen without looking at the values.
    std::vector<std::string> columns{};
    privacy::RangeScale scale{};  ///< of their numbers
    /// Groups whose rates are released, see privacy::PrivateGroupRates; listed beforehand, not learned from the rows.
    std::vector<std::string> groups{};

    [[nodiscard]] bool releases(ReleasedOutput output) const noexcept;
    /// Throws Error(invalid_policy) that names the field and its limits.
    void validate() const;
    /// Reads the documented JSON form; absent fields keep their defaults, but the account must be given. Throws
    /// Error(invalid_policy) with the JSON path of an unknown key, a wrong type or a value out of range.
    [[nodiscard]] static ReleasePolicy from_json(std::string_view text);
    [[nodiscard]] std::string to_json() const;
    /// A JSON Schema (2020-12) of the document.
    [[nodiscard]] static std::string_view json_schema() noexcept;

    friend bool operator==(const ReleasePolicy&, const ReleasePolicy&) = default;
};

/// What is released beside a window, of the same rows: needed where the policy names columns or groups, else left out.
struct ReleaseCompanions {
    const validation::TableStatistics* statistics = nullptr;
    const privacy::GroupRatesPartial* rates = nullptr;
};

/// The law of the noise on every counter: independent draws.
struct ReleaseNoise {
    bool is_gaussian = false;
    double scale = 0.0;                  ///< of the discrete Laplace law, or sigma of the discrete Gaussian one
    std::uint64_t rows_per_user = 1;     ///< whom it hides
    std::uint64_t counters_per_row = 0;  ///< that a row changes at most, each by 1

    [[nodiscard]] double standard_deviation() const noexcept;
    /// The least t known with P(|sum of so many draws| > t) <= alpha: exact for one Laplace draw, Chernoff's bound
    /// else.
    [[nodiscard]] double reach(std::uint64_t draws, double alpha) const noexcept;
};

/// Counters after their noise: nothing in it is exact, and whatever is computed from it costs nothing more. Immutable.
class ReleasedWindow {
  public:
    /// The noised counters as a window, for whoever takes one: cut off at 0 and made to fit each other (no more
    /// failures than requests), which biases small counts upwards.
    [[nodiscard]] const Window& window() const noexcept { return window_; }
    /// The cells of a feature and then its Window::Extra counters, as they were drawn: without bias, maybe negative.
    /// Empty for a feature that was not released.
    [[nodiscard]] std::span<const std::int64_t> noisy(std::size_t feature) const;
    /// Of the policy's columns, with intervals at the confidence 1 - Policy::level; `spent` is what everything together
    /// has spent.
    [[nodiscard]] const std::optional<ReleasedStatistics>& statistics() const noexcept { return statistics_; }
    /// Of the policy's groups, all intervals together at that confidence.
    [[nodiscard]] const std::optional<privacy::FairnessRelease>& fairness() const noexcept { return fairness_; }
    [[nodiscard]] const ReleasePolicy& policy() const noexcept { return policy_; }
    [[nodiscard]] const ReleaseNoise& noise() const noexcept { return noise_; }
    [[nodiscard]] privacy::Guarantee spent() const noexcept { return {policy_.epsilon, policy_.delta}; }

  private:
    friend ReleasedWindow release(const Window&, const Policy&, const ReleasePolicy&, privacy::ReleaseBudget&,
                                  const ReleaseCompanions&, privacy::detail::Keystream*);
    ReleasedWindow(const Baseline& baseline, ReleasePolicy policy) : window_(baseline), policy_(std::move(policy)) {}
    void choose(const Policy& policy);
    void draw(const Window& exact, const ReleaseCompanions& with, privacy::detail::Keystream& keystream);
    void cut_off();
    void tell_companions(double alpha);

    /// Counters that lie one behind the other, of which each row changes at most so many, by 1.
    struct Block {
        std::vector<std::uint64_t> Window::*counters;
        std::size_t begin, size;
    };
    Window window_;  // made anew: a copy would hold the last row, too
    ReleasePolicy policy_;
    ReleaseNoise noise_;
    std::vector<Block> blocks_;        // what is released beside the requests
    std::vector<std::int64_t> noisy_;  // the blocks one behind the other, the requests, columns, groups
    std::vector<std::size_t> places_;  // of each feature in noisy_; its size where it is not released
    std::optional<ReleasedStatistics> statistics_;
    std::optional<privacy::FairnessRelease> fairness_;
};

/// Noises a window and what goes with it, all counters by one law: checks everything, pays once, then draws. Of
/// `policy` it takes which features are ignored and which scores are named; both must be chosen without looking at the
/// window. Throws Error: invalid_policy; invalid_argument where the policy names columns or groups and they are not
/// given, for statistics without quantiles, and for columns of lists' values; dimension_mismatch for rates of other
/// groups; what the budget throws (budget_exhausted: nothing was drawn); io_error without entropy (what was paid stays
/// paid). `keystream` is for the library's own use. O(counters).
[[nodiscard]] ReleasedWindow release(const Window& window, const Policy& policy, const ReleasePolicy& release_policy,
                                     privacy::ReleaseBudget& budget, const ReleaseCompanions& with = {},
                                     privacy::detail::Keystream* keystream = nullptr);

/// What a report says of the noise that it was made under.
struct ReleaseReport {
    privacy::Guarantee spent{};
    ReleaseNoise noise{};
    std::vector<ReleasedOutput> outputs{};
    std::optional<ReleasedStatistics> statistics{};      ///< where the policy names columns
    std::optional<privacy::FairnessRelease> fairness{};  ///< where it names groups

    [[nodiscard]] bool releases(ReleasedOutput output) const noexcept;
    /// One sentence: what was spent, for whom, and how wide the noise is.
    [[nodiscard]] std::string reason() const;
};

}  // namespace vedette::inline v0
