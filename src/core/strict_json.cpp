// SPDX-License-Identifier: Apache-2.0
#include "core/strict_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace vedette::inline v0::detail {

namespace {

using Json = nlohmann::json;  // its objects are trees: many keys cost no quadratic time

struct Fault {
    std::string what;
};

// A document with a key given twice has no single meaning: the reader would silently take one of them.
void watch_keys(std::string_view text, int max_depth) {
    std::vector<std::set<std::string>> seen;
    const auto watch = [&seen, max_depth](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_depth) throw Fault{"nested too deeply"};
        if (event == Json::parse_event_t::object_start) {
            seen.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            seen.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!seen.back().insert(key).second) throw Fault{"the key \"" + key + "\" is given twice"};
        }
        return true;
    };
    const Json parsed = Json::parse(text, watch);
    if (parsed.is_discarded()) throw Fault{"not valid JSON"};
}

}  // namespace

std::string strict_json_fault(std::string_view text, int max_depth) {
    // The parser takes a zero byte for the end of the text and would not see what hides behind it.
    if (text.find('\0') != std::string_view::npos) return "the text holds a zero byte";
    try {
        watch_keys(text, max_depth);
    } catch (const Fault& fault) {
        return fault.what;
    } catch (const Json::exception& error) {
        return std::string("not valid JSON: ") + error.what();
    }
    return {};
}

}  // namespace vedette::inline v0::detail
