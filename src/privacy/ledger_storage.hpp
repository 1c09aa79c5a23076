// SPDX-License-Identifier: Apache-2.0
// What a ledger asks of the place where it is kept: a locked array of bytes that says when they are safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace vedette::inline v0::privacy {

/// Each function throws Error(io_error) when it cannot do what it is for.
class LedgerStorage {
  public:
    LedgerStorage() = default;
    LedgerStorage(const LedgerStorage&) = delete;
    LedgerStorage& operator=(const LedgerStorage&) = delete;
    virtual ~LedgerStorage() = default;

    /// Excludes all others, in this process and elsewhere, until `unlock`.
    virtual void lock() = 0;
    virtual void unlock() noexcept = 0;
    [[nodiscard]] virtual std::uint64_t size() = 0;
    /// Bytes read, fewer only at the end.
    [[nodiscard]] virtual std::size_t read(std::uint64_t offset, std::span<std::byte> into) = 0;
    virtual void write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    /// Returns when all that was written survives a loss of power.
    virtual void sync() = 0;
};

/// A file. `create`: it must not exist yet, and its name is synced too; otherwise it must. A file that another takes
/// the place of, or that a child process inherits, is refused from then on.
[[nodiscard]] std::unique_ptr<LedgerStorage> ledger_file(const std::filesystem::path& path, bool create);

}  // namespace vedette::inline v0::privacy
