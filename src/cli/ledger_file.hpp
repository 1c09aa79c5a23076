// SPDX-License-Identifier: Apache-2.0
// A ledger file named on the command line, and what shows that it is the one meant.
#pragma once

#include <cstdint>
#include <string>

#include "vedette/privacy/ledger.hpp"

namespace vedette::inline v0::cli {

struct LedgerFile {
    std::string path;
    std::string key_path;  ///< a file of 32 bytes, without which nobody changes the ledger unseen; empty = no key
    std::string at_least;  ///< a head, NUMBER:DIGEST, that the ledger must have come past; empty = any
};

/// Throws InputError for a head or a key that is none; Error as Ledger::open does, corrupt_data for an older copy.
[[nodiscard]] privacy::Ledger open_ledger(const LedgerFile& file);
[[nodiscard]] privacy::Ledger create_ledger(const LedgerFile& file);

/// Seconds since 1970 as a date and a time, by ISO 8601: "2026-11-28T09:30:00Z".
[[nodiscard]] std::string time_text(std::int64_t seconds);

/// "12:3f..." with the 64 digits of the digest: what `--at-least` takes.
[[nodiscard]] std::string head_text(const privacy::LedgerHead& head);

}  // namespace vedette::inline v0::cli
