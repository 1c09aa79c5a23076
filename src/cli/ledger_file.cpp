// SPDX-License-Identifier: Apache-2.0
#include "ledger_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>

#include "input.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/privacy/secret_vector.hpp"

namespace vedette::inline v0::cli {

namespace {

using namespace privacy;

constexpr std::size_t key_bytes = 32;

LedgerHead head_of(const std::string& text) {
    const std::size_t colon = text.find(':');
    LedgerHead head;
    const char* const end = text.data() + std::min(colon, text.size());
    const auto [read, fault] = std::from_chars(text.data(), end, head.sequence);
    const auto digest = colon == std::string::npos ? std::nullopt : digest_from_hex(text.substr(colon + 1));
    if (fault != std::errc() || read != end || !digest)
        throw InputError("--at-least: \"" + text + "\" is no head; it is NUMBER:64 hexadecimal digits");
    std::copy(digest->begin(), digest->end(), head.digest.begin());
    return head;
}

// Options whose key lives as long as they do.
class Opening {
  public:
    explicit Opening(const LedgerFile& file) {
        if (!file.at_least.empty()) options_.at_least = head_of(file.at_least);
        if (file.key_path.empty()) return;
        const std::size_t size = ByteSource::open(file.key_path).read(key_.data(), key_.size());
        if (size != key_bytes) throw InputError("--key-file: " + file.key_path + ": a key is a file of 32 bytes");
        options_.key = std::as_bytes(std::span<const char>(key_)).first(key_bytes);
    }

    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;

    [[nodiscard]] const LedgerOptions& options() const noexcept { return options_; }

  private:
    // One byte more, so that a longer file is found out.
    detail::SecretVector<char> key_ = detail::SecretVector<char>(key_bytes + 1);
    LedgerOptions options_;
};

}  // namespace

Ledger open_ledger(const LedgerFile& file) {
    const Opening opening(file);
    return Ledger::open(file.path, opening.options());
}

Ledger create_ledger(const LedgerFile& file) {
    if (!file.at_least.empty()) throw InputError("--at-least: a new ledger has come past no head");
    const Opening opening(file);
    return Ledger::create(file.path, opening.options());
}

std::string time_text(std::int64_t seconds) {
    // What a calendar of four-digit years holds; beyond it, the seconds.
    constexpr std::int64_t first = -62'135'596'800, last = 253'402'300'799;
    if (seconds < first || seconds > last) return fmt::format("{} s", seconds);
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::string head_text(const LedgerHead& head) {
    Digest digest{};
    std::copy(head.digest.begin(), head.digest.end(), digest.begin());
    return fmt::format("{}:{}", head.sequence, to_hex(digest));
}

}  // namespace vedette::inline v0::cli
