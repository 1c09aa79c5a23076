// SPDX-License-Identifier: Apache-2.0
// Chained records, two heads written in turn, and the rules by which a file is believed.
#include "privacy/ledger_log.hpp"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

static_assert(std::endian::native == std::endian::little, "the ledger is written as it lies in memory");

using Digest = std::array<std::byte, 32>;
constexpr std::array<char, 8> magic{'v', 'd', 't', 'l', 'e', 'd', 'g', 'r'};
constexpr std::uint32_t version = 1;
constexpr std::uint64_t head_places[] = {512, 1024};
constexpr std::uint64_t log_start = 2048;
constexpr std::size_t head_bytes = 80;
constexpr std::size_t record_start_bytes = 16;
constexpr std::size_t digest_bytes = 32;
// Growth by whole pieces of zeros: a sync then need not write the file's size too.
constexpr std::size_t growth = std::size_t{1} << 16;

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::corrupt_data, "the ledger " + what);
}

std::span<const unsigned char> raw(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}

template <class T>
T load(std::span<const std::byte> bytes, std::size_t at) noexcept {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

template <class T>
void store(std::span<std::byte> bytes, std::size_t at, const T& value) noexcept {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

class Chain {
  public:
    explicit Chain(std::span<const std::byte> key) noexcept {
        crypto_generichash_init(&state_, key.empty() ? nullptr : raw(key).data(), key.size(), digest_bytes);
    }
    Chain& add(std::span<const std::byte> bytes) noexcept {
        crypto_generichash_update(&state_, raw(bytes).data(), bytes.size());
        return *this;
    }
    [[nodiscard]] Digest finish() noexcept {
        Digest digest;
        crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(digest.data()), digest.size());
        return digest;
    }

  private:
    crypto_generichash_state state_;
};

void check_key(const LedgerOptions& options) {
    if (!options.key.empty() && options.key.size() != crypto_generichash_KEYBYTES)
        throw Error(ErrorCode::invalid_argument,
                    "key has " + std::to_string(options.key.size()) + " bytes, must have 32 or none");
    if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium cannot be initialised");
}

std::array<std::byte, head_bytes> encode_head(std::uint64_t sequence, std::uint64_t end, const Digest& digest,
                                              std::span<const std::byte> key) noexcept {
    std::array<std::byte, head_bytes> bytes;
    store(bytes, 0, sequence);
    store(bytes, 8, end);
    store(bytes, 16, digest);
    store(bytes, 48, Chain(key).add(std::span(bytes).first(48)).finish());
    return bytes;
}

}  // namespace

void LedgerLog::initialise(LedgerStorage& storage, const LedgerOptions& options) {
    check_key(options);
    std::array<std::byte, log_start> bytes{};
    store(bytes, 0, magic);
    store(bytes, 8, version);
    store(bytes, 12, std::uint32_t{options.key.empty() ? 0U : 1U});
    randombytes_buf(bytes.data() + 16, 16);
    const Digest start = Chain(options.key).add(std::span(bytes).first(32)).finish();
    store(bytes, 32, start);
    for (const std::uint64_t place : head_places)
        store(bytes, static_cast<std::size_t>(place), encode_head(0, log_start, start, options.key));
    storage.write(0, bytes);
    storage.sync();
}

LedgerLog::LedgerLog(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options)
    : storage_(std::move(storage)),
      key_(options.key.begin(), options.key.end()),
      durable_(options.durable),
      end_(log_start) {
    check_key(options);
    std::array<std::byte, 64> bytes{};
    if (storage_->read(0, bytes) != bytes.size() || load<std::array<char, 8>>(bytes, 0) != magic)
        refuse("has not the beginning of a ledger");
    if (load<std::uint32_t>(bytes, 8) != version)
        throw Error(ErrorCode::unsupported_version, "the ledger has format version " +
                                                        std::to_string(load<std::uint32_t>(bytes, 8)) +
                                                        ", this library reads 1");
    if ((load<std::uint32_t>(bytes, 12) != 0) == key_.empty())
        refuse(key_.empty() ? "was written with a key, and none is given" : "was written without a key");
    head_.digest = load<Digest>(bytes, 32);
    if (Chain(key_).add(std::span(bytes).first(32)).finish() != head_.digest)
        refuse(key_.empty() ? "has an altered beginning" : "has an altered beginning, or the key is another");
}

