// SPDX-License-Identifier: Apache-2.0
// A JSON Schema read as a schema: the object's properties become features.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/strict_json.hpp"
#include "validation/exchange_notes.hpp"
#include "validation/json_schema_feature.hpp"
#include "validation/json_schema_keywords.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

using Json = nlohmann::json;

constexpr int max_depth = 64;
constexpr std::size_t longest_name = 1024;  // as of a feature; paths hold names, and each note holds a path

// Objects are kept sorted, so that many keys cost no quadratic time; this keeps the order of the root's properties.
class PropertyOrder : public nlohmann::json_sax<Json> {
  public:
    std::vector<std::string> names;

    bool key(string_t& name) override {
        if (depth_ == 1) is_properties_ = name == "properties";
        if (depth_ == 2 && is_properties_) names.push_back(name);
        return true;
    }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  private:
    bool enter() {
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    int depth_ = 0;
    bool is_properties_ = false;
};

class ObjectReader {
  public:
    ObjectReader(const Json& root, ExchangeNotes& notes) : root_(root), notes_(notes), keywords_(root, notes) {}

    Schema read(const std::vector<std::string>& order) {
        for (const auto& [key, value] : root_.items()) read_member(key, value);
        const Json* const properties = find("properties");
        if (properties != nullptr && !properties->is_object()) notes_.refuse("/properties", "must be an object");
        read_required();
        for (const std::string& name : order) {
            if (name.size() > longest_name)
                notes_.refuse("/properties", fmt::format("a name of {} bytes, at most {}", name.size(), longest_name));
            const std::string path = fmt::format("/properties/{}", escaped(name));
            read_feature(name, properties->at(name), path);
        }
        for (const std::string& name : required_) {
            if (properties == nullptr || !properties->contains(name))
                notes_.refuse("/required", fmt::format("\"{}\" is not among the properties, so has no type", name));
        }
        read_dependencies();
        const Json* const others = find("additionalProperties");
        if (others == nullptr || *others != Json(false))
            notes_.stricter("/additionalProperties", "columns that no property names are refused");
        return std::move(schema_);
    }

  private:
    using ByName = std::map<std::string_view, const Feature*>;

    [[nodiscard]] const Json* find(const char* key) const {
        const auto found = root_.find(key);
        return found == root_.end() ? nullptr : &*found;
    }

    void read_member(const std::string& key, const Json& value) {
        const std::string path = fmt::format("/{}", escaped(key));
        if (key == "$schema") {
            if (value != "https://json-schema.org/draft/2020-12/schema" &&
                value != "https://json-schema.org/draft/2020-12/schema#")
                notes_.refuse(path, "must be \"https://json-schema.org/draft/2020-12/schema\"");
        } else if (key == "type") {
            const bool has_object =
                value == "object" || (value.is_array() && value.size() == 1 && value[0] == "object");
            if (!has_object) notes_.refuse(path, "must be \"object\": its properties are the features");
        } else if (key == "title") {
            if (!value.is_string()) notes_.refuse(path, "must be a text");
            schema_.name = value.get<std::string>();
        } else if (key == "unevaluatedProperties" || key == "propertyNames" || key == "patternProperties" ||
                   key == "minProperties" || key == "maxProperties" || key == "dependentSchemas" ||
                   is_applicator_beyond(key) || key == "allOf" || key == "anyOf" || key == "oneOf" || key == "not" ||
                   key == "$ref") {
            if (key == "unevaluatedProperties" && value == Json(false)) return;
            notes_.looser(path, "cannot be said here of a whole object");
        } else if (key == "enum" || key == "const") {
            notes_.looser(path, "cannot be said here of a whole object");
        } else if (is_annotation(key)) {
            notes_.annotation(path, "is not kept");
        } else if (!is_keyword(key)) {
            notes_.annotation(path, "is no keyword of JSON Schema");
        }
    }

    void read_required() {
        const Json* const list = find("required");
        if (list == nullptr) return;
        read_names(*list, "/required", required_);
    }
    void read_names(const Json& list, const std::string& path, std::set<std::string>& names) {
        if (!list.is_array()) notes_.refuse(path, "must be an array of names");
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (!list[i].is_string()) notes_.refuse(fmt::format("{}/{}", path, i), "must be a text");
            if (!names.insert(list[i].get<std::string>()).second)
                notes_.refuse(fmt::format("{}/{}", path, i), "is given twice");
        }
    }

    void read_feature(const std::string& name, const Json& property, const std::string& path) {
        JsonFacts facts;
        keywords_.apply(property, path, facts);
        FeatureFromJson reader(notes_, keywords_);
        Feature feature = reader.read(name, std::move(facts), path);
        feature.required = required_.count(name) != 0;
        for (const std::string& rule : reader.expressions())
            schema_.expressions.push_back({fmt::format("{} {}", path, schema_.expressions.size()), rule});
        schema_.features.push_back(std::move(feature));
    }

    void read_dependencies() {
        const Json* const dependencies = find("dependentRequired");
        if (dependencies == nullptr) return;
        if (!dependencies->is_object()) notes_.refuse("/dependentRequired", "must be an object");
        ByName by_name;
        for (const Feature& feature : schema_.features) by_name.emplace(feature.name, &feature);
        for (const auto& [key, list] : dependencies->items()) {
            if (key.size() > longest_name)
                notes_.refuse("/dependentRequired",
                              fmt::format("a name of {} bytes, at most {}", key.size(), longest_name));
            const std::string path = fmt::format("/dependentRequired/{}", escaped(key));
            std::set<std::string> needed;
            read_names(list, path, needed);
            for (const std::string& other : needed) {
                if (other == key) continue;
                const Feature* const first = feature_of(key, by_name);
                const Feature* const second = feature_of(other, by_name);
                if (first == nullptr || second == nullptr || first->nullable || second->nullable) {
                    notes_.looser(path, "both need to be properties that are not nullable");
                    continue;
                }
                schema_.expressions.push_back(
                    {fmt::format("{} {}", path, schema_.expressions.size()),
                     fmt::format("{} != null implies {} != null", in_backquotes(key), in_backquotes(other))});
            }
        }
    }
    [[nodiscard]] static const Feature* feature_of(const std::string& name, const ByName& by_name) {
        const auto found = by_name.find(name);
        return found == by_name.end() ? nullptr : found->second;
    }

    const Json& root_;
    ExchangeNotes& notes_;
    JsonKeywords keywords_;
    std::set<std::string> required_;
    Schema schema_;
};

}  // namespace

ImportedSchema import_json_schema(std::string_view text, const ExchangeOptions& options) {
    ExchangeNotes notes("JSON Schema", options);
    if (const std::string fault = detail::strict_json_fault(text, max_depth); !fault.empty()) notes.refuse("", fault);
    const Json root = Json::parse(text);
    if (!root.is_object()) notes.refuse("", "must be an object");
    PropertyOrder order;
    static_cast<void>(Json::sax_parse(text, &order));
    if (order.names.size() > Schema::most_features)
        notes.refuse("/properties",
                     fmt::format("{} properties, at most {}", order.names.size(), Schema::most_features));
    ImportedSchema result;
    result.schema = ObjectReader(root, notes).read(order.names);
    try {
        result.schema.validate();
    } catch (const Error& error) {
        // The path in our own document: its features are the properties, in their order.
        throw Error(ErrorCode::invalid_argument,
                    std::string("JSON Schema /: has no counterpart here: ") + error.what());
    }
    result.notes = std::move(notes).take();
    return result;
}

}  // namespace vedette::inline v0::validation
