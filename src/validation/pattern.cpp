// SPDX-License-Identifier: Apache-2.0
// Patterns by RE2.
#include "validation/pattern.hpp"

#include <re2/re2.h>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

Pattern::Pattern(const std::string& pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(static_cast<std::int64_t>(most_bytes));
    auto program = std::make_shared<const re2::RE2>(pattern, options);
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

}  // namespace vedette::inline v0::validation
