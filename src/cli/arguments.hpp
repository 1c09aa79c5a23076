// SPDX-License-Identifier: Apache-2.0
// What the files of the command line share: how a family of sub-commands is declared, and options that several take.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "commands.hpp"

namespace vedette::inline v0::cli {

/// What the chosen sub-command will do, once everything is parsed.
using Action = std::function<ExitStatus()>;

/// A family of sub-commands: owns what their options are parsed into, and outlives the parsing.
class CommandFamily {
  public:
    CommandFamily() = default;
    CommandFamily(const CommandFamily&) = delete;
    CommandFamily& operator=(const CommandFamily&) = delete;
    virtual ~CommandFamily() = default;
};

/// Each declares its sub-commands in `app`; the one that is chosen sets `action`, which must outlive the family.
std::unique_ptr<CommandFamily> guard_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> monitor_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> performance_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> privacy_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> schema_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> score_commands(CLI::App& app, Action& action);
std::unique_ptr<CommandFamily> sketch_commands(CLI::App& app, Action& action);

/// A value chosen by its word. The help shows the words alone: what they stand for is ours to know.
template <class T>
CLI::Validator word(const std::map<std::string, T>& values) {
    std::string words;
    for (const auto& [name, value] : values) words.append(words.empty() ? "" : ", ").append(name);
    return CLI::CheckedTransformer(values).description(words);
}

/// --format, text or json.
void add_text_or_json(CLI::App& command, bool& as_json);

/// --at-least and --key-file: what shows that a ledger is the one meant.
void add_ledger_proof(CLI::App& command, LedgerFile& file);

/// --delimiter of CSV fields.
void add_delimiter(CLI::App& command, SourceOptions& source);

/// --thin.
void add_thinning(CLI::App& command, SourceOptions& source);

/// --fail-on, alarm or warn.
void add_fail_on(CLI::App& command, bool& fail_on_warn);

}  // namespace vedette::inline v0::cli
