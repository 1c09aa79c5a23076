// SPDX-License-Identifier: Apache-2.0
// The command line of the tool, and the fence that turns every failure into an exit status.
#include "arguments.hpp"

#include <array>
#include <iostream>
#include <new>

#include "guard/render_common.hpp"
#include "input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/version.hpp"

namespace vedette::inline v0::cli {

namespace {

ExitStatus parse_and_run(int argc, const char* const* argv) {
    CLI::App app("Vedette guards machine-learning models: drift of live data against a frozen baseline.", "vedette");
    app.set_version_flag("--version", std::string("vedette ") + version_string + " (" + active_instruction_set() + ")");
    app.require_subcommand(1);
    app.footer(
        "Exit status: 0 pass, 1 the gate failed, 2 usage or input error, 3 not enough data for a verdict, "
        "4 internal error.");
    Action action;
    const std::array families{guard_commands(app, action),      score_commands(app, action),
                              sketch_commands(app, action),     monitor_commands(app, action),
                              schema_commands(app, action),     privacy_commands(app, action),
                              performance_commands(app, action)};
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error, std::cout, std::cerr) == 0 ? exit_pass : exit_input_error;
    }
    return action();
}

ExitStatus status_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::not_enough_data: return exit_not_enough_data;
        case ErrorCode::budget_exhausted: return exit_failed;
        case ErrorCode::out_of_memory:
        case ErrorCode::callback_aborted:
        case ErrorCode::internal: return exit_internal;
        default: return exit_input_error;
    }
}

}  // namespace

int run(int argc, const char* const* argv) noexcept {
    try {
        return parse_and_run(argc, argv);
    } catch (const ReadingStopped&) {
        std::cerr << "vedette: stopped by a signal before the first row\n";
        return exit_not_enough_data;
    } catch (const InputError& error) {
        std::cerr << "vedette: " << rendering::clean(error.what()) << '\n';
        return exit_input_error;
    } catch (const Error& error) {
        std::cerr << "vedette: " << rendering::clean(error.what()) << " [" << error_code_name(error.code()) << "]\n";
        return status_of(error.code());
    } catch (const std::bad_alloc&) {
        std::cerr << "vedette: out of memory\n";
    } catch (const std::exception& error) {
        std::cerr << "vedette: internal error: " << rendering::clean(error.what()) << '\n';
    }
    return exit_internal;
}

}  // namespace vedette::inline v0::cli