LedgerLog::Promise LedgerLog::newest_promise() {
    std::optional<Promise> newest;
    std::array<std::byte, log_start - 512> bytes{};
    if (storage_->read(512, bytes) != bytes.size()) refuse("is truncated");
    for (std::size_t place = 0; place < std::size(head_places); ++place) {
        const std::span<const std::byte> at =
            std::span<const std::byte>(bytes).subspan(static_cast<std::size_t>(head_places[place]) - 512, head_bytes);
        if (Chain(key_).add(at.first(48)).finish() != load<Digest>(at, 48)) continue;  // torn: the other one stands
        const Promise found{load<std::uint64_t>(at, 0), load<std::uint64_t>(at, 8), load<Digest>(at, 16), place};
        if (!newest || found.sequence > newest->sequence) newest = found;
    }
    if (!newest) refuse("has no valid head");
    return *newest;
}

// So that window_ holds at least so many bytes from end_ on, or all there are.
void LedgerLog::require_window(std::size_t bytes) {
    if (end_ >= window_at_ && end_ + bytes <= window_at_ + window_.size()) return;
    window_.resize(std::max<std::size_t>(bytes, window_.empty() ? 4096 : growth));
    window_at_ = end_;
    window_.resize(storage_->read(end_, window_));
}

// The next record, if it is whole.
bool LedgerLog::read_record(std::uint64_t size, const Visitor& visit) {
    constexpr std::size_t largest = record_start_bytes + largest_payload + digest_bytes;
    if (size < end_ + record_start_bytes + digest_bytes) return false;
    require_window(largest);
    const std::span<const std::byte> bytes =
        std::span<const std::byte>(window_).subspan(static_cast<std::size_t>(end_ - window_at_));
    if (bytes.size() < record_start_bytes + digest_bytes) return false;
    const std::size_t length = load<std::uint32_t>(bytes, 0);
    const std::uint32_t kind = load<std::uint32_t>(bytes, 4);
    const std::uint64_t sequence = load<std::uint64_t>(bytes, 8);
    if (length > largest_payload || bytes.size() < record_start_bytes + length + digest_bytes) return false;
    if (sequence != head_.sequence + 1 || kind < 1 || kind > last_record_kind) return false;
    const std::size_t checked = record_start_bytes + length;
    const Digest digest = Chain(key_).add(head_.digest).add(bytes.first(checked)).finish();
    if (digest != load<Digest>(bytes, checked)) return false;
    visit({static_cast<LedgerRecordKind>(kind), sequence, bytes.subspan(record_start_bytes, length), digest});
    head_ = {sequence, digest};
    end_ += checked + digest_bytes;
    return true;
}

void LedgerLog::refresh(const Visitor& visit) {
    const Promise promise = newest_promise();
    window_.clear();  // others may have written since
    const std::uint64_t size = storage_->size();
    if (promise.sequence < promised_) refuse("is older than it was before");
    promised_ = promise.sequence;
    promise_place_ = promise.place;
    while (head_.sequence < promise.sequence)
        if (!read_record(size, visit))
            refuse("is truncated or altered at record " + std::to_string(head_.sequence + 1));
    if (head_.sequence == promise.sequence && (end_ != promise.end || head_.digest != promise.digest))
        refuse("does not end as its head says");
    // Beyond the promise: whole records count, a torn one was never answered and is written over.
    while (read_record(size, visit)) {
    }
}

std::uint64_t LedgerLog::append(LedgerRecordKind kind, std::span<const std::byte> payload, bool promised) {
    std::array<std::byte, record_start_bytes + largest_payload + digest_bytes> bytes;
    const std::size_t checked = record_start_bytes + payload.size();
    store(bytes, 0, static_cast<std::uint32_t>(payload.size()));
    store(bytes, 4, static_cast<std::uint32_t>(kind));
    store(bytes, 8, head_.sequence + 1);
    std::copy(payload.begin(), payload.end(), bytes.begin() + record_start_bytes);
    const Digest digest = Chain(key_).add(head_.digest).add(std::span(bytes).first(checked)).finish();
    store(bytes, checked, digest);
    const std::size_t length = checked + digest_bytes;
    if (end_ + length > storage_->size()) storage_->write(end_, std::vector<std::byte>(growth));
    storage_->write(end_, std::span(bytes).first(length));
    head_ = {head_.sequence + 1, digest};
    end_ += length;
    if (promised) {
        if (durable_) storage_->sync();
        promise_place_ = 1 - promise_place_;  // the newest stays until the next is written
        storage_->write(head_places[promise_place_], encode_head(head_.sequence, end_, digest, key_));
        if (durable_) storage_->sync();
        promised_ = head_.sequence;
    }
    return head_.sequence;
}

}  // namespace vedette::inline v0::privacy
