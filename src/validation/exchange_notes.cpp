// SPDX-License-Identifier: Apache-2.0
// What exchanges tell.
#include "validation/exchange_notes.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <set>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

void ExchangeNotes::refuse(const std::string& path, const std::string& what) const {
    throw Error(ErrorCode::invalid_argument, fmt::format("{} {}: {}", source_, path.empty() ? "/" : path, what));
}

void ExchangeNotes::looser(const std::string& path, const std::string& what) {
    if (!options_.allow_loss) refuse(path, what + "; allow losses to go on without it");
    notes_.push_back({Effect::looser, path, what});
}

std::vector<ExchangeNote> ExchangeNotes::take() && {
    std::set<std::pair<std::string, std::string>> seen;
    std::vector<ExchangeNote> kept;
    for (ExchangeNote& note : notes_) {
        if (seen.emplace(note.path, note.what).second) kept.push_back(std::move(note));
    }
    return kept;
}

const char* effect_name(Effect effect) noexcept {
    switch (effect) {
        case Effect::annotation: return "annotation";
        case Effect::stricter: return "stricter";
        case Effect::looser: return "looser";
    }
    return "unknown";
}

std::string describe(const ExchangeNote& note) {
    return fmt::format("{}: {}: {}", effect_name(note.effect), note.path.empty() ? "/" : note.path, note.what);
}

std::string to_json(const std::vector<ExchangeNote>& notes) {
    auto json = nlohmann::ordered_json::array();
    for (const ExchangeNote& note : notes)
        json.push_back({{"effect", effect_name(note.effect)}, {"path", note.path}, {"what", note.what}});
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace vedette::inline v0::validation
