// SPDX-License-Identifier: Apache-2.0
// Query attacks, account by account: what inputs share with remembered ones, as evidence with a bound on false alarms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "vedette/perturbation/account_links.hpp"
#include "vedette/perturbation/caller_evidence.hpp"
#include "vedette/perturbation/fingerprint_store.hpp"
#include "vedette/perturbation/update_similarity.hpp"
#include "vedette/stats/conformal.hpp"

namespace vedette::inline v0::perturbation {

/// The similarity of updates, with the scores of benign accounts.
struct CalibratedUpdates {
    UpdateSimilarity similarity;
    stats::ConformalCalibration calibration;
};

/// What exact repeats (FingerprintMatch::repeat) count for. Left out, they have no p-value and are no evidence, nor do
/// they enter the updates of the account: leave them out of the calibration too, and an attack's queries, which are
/// nearly and never quite the same, are told from retries by however many of these there are. They link no accounts. Of
/// a model that adds noise to its answers repeats tell an attacker something: judge them.
enum class RepeatRule : std::uint8_t {
    judged = 0,        ///< like any other input
    own_left_out = 1,  ///< an account's own
    left_out = 2,      ///< those of other accounts too: default images, retries through two gateways
};

struct QueryWatchOptions {
    CallerEvidenceOptions callers{};
    /// Counters of pairs of accounts.
    std::size_t links = 1024;
    /// Two accounts share an input from this score of the store on; in (0, 1].
    double linked_score = 0.5;
    RepeatRule repeats = RepeatRule::judged;
};

/// What is said of one request.
struct QueryEvidence {
    FingerprintMatch match;
    UpdateEvidence update;  ///< NaN where updates are not watched
    /// Of the match alone, or twice the smaller where both can be judged (Bonferroni); NaN: not evaluated, or an exact
    /// repeat that is left out.
    double p_value = std::numeric_limits<double>::quiet_NaN();
    CallerState account;
    /// Of the account and of that of the closest input (`match.account`): how many inputs they share for certain, this
    /// one among them. 0 where they share none, or it is one account.
    std::uint64_t shared = 0;
    std::uint32_t mark = 0;    ///< of the account, see FingerprintStore::account_mark
    bool is_left_out = false;  ///< an exact repeat that the options leave out
    /// How often links were halved just before: as often as all that the store remembered has passed, at most 64.
    std::uint32_t aged = 0;
};

/// Fingerprint store, calibration and evidence per caller in one.
///
/// **Promise.** As CallerEvidence: while p-values are valid given all that came before, an account whose requests are
/// all benign is ever accused with probability at most `callers.level`. For that, calibrate by a conditional guarantee,
/// on benign traffic that passed through a store of the same options, filled as in service: overlap rises with what is
/// remembered, and an account that repeats itself (retries) must do so in the calibration too. Drift voids it.
///
/// Links of accounts age as inputs do: whenever all time windows that the store remembers have passed, shared inputs
/// count half (AccountLinks::age), so that accounts which share little, over a long time, are not linked for ever.
///
/// The order of one request: look up, judge, count, then remember; inputs of accused accounts are remembered too, so
/// that an attack cannot push itself out. In silent mode (`FingerprintStoreOptions::silent`) act on evidence out of
/// sight only. Not thread-safe; requests allocate nothing. O(values), and
/// O(links) where they age.
class QueryWatch {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    QueryWatch(FingerprintStore store, stats::ConformalCalibration calibration, const QueryWatchOptions& options = {},
               std::optional<CalibratedUpdates> updates = {});

    /// While `is_stale` (drift has voided the calibrations) inputs are remembered, but no p-value is said, and none
    /// enters the evidence against an account.
    QueryEvidence observe(std::span<const std::uint8_t> input, std::string_view account, std::uint64_t time,
                          bool is_stale = false) noexcept;
    QueryEvidence observe(std::span<const float> input, std::string_view account, std::uint64_t time,
                          bool is_stale = false) noexcept;

    /// Takes the evidence against an account back; see CallerEvidence. Its links to others are counted anew, too.
    bool forget(std::string_view account) noexcept {
        links_.forget(store_.account_mark(account));
        return callers_.forget(account);
    }

    /// As a container of kind "query_watch", with all of its parts and their keys. What `deserialize` returns goes on
    /// bit for bit. Throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static QueryWatch deserialize(std::span<const std::byte> bytes);
    /// Takes in what another remembers and the pairs of accounts that it has counted (FingerprintStore::merge,
    /// AccountLinks::merge). Evidence per account and its updates stay apart: they depend on the order of an account's
    /// requests, so route an account to one watch. What is merged twice, or saved by both before, takes room twice and
    /// its pairs are counted twice, though no score changes, of which the closest input alone decides: sum shards up
    /// anew each time, from one that nothing was merged into. Throws Error(baseline_mismatch), changing nothing.
    void merge(const QueryWatch& other);

    [[nodiscard]] const FingerprintStore& store() const noexcept { return store_; }
    [[nodiscard]] const CallerEvidence& callers() const noexcept { return callers_; }
    [[nodiscard]] RepeatRule repeats() const noexcept { return repeats_; }
    /// Accounts that share inputs, by their marks.
    [[nodiscard]] const AccountLinks& links() const noexcept { return links_; }
    [[nodiscard]] const stats::ConformalCalibration& calibration() const noexcept { return calibration_; }
    /// Bytes, calibrations included, about: all taken at construction, and never more.
    [[nodiscard]] std::size_t memory() const noexcept;

  private:
    template <class T>
    QueryEvidence take(std::span<const T> input, std::string_view account, std::uint64_t time, bool is_stale) noexcept;

    FingerprintStore store_;
    stats::ConformalCalibration calibration_;
    std::optional<CalibratedUpdates> updates_;
    CallerEvidence callers_;
    AccountLinks links_;
    double linked_score_;
    RepeatRule repeats_;
};

}  // namespace vedette::inline v0::perturbation
