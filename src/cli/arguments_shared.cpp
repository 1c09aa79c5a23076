// SPDX-License-Identifier: Apache-2.0
// Options that several families of sub-commands take.
#include <cstdint>

#include "arguments.hpp"

namespace vedette::inline v0::cli {

void add_text_or_json(CLI::App& command, bool& as_json) {
    command.add_option("--format", as_json, "text (default) or json")
        ->type_name("WORD")
        ->transform(word<bool>({{"text", false}, {"json", true}}));
}

void add_ledger_proof(CLI::App& command, LedgerFile& file) {
    command.add_option("--at-least", file.at_least,
                       "A head kept earlier, which the ledger must have come past: an older copy is refused");
    command.add_option("--key-file", file.key_path,
                       "32 bytes without which nobody changes the ledger unseen; the same from its creation on");
}

void add_delimiter(CLI::App& command, SourceOptions& source) {
    command.add_option_function<std::string>(
        "--delimiter",
        [&source](const std::string& text) {
            if (text == "tab" || text == "\\t") {
                source.delimiter = '\t';
            } else if (text.size() == 1) {
                source.delimiter = text[0];
            } else {
                throw CLI::ValidationError("--delimiter", "one character, or \"tab\"");
            }
        },
        "Delimiter of CSV fields: one character, or \"tab\" (default: comma)");
}

void add_thinning(CLI::App& command, SourceOptions& source) {
    command
        .add_option("--thin", source.thinning,
                    "Keep one of so many consecutive rows: for autocorrelated traffic, whose tests alarm too often")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
        ->capture_default_str();
}

void add_fail_on(CLI::App& command, bool& fail_on_warn) {
    command.add_option("--fail-on", fail_on_warn, "What makes the exit status 1: alarm (default) or warn")
        ->type_name("WORD")
        ->transform(word<bool>({{"alarm", false}, {"warn", true}}));
}

}  // namespace vedette::inline v0::cli
