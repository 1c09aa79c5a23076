// SPDX-License-Identifier: Apache-2.0
// `vedette schema`: a schema of the features checked, and two of them compared.
#include "commands.hpp"
#include "input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/validation/schema_diff.hpp"

namespace vedette::inline v0::cli {

namespace {

validation::Schema read_schema(const std::string& path) {
    if (path.empty()) throw InputError("the schema file has no name");
    const std::vector<std::byte> bytes = read_file(path, 256U << 20);
    try {
        return validation::Schema::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

}  // namespace

ExitStatus schema_check(const std::string& path) {
    write_text("-", read_schema(path).to_json() + "\n");
    return exit_pass;
}

ExitStatus schema_diff(const std::string& before, const std::string& after, bool as_json) {
    const std::vector<validation::SchemaChange> changes = validation::diff(read_schema(before), read_schema(after));
    const bool is_compatible = validation::is_compatible(changes);
    std::string text;
    if (as_json) {
        text = to_json(changes) + "\n";
    } else {
        for (const validation::SchemaChange& change : changes) text += validation::describe(change) + "\n";
        text += is_compatible ? "compatible\n" : "breaking: data that was accepted may be refused\n";
    }
    write_text("-", text);
    return is_compatible ? exit_pass : exit_failed;
}

}  // namespace vedette::inline v0::cli
