// SPDX-License-Identifier: Apache-2.0
// Normal forms by utf8proc, in the caller's memory.
#include "validation/normal_form.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "validation/code_points.hpp"

namespace vedette::inline v0::validation {

std::optional<std::string_view> normalised(std::string_view text, NormalForm form, NormalScratch& scratch) noexcept {
    const bool is_ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
    if (form == NormalForm::none || is_ascii) return text;
    // utf8proc takes some of what is not UTF-8.
    if (!is_utf8(text)) return std::nullopt;
    const int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | (form == NormalForm::nfkc ? int{UTF8PROC_COMPAT} : 0);
    const auto kind = static_cast<utf8proc_option_t>(options);
    const auto most = static_cast<utf8proc_ssize_t>(scratch.size() - 1);
    const utf8proc_ssize_t points =
        utf8proc_decompose(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                           static_cast<utf8proc_ssize_t>(text.size()), scratch.data(), most, kind);
    if (points < 0 || points > most) return std::nullopt;
    // Writes a zero byte behind the text: there is one code point of room for it.
    const utf8proc_ssize_t bytes = utf8proc_reencode(scratch.data(), points, kind);
    if (bytes < 0) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(scratch.data()), static_cast<std::size_t>(bytes));
}

}  // namespace vedette::inline v0::validation
