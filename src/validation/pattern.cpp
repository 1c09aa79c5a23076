// SPDX-License-Identifier: Apache-2.0
// Patterns by RE2.
#include "validation/pattern.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

re2::RE2::Options options() {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(static_cast<std::int64_t>(Pattern::most_bytes));
    return options;
}

}  // namespace

Pattern::Pattern(const std::string& pattern) {
    auto program = std::make_shared<const re2::RE2>(pattern, options());
    if (!program->ok()) throw Error(ErrorCode::invalid_argument, program->error());
    program_ = std::move(program);
    static_cast<void>(is_found_in({}));  // what each search needs is allocated by the first
}

std::size_t Pattern::instructions() const noexcept {
    return program_ == nullptr ? 0 : static_cast<std::size_t>(program_->ProgramSize());
}

bool Pattern::is_found_in(std::string_view text) const noexcept {
    if (program_ == nullptr) return true;
    try {
        return program_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
    } catch (...) {
        return false;
    }
}

struct RefusedPatterns::Automaton {
    re2::RE2::Set set{options(), re2::RE2::UNANCHORED};
};

RefusedPatterns::RefusedPatterns(const std::vector<std::string>& patterns) {
    if (patterns.empty()) return;
    auto automaton = std::make_shared<Automaton>();
    for (const std::string& pattern : patterns) {
        std::string fault;
        if (automaton->set.Add(pattern, &fault) < 0) throw Error(ErrorCode::invalid_argument, fault);
    }
    if (!automaton->set.Compile())
        throw Error(ErrorCode::invalid_argument, "together they are too large to be searched for");
    automaton_ = std::move(automaton);
    static_cast<void>(is_none_in({}));  // what each search needs is allocated by the first
}

bool RefusedPatterns::is_none_in(std::string_view text) const noexcept {
    if (automaton_ == nullptr) return true;
    try {
        re2::RE2::Set::ErrorInfo fault{};
        const bool is_found = automaton_->set.Match({text.data(), text.size()}, nullptr, &fault);
        return !is_found && fault.kind == re2::RE2::Set::kNoError;
    } catch (...) {
        return false;
    }
}

}  // namespace vedette::inline v0::validation
