// SPDX-License-Identifier: Apache-2.0
// A disk in memory that a process can die on after any byte, and that may lose or tear what was not yet synced.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "privacy/ledger_storage.hpp"
#include "vedette/core/random.hpp"

namespace vedette::testing {

struct Crash {};

struct MemoryDisk {
    static constexpr std::size_t sector = 512;
    struct Write {
        std::uint64_t offset;
        std::vector<std::byte> bytes;
    };

    std::vector<std::byte> seen;  // what a living system reads
    std::vector<std::byte> safe;  // what a loss of power cannot take
    std::vector<Write> unsynced;
    std::uint64_t bytes_to_live = ~std::uint64_t{0};  // written bytes and syncs until the process dies

    static void put(std::vector<std::byte>& to, std::uint64_t offset, std::span<const std::byte> bytes) {
        const auto at = static_cast<std::size_t>(offset);
        if (to.size() < at + bytes.size()) to.resize(at + bytes.size());
        std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void write(std::uint64_t offset, std::span<const std::byte> bytes) {
        const std::size_t done = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), bytes_to_live));
        put(seen, offset, bytes.first(done));
        unsynced.push_back({offset, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(done)}});
        bytes_to_live -= done;
        if (done < bytes.size() || bytes_to_live == 0) throw Crash();
    }
    void sync() {
        if (bytes_to_live-- == 1) throw Crash();
        safe = seen;
        unsynced.clear();
    }
    // Each sector of each write is there or not, in any combination.
    [[nodiscard]] std::vector<std::byte> after_power_loss(Random& random) const {
        std::vector<std::byte> left = safe;
        for (const Write& write : unsynced)
            for (std::size_t at = 0; at < write.bytes.size();) {
                const std::size_t room = sector - static_cast<std::size_t>((write.offset + at) % sector);
                const std::size_t piece = std::min(room, write.bytes.size() - at);
                if (random.uniform() < 0.5) put(left, write.offset + at, std::span(write.bytes).subspan(at, piece));
                at += piece;
            }
        return left;
    }
};

class DiskStorage final : public privacy::LedgerStorage {
  public:
    explicit DiskStorage(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}
    void lock() override {}
    void unlock() noexcept override {}
    std::uint64_t size() override { return disk_->seen.size(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> into) override {
        if (offset >= disk_->seen.size()) return 0;
        const auto at = static_cast<std::size_t>(offset);
        const std::size_t count = std::min(into.size(), disk_->seen.size() - at);
        std::copy_n(disk_->seen.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
        return count;
    }
    void write(std::uint64_t offset, std::span<const std::byte> bytes) override { disk_->write(offset, bytes); }
    void sync() override { disk_->sync(); }

  private:
    std::shared_ptr<MemoryDisk> disk_;
};

inline std::shared_ptr<MemoryDisk> disk_with(std::vector<std::byte> bytes) {
    auto disk = std::make_shared<MemoryDisk>();
    disk->seen = disk->safe = std::move(bytes);
    return disk;
}

}  // namespace vedette::testing
