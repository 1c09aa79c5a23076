// SPDX-License-Identifier: Apache-2.0
// The records of a ledger as a chain of bytes with two heads; what they mean is the ledger's affair.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "privacy/ledger_storage.hpp"
#include "vedette/privacy/ledger.hpp"
#include "vedette/privacy/secret_vector.hpp"

namespace vedette::inline v0::privacy {

/// The last two are grants in a measure that is named.
enum class LedgerRecordKind : std::uint32_t {
    grant = 1,
    reserve = 2,
    commit = 3,
    cancel = 4,
    spend = 5,
    grant_epsilon = 6,
    grant_rho = 7
};
inline constexpr std::uint32_t last_record_kind = 7;

struct LedgerRecord {
    LedgerRecordKind kind;
    std::uint64_t sequence;
    std::span<const std::byte> payload;
    std::array<std::byte, 32> digest;
};

/// Every call between the storage's `lock` and `unlock`, but for `head`. Little-endian throughout:
///   0     "vdtledgr", version (u32), keyed (u32), 16 random bytes, digest of these 32
///   512   head A, 1024 head B: sequence (u64), end (u64), digest (32), digest of these 48 (32)
///   2048  records: payload length (u32), kind (u32), sequence (u64), payload, digest of the record before and of all
///   this
class LedgerLog {
  public:
    static constexpr std::size_t largest_payload = 1024;
    using Visitor = std::function<void(const LedgerRecord&)>;

    /// Writes an empty log.
    static void initialise(LedgerStorage& storage, const LedgerOptions& options);
    /// Reads the beginning.
    LedgerLog(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options);

    [[nodiscard]] LedgerStorage& storage() noexcept { return *storage_; }
    [[nodiscard]] const LedgerHead& head() const noexcept { return head_; }

    /// Shows every record that was not yet seen, in order.
    void refresh(const Visitor& visit);
    /// After `refresh`. `promised`: returns when the record will be found, or the file refused. Otherwise a crash may
    /// lose it. Returns its sequence.
    std::uint64_t append(LedgerRecordKind kind, std::span<const std::byte> payload, bool promised);

  private:
    using Digest = std::array<std::byte, 32>;
    struct Promise {
        std::uint64_t sequence = 0;
        std::uint64_t end = 0;
        Digest digest{};
        std::size_t place = 0;  // of the two
    };

    [[nodiscard]] Promise newest_promise();
    [[nodiscard]] bool read_record(std::uint64_t size, const Visitor& visit);
    void require_window(std::size_t bytes);

    std::unique_ptr<LedgerStorage> storage_;
    detail::SecretVector<std::byte> key_;
    bool durable_;
    LedgerHead head_{};  // of the last record seen
    std::uint64_t end_;
    std::uint64_t promised_ = 0;
    std::size_t promise_place_ = 0;
    std::vector<std::byte> window_;  // bytes of the file from window_at_ on
    std::uint64_t window_at_ = 0;
};

}  // namespace vedette::inline v0::privacy
