// SPDX-License-Identifier: Apache-2.0
// What a guard remembers across requests: probing, query attacks and extraction, account by account.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/guard/mmd_accounts.hpp"
#include "vedette/guard/mmd_groups.hpp"
#include "vedette/perturbation/prada_accounts.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace vedette::inline v0 {

/// What a memory says of one request; of what it does not watch, `not_evaluated`.
struct MemoryEvidence {
    perturbation::QueryEvidence query{};
    perturbation::PradaState prada{};
    MmdEvidence mmd{};
    MmdGroupEvidence group{};
    /// `alarm` for each request of an account that the evidence accuses, see perturbation::QueryWatch.
    Decision query_attack = Decision::not_evaluated;
    /// `alarm` while the account's last W lies below the threshold, see perturbation::Prada.
    Decision extraction = Decision::not_evaluated;
    /// `alarm` while the account's inputs have another law than benign traffic, see MmdAccounts.
    Decision unlike_benign = Decision::not_evaluated;
    /// `alarm` while those of the accounts that share inputs with it have, together: see MmdGroups.
    Decision group_unlike_benign = Decision::not_evaluated;
    /// The caller must not learn of it: neither the verdict nor its findings say it, and no answer may depend on it.
    bool is_silent = false;
};

/// A request as the memory takes it.
struct RememberedRequest {
    std::span<const float> input{};      ///< of fingerprints and updates; of PRADA where its width is this
    std::span<const float> embedding{};  ///< of PRADA and of the MMD, where their width is this
    std::int64_t predicted = -1;         ///< the predicted class, for PRADA; below 0: not known
    std::string_view account{};
    std::uint64_t time = 0;  ///< in the unit of the store's options; should not run backwards
    /// Drift has voided the calibrations and the reference of the MMD: inputs are remembered, but speak against no
    /// account, and enter no window of the MMD.
    bool is_stale = false;
};

/// The memory of one server, or of one shard of accounts: evidence is account by account, so route an account to one
/// memory; what stores remember of inputs can be merged over shards. Made and calibrated offline, saved, and loaded
/// beside the baseline; what becomes of its findings is the policy's ("memory").
///
/// Not thread-safe: one per shard, or under the server's lock. Requests allocate nothing. Bounds, promises and
/// weaknesses are those of the parts.
class QueryMemory {
  public:
    /// Throws Error(invalid_argument) where it watches nothing, and for groups without queries, whose links they are
    /// of.
    explicit QueryMemory(std::optional<perturbation::QueryWatch> queries,
                         std::optional<perturbation::PradaAccounts> prada = {}, std::optional<MmdAccounts> mmd = {},
                         std::optional<MmdGroups> groups = {});

    MemoryEvidence observe(const RememberedRequest& request) noexcept;

    /// Takes the evidence against an account back, e.g. after a review; false where there was none.
    bool forget(std::string_view account) noexcept;
    /// QueryWatch::merge, where both watch queries or neither does; else Error(baseline_mismatch), changing nothing, as
    /// it throws. What PRADA and the MMD have of an account or a group stays apart. A shard merged twice is counted
    /// twice, as said there; a memory with itself is an Error(invalid_argument).
    void merge(const QueryMemory& other);

    /// Bytes of all that it holds, about: taken at construction, and never more under any input. (A merge takes the
    /// store's as much again while it runs, to_bytes a copy of all.)
    [[nodiscard]] std::size_t memory() const noexcept;
    static constexpr std::size_t usual_memory = std::size_t{1} << 32U;

    /// Null where it does not watch them.
    [[nodiscard]] const perturbation::QueryWatch* queries() const noexcept { return queries_ ? &*queries_ : nullptr; }
    [[nodiscard]] const perturbation::PradaAccounts* prada() const noexcept { return prada_ ? &*prada_ : nullptr; }
    [[nodiscard]] const MmdAccounts* mmd() const noexcept { return mmd_ ? &*mmd_ : nullptr; }
    [[nodiscard]] const MmdGroups* groups() const noexcept { return groups_ ? &*groups_ : nullptr; }

    /// As a container of kind "query_memory", canonical: what comes back goes on bit for bit. The bytes hold keys and
    /// inputs, so keep them secret. Throws Error(corrupt_data), io_error, and overflow where all parts together would
    /// take more than `most_memory` bytes.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    [[nodiscard]] static QueryMemory from_bytes(std::span<const std::byte> bytes,
                                                std::size_t most_memory = usual_memory);
    /// A new file is its owner's alone; the rest is as write_file_atomically says.
    void save(const std::filesystem::path& path) const;
    [[nodiscard]] static QueryMemory load(const std::filesystem::path& path, std::size_t most_memory = usual_memory);

  private:
    void age_groups(std::uint64_t times) noexcept;

    std::optional<perturbation::QueryWatch> queries_;
    std::optional<perturbation::PradaAccounts> prada_;
    std::optional<MmdAccounts> mmd_;
    std::optional<MmdGroups> groups_;
};

}  // namespace vedette::inline v0
