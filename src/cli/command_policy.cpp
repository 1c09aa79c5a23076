// SPDX-License-Identifier: Apache-2.0
// `vedette policy`: the default policy, its schema, and the check of a policy file.
#include "commands.hpp"
#include "input.hpp"
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

Policy read_policy(const std::string& path) {
    if (path.empty()) return {};
    const std::vector<std::byte> bytes = read_file(path, 16U << 20);
    try {
        return Policy::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

ExitStatus policy_check(const std::string& path) {
    if (path.empty()) throw InputError("the policy file has no name");
    return print(read_policy(path).to_json());
}

}  // namespace vedette::inline v0::cli
