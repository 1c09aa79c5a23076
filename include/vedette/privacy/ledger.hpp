// SPDX-License-Identifier: Apache-2.0
// The budget ledger: what has been spent of each privacy budget, in a file that a crash cannot make forget.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::inline v0::privacy {

class LedgerStorage;

/// What a release costs, or a budget holds, in whole units, so that sums are exact and no spend is too small to count.
struct LedgerCost {
    std::uint64_t loss = 0;   ///< epsilon, or rho of zero-concentrated privacy, in units of 2^-40
    std::uint64_t delta = 0;  ///< in units of 2^-63

    static constexpr double loss_units = 0x1p40;
    static constexpr double delta_units = 0x1p63;

    /// Rounded up. Throws Error(invalid_argument) for NaN, a negative value, a loss beyond 2^23, or delta above 1.
    [[nodiscard]] static LedgerCost of(double loss, double delta = 0.0);
    /// A budget, rounded down.
    [[nodiscard]] static LedgerCost budget(double loss, double delta = 0.0);

    friend bool operator==(const LedgerCost&, const LedgerCost&) = default;
};

/// What a loss is counted in: losses add up in both, also when each is chosen in sight of the answers before it (basic
/// composition; Rogers, Roth, Ullman and Vadhan 2016; Feldman and Zrnic 2021).
enum class LedgerMeasure : std::uint8_t {
    unnamed,  ///< the caller remembers which of the two
    epsilon,  ///< with delta
    rho,      ///< of zero-concentrated privacy, with delta
};

/// Whose budget, and for what. Each at most 255 bytes, any bytes. One account is kept in one measure.
struct LedgerAccount {
    std::string data_set;
    std::string principal;
    std::string purpose;

    friend auto operator<=>(const LedgerAccount&, const LedgerAccount&) = default;  // NOLINT(modernize-use-nullptr)
};

/// Seconds of a clock that the caller reads, from `from` on and before `until`.
struct LedgerPeriod {
    std::int64_t from = 0;
    std::int64_t until = 0;

    friend bool operator==(const LedgerPeriod&, const LedgerPeriod&) = default;
};

struct LedgerBalance {
    LedgerPeriod period;
    LedgerCost budget;
    LedgerCost spent;  ///< what is reserved included
    LedgerMeasure measure = LedgerMeasure::unnamed;
};

/// The state of a ledger in one number and one digest: kept elsewhere, it tells when an older file is put in place.
struct LedgerHead {
    std::uint64_t sequence = 0;
    std::array<std::byte, 32> digest{};
};

struct LedgerOptions {
    /// Sync to the disk before an answer: spent >= released through a loss of power. Otherwise through a crash of the
    /// process only.
    bool durable = true;
    /// Whoever does not have the key cannot change the file without being found out. Empty or 32 bytes; the same at
    /// every opening.
    std::span<const std::byte> key{};
    /// An earlier head that the file must have come past; without it, an old copy of the whole file is not noticed.
    std::optional<LedgerHead> at_least{};
};

/// An append-only file of grants, reservations, commitments and cancellations, each chained to the one before by a
/// keyed BLAKE2b digest. A reservation is on the disk before `reserve` answers, and counts as spent until it is
/// cancelled; so whatever is released after it has been paid, whenever the process dies.
///
/// How: a record is appended and synced, then one of two heads (sequence, length, digest) is written in turn and
/// synced, then the caller is answered. What lies beyond the newest head was never answered; it is counted where it is
/// whole and dropped where it is torn. What a head promises must be there to the last bit, or the file is refused.
///
/// Many processes may use one file (flock), and many threads one object. Throws Error: io_error; corrupt_data for a
/// truncated or altered file, a wrong key, or one older than `at_least`; budget_exhausted when a budget does not allow
/// a cost, or no budget is valid at that time. After an error of a write the object refuses further work: open the file
/// anew. Nothing is spent without being written; a refusal changes nothing.
class Ledger {
  public:
    /// A new, empty file; an existing one is an error.
    [[nodiscard]] static Ledger create(const std::filesystem::path& path, const LedgerOptions& options = {});
    [[nodiscard]] static Ledger open(const std::filesystem::path& path, const LedgerOptions& options = {});
    /// Over another storage, see src/privacy/ledger_storage.hpp.
    [[nodiscard]] static Ledger create(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options = {});
    [[nodiscard]] static Ledger open(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options = {});

    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;
    ~Ledger();

    /// A budget for a period that overlaps no other of that account, at once on the disk. Throws
    /// Error(invalid_argument) for an overlap, an empty period, a name that is too long, or a measure other than that
    /// of an earlier period. Readers that know no measures refuse a file with one.
    void grant(const LedgerAccount& account, const LedgerCost& budget, const LedgerPeriod& period,
               LedgerMeasure measure = LedgerMeasure::unnamed);

    /// Sets a cost aside and returns its number. Release only after this has returned. Throws Error(invalid_argument)
    /// where both the cost's measure and the budget's are named, and differ.
    std::uint64_t reserve(const LedgerAccount& account, const LedgerCost& cost, std::int64_t now,
                          LedgerMeasure measure = LedgerMeasure::unnamed);
    /// The release took place. Frees nothing, and may be left out: only the record of it would be missing.
    void commit(std::uint64_t reservation);
    /// Nothing was released, and nothing will be: gives the cost back. Throws Error(invalid_argument) for a number that
    /// is not of an open reservation.
    void cancel(std::uint64_t reservation);
    /// reserve and commit in one record.
    void spend(const LedgerAccount& account, const LedgerCost& cost, std::int64_t now,
               LedgerMeasure measure = LedgerMeasure::unnamed);

    /// All periods of an account in order, or none. What other processes have written is read first.
    [[nodiscard]] std::vector<LedgerBalance> balances(const LedgerAccount& account);
    [[nodiscard]] std::vector<LedgerAccount> accounts();
    /// Reservations that were neither committed nor cancelled.
    [[nodiscard]] std::vector<std::uint64_t> open_reservations();
    [[nodiscard]] LedgerHead head();

  private:
    class State;
    explicit Ledger(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::privacy
