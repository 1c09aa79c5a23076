// SPDX-License-Identifier: Apache-2.0
// `vedette policy`: the default policy, its schema, and the check of a policy file.
#include "commands.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/policy.hpp"

namespace vedette::inline v0::cli {

namespace {

ExitStatus print(std::string text) {
    if (!text.ends_with('\n')) text += '\n';
    write_text("-", text);
    return exit_pass;
}

}  // namespace

ExitStatus policy_show_default() {
    return print(Policy{}.to_json());
}

ExitStatus policy_schema() {
    return print(std::string(Policy::json_schema()));
}

ExitStatus policy_check(const std::string& path) {
    const std::vector<std::byte> bytes = read_file(path, 16U << 20);
    try {
        return print(Policy::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).to_json());
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

}  // namespace vedette::inline v0::cli
