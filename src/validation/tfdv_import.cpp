// SPDX-License-Identifier: Apache-2.0
// A schema of TensorFlow Data Validation, field by field as that library checks them.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/number_text.hpp"
#include "validation/proto_text.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

using Kind = ProtoField::Kind;

// Takes the fields of a message one by one; what nobody asked for is unknown.
class Message {
  public:
    Message(const std::vector<ProtoField>& fields, std::string path, ExchangeNotes& notes)
        : fields_(fields), path_(std::move(path)), notes_(notes) {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::vector<const ProtoField*> all(const char* name) {
        known_.insert(name);
        std::vector<const ProtoField*> found;
        for (const ProtoField& field : fields_) {
            if (field.name == name) found.push_back(&field);
        }
        return found;
    }
    [[nodiscard]] const ProtoField* find(const char* name) {
        const auto found = all(name);
        if (found.size() > 1) notes_.refuse(found[1]->path, fmt::format("{} is given twice", name));
        return found.empty() ? nullptr : found[0];
    }
    [[nodiscard]] std::vector<Message> messages(const char* name) {
        std::vector<Message> found;
        for (const ProtoField* field : all(name)) found.push_back(as_message(*field));
        return found;
    }
    [[nodiscard]] std::optional<Message> message(const char* name) {
        const ProtoField* const field = find(name);
        return field == nullptr ? std::nullopt : std::optional(as_message(*field));
    }
    [[nodiscard]] std::optional<std::string> text(const char* name) {
        const ProtoField* const field = find(name);
        return field == nullptr ? std::nullopt : std::optional(text_of(*field));
    }
    [[nodiscard]] std::vector<std::string> texts(const char* name) {
        std::vector<std::string> found;
        for (const ProtoField* field : all(name)) found.push_back(text_of(*field));
        return found;
    }
    [[nodiscard]] bool flag(const char* name) {
        const ProtoField* const field = find(name);
        if (field == nullptr) return false;
        if (field->kind != Kind::word && field->kind != Kind::number)
            notes_.refuse(field->path, fmt::format("{} must be true or false", name));
        if (field->value == "true" || field->value == "True" || field->value == "t" || field->value == "1") return true;
        if (field->value != "false" && field->value != "False" && field->value != "f" && field->value != "0")
            notes_.refuse(field->path, fmt::format("{} must be true or false", name));
        return false;
    }
    [[nodiscard]] std::optional<std::int64_t> integer(const char* name) {
        const ProtoField* const field = find(name);
        if (field == nullptr) return std::nullopt;
        // Decimal, hexadecimal and octal, as in C.
        std::string_view digits = field->value;
        const bool is_negative = !digits.empty() && digits[0] == '-';
        if (is_negative) digits.remove_prefix(1);
        const bool is_hex = digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
        const int base = is_hex ? 16 : digits.size() > 1 && digits[0] == '0' ? 8 : 10;
        if (is_hex) digits.remove_prefix(2);
        const std::string signed_digits = fmt::format("{}{}", is_negative ? "-" : "", digits);
        const char* const last = signed_digits.data() + signed_digits.size();
        std::int64_t value = 0;
        const auto [end, fault] = std::from_chars(signed_digits.data(), last, value, base);
        if (field->kind != Kind::number || fault != std::errc() || end != last)
            notes_.refuse(field->path, fmt::format("{} must be an integer of 64 bits", name));
        return value;
    }
    [[nodiscard]] std::optional<double> number(const char* name) {
        const ProtoField* const field = find(name);
        if (field == nullptr) return std::nullopt;
        std::string digits = field->value;
        const bool is_word = digits.find_first_of("0123456789") == std::string::npos;
        if (!is_word && (digits.back() == 'f' || digits.back() == 'F')) digits.pop_back();
        const std::optional<double> value = parse_number(digits);
        const bool is_scalar = field->kind == Kind::number || field->kind == Kind::word;
        if (!is_scalar || !value) notes_.refuse(field->path, fmt::format("{} must be a number", name));
        return value;
    }
    template <std::size_t n>
    [[nodiscard]] std::size_t choice(const char* name, const std::array<const char*, n>& words) {
        const ProtoField* const field = find(name);
        if (field == nullptr) return 0;
        const bool is_scalar = field->kind == Kind::word || field->kind == Kind::number;
        for (std::size_t i = 0; is_scalar && i < n; ++i) {
            if (words[i] != nullptr && (field->value == words[i] || field->value == std::to_string(i))) return i;
        }
        notes_.refuse(field->path, fmt::format("\"{}\" is none of {}", field->value, name));
    }
    /// At most one of them may be given; that one's name, or "".
    template <std::size_t n>
    [[nodiscard]] std::string one_of(const std::array<const char*, n>& names) {
        std::string given;
        for (const char* name : names) {
            const auto found = all(name);
            if (found.empty()) continue;
            if (!given.empty()) notes_.refuse(found[0]->path, fmt::format("{} and {} exclude each other", given, name));
            given = name;
        }
        return given;
    }
    /// Fields that say nothing of values, or nothing that is checked.
    void annotate(std::initializer_list<const char*> names) {
        for (const char* name : names) {
            for (const ProtoField* field : all(name))
                notes_.annotation(field->path, fmt::format("{} is not kept", name));
        }
    }
    /// Fields that would be checked, and cannot be here.
    void lose(std::initializer_list<const char*> names) {
        for (const char* name : names) {
            for (const ProtoField* field : all(name))
                notes_.looser(field->path, fmt::format("{} cannot be said here", name));
        }
    }
    void finish() const {
        for (const ProtoField& field : fields_) {
            if (known_.count(field.name) == 0)
                notes_.refuse(field.path, fmt::format("\"{}\" is no field here", field.name));
        }
    }

  private:
    [[nodiscard]] Message as_message(const ProtoField& field) const {
        if (field.kind != Kind::message) notes_.refuse(field.path, fmt::format("{} must be a message", field.name));
        return {field.fields, field.path, notes_};
    }
    [[nodiscard]] std::string text_of(const ProtoField& field) const {
        if (field.kind != Kind::text) notes_.refuse(field.path, fmt::format("{} must be a text", field.name));
        return field.value;
    }

    const std::vector<ProtoField>& fields_;
    std::string path_;
    ExchangeNotes& notes_;
    std::set<std::string, std::less<>> known_;
};

enum class Physical : std::uint8_t { unknown, bytes, integer, floating, structure };

struct Domains {
    std::map<std::string, const ProtoField*, std::less<>> texts, integers, floats;
};

class FeatureReader {
  public:
    FeatureReader(Message& message, const Domains& domains, ExchangeNotes& notes)
        : message_(message), domains_(domains), notes_(notes) {}

    Feature read() {
        feature_.name = message_.text("name").value_or("");
        if (feature_.name.empty()) notes_.refuse(message_.path(), "a feature without a name");
        constexpr std::array types{"TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"};
        physical_ = static_cast<Physical>(message_.choice("type", types));
        switch (physical_) {
            case Physical::bytes: feature_.type = FeatureType::bytes; break;
            case Physical::integer: feature_.type = FeatureType::integer; break;
            case Physical::floating:
                feature_.type = FeatureType::floating;
                feature_.allow_nan = feature_.allow_infinity = true;
                break;
            case Physical::structure: notes_.refuse(message_.path(), "STRUCT cannot be said here");
            case Physical::unknown: notes_.refuse(message_.path(), "a feature without a type");
        }
        read_presence();
        read_shape();
        read_domain();
        read_stage();
        read_mass();
        message_.annotate({"annotation", "validation_derived_source", "sequence_metadata"});
        message_.lose({"skew_comparator", "drift_comparator", "unique_constraints"});
        return std::move(feature_);
    }

  private:
    void read_presence() {
        constexpr std::array names{"presence", "group_presence"};
        static_cast<void>(message_.one_of(names));
        feature_.required = false;
        feature_.nullable = true;
        if (auto group = message_.message("group_presence")) {
            if (group->flag("required")) notes_.looser(group->path(), "group_presence cannot be said here");
            group->finish();
        }
        auto presence = message_.message("presence");
        if (!presence) return;
        feature_.minimum_fraction = presence->number("min_fraction").value_or(0.0);
        const std::int64_t count = presence->integer("min_count").value_or(0);
        presence->finish();
        if (!(feature_.minimum_fraction >= 0.0 && feature_.minimum_fraction <= 1.0))
            notes_.refuse(presence->path(), "min_fraction lies outside [0, 1]");
        feature_.minimum_count = static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
        feature_.required = feature_.minimum_fraction > 0.0 || feature_.minimum_count > 0;
        feature_.nullable = feature_.minimum_fraction < 1.0;
    }

    Count read_count(Message& message) {
        const std::int64_t least = std::max<std::int64_t>(message.integer("min").value_or(0), 0);
        const std::optional<std::int64_t> most = message.integer("max");
        message.finish();
        if (most && (*most < 0 || *most < least)) notes_.refuse(message.path(), "no number of values lies within");
        return {static_cast<std::uint64_t>(least), most ? static_cast<std::uint64_t>(*most) : Count{}.maximum};
    }
    void read_shape() {
        constexpr std::array names{"shape", "value_count", "value_counts"};
        static_cast<void>(message_.one_of(names));
        if (auto shape = message_.message("shape")) {
            feature_.shape.emplace();
            for (Message& dimension : shape->messages("dim")) {
                const std::int64_t size = dimension.integer("size").value_or(0);
                if (size <= 0) notes_.refuse(dimension.path(), "a size that is not above 0");
                feature_.shape->push_back(size);
                dimension.annotate({"name"});
                dimension.finish();
            }
            shape->finish();
        }
        if (auto count = message_.message("value_count")) feature_.valency.push_back(read_count(*count));
        if (auto list = message_.message("value_counts")) {
            for (Message& count : list->messages("value_count")) feature_.valency.push_back(read_count(count));
            list->finish();
            if (feature_.valency.size() > 2) notes_.refuse(list->path(), "lists of more than two levels");
        }
    }

    void require(bool fits, const Message& domain, const char* what) const {
        if (!fits) notes_.refuse(domain.path(), fmt::format("{} does not fit the feature's type", what));
    }
    // Strings that stand for numbers: TensorFlow Data Validation reads them, and so holds the texts to the numbers.
    bool is_of_strings(const Message& domain, const char* what) {
        if (physical_ != Physical::bytes) return false;
        notes_.looser(domain.path(), fmt::format("{} of strings cannot be said here", what));
        return true;
    }
    void read_integers(Message domain) {
        static_cast<void>(domain.text("name"));
        feature_.integer.minimum = domain.integer("min");
        feature_.integer.maximum = domain.integer("max");
        if (domain.flag("is_categorical")) feature_.meaning = Meaning::categorical;
        domain.finish();
        if (is_of_strings(domain, "int_domain")) feature_.integer = {};
        require(physical_ != Physical::floating, domain, "int_domain");
    }
    // Bounds are float: a value in between two floats is compared with the float, and none is beyond NaN. An infinite
    // bound either holds all values, or leaves none that is finite.
    std::optional<double> as_float(std::optional<double> bound, bool is_minimum, const Message& domain) const {
        if (bound) bound = static_cast<double>(static_cast<float>(*bound));
        if (bound && std::isinf(*bound) && (*bound > 0.0) == is_minimum)
            notes_.refuse(domain.path(), "no finite value lies within");
        return bound && std::isfinite(*bound) ? bound : std::nullopt;
    }
    void read_floats(Message domain) {
        static_cast<void>(domain.text("name"));
        feature_.number.minimum = as_float(domain.number("min"), true, domain);
        feature_.number.maximum = as_float(domain.number("max"), false, domain);
        const bool allows_nan = !domain.flag("disallow_nan"), allows_infinity = !domain.flag("disallow_inf");
        if (domain.flag("is_categorical")) feature_.meaning = Meaning::categorical;
        domain.annotate({"is_embedding", "embedding_dim"});
        domain.finish();
        if (is_of_strings(domain, "float_domain")) {
            feature_.number = {};
            return;
        }
        require(physical_ == Physical::floating, domain, "float_domain");
        feature_.allow_nan = allows_nan;
        feature_.allow_infinity = allows_infinity;
    }
    void read_texts(Message domain) {
        static_cast<void>(domain.text("name"));
        feature_.domain.emplace();
        std::set<std::string> seen;
        for (std::string& value : domain.texts("value")) {
            if (seen.insert(value).second) feature_.domain->values.push_back(std::move(value));
        }
        constexpr std::array words{"CATEGORICAL_UNSPECIFIED", "CATEGORICAL_YES", "CATEGORICAL_NO"};
        if (domain.choice("is_categorical", words) == 1) feature_.meaning = Meaning::categorical;
        domain.finish();
        require(physical_ == Physical::bytes, domain, "string_domain");
        if (feature_.domain->values.empty()) notes_.refuse(domain.path(), "string_domain has no value");
        feature_.type = FeatureType::text;
    }
    void read_truths(Message domain) {
        static_cast<void>(domain.text("name"));
        const std::optional<std::string> yes = domain.text("true_value"), no = domain.text("false_value");
        domain.finish();
        if (physical_ == Physical::integer) {
            feature_.integer.minimum = 0;
            feature_.integer.maximum = 1;
        } else if (physical_ == Physical::floating) {
            feature_.number.minimum = 0.0;
            feature_.number.maximum = 1.0;
            feature_.integral = true;
        } else {
            if (!yes || !no || *yes == *no) notes_.refuse(domain.path(), "bool_domain of strings names no two of them");
            feature_.type = FeatureType::text;
            feature_.domain = Domain{{*no, *yes}, 0.0, Case::exact};
        }
    }
    void read_shared(const std::string& name) {
        const std::string& path = message_.find("domain")->path;
        const auto known = [&](const auto& domains) { return domains.find(name) != domains.end(); };
        const auto shared = [&](const auto& domains) {
            const ProtoField& field = *domains.find(name)->second;
            return Message(field.fields, field.path, notes_);
        };
        if (known(domains_.texts)) return read_texts(shared(domains_.texts));
        if (known(domains_.integers)) return read_integers(shared(domains_.integers));
        if (known(domains_.floats)) return read_floats(shared(domains_.floats));
        notes_.refuse(path, fmt::format("the schema has no domain \"{}\"", name));
    }
    void read_domain() {
        constexpr std::array names{"domain",
                                   "int_domain",
                                   "float_domain",
                                   "string_domain",
                                   "bool_domain",
                                   "struct_domain",
                                   "natural_language_domain",
                                   "image_domain",
                                   "mid_domain",
                                   "url_domain",
                                   "time_domain",
                                   "time_of_day_domain"};
        const std::string given = message_.one_of(names);
        if (given.empty()) return;
        if (given == "domain") return read_shared(*message_.text("domain"));
        Message domain = *message_.message(given.c_str());
        if (given == "int_domain") return read_integers(std::move(domain));
        if (given == "float_domain") return read_floats(std::move(domain));
        if (given == "string_domain") return read_texts(std::move(domain));
        if (given == "bool_domain") return read_truths(std::move(domain));
        if (given == "struct_domain") notes_.refuse(domain.path(), "structs cannot be said here");
        if (given == "natural_language_domain") {
            feature_.meaning = Meaning::free_text;
            domain.annotate({"vocabulary", "location_constraint_regex"});
            domain.lose({"coverage", "token_constraints", "sequence_length_constraints"});
        } else if (given == "image_domain") {
            domain.lose({"minimum_supported_image_fraction", "max_image_byte_size"});
        } else if (given == "time_domain" || given == "time_of_day_domain") {
            feature_.meaning = Meaning::timestamp;
            domain.annotate({"string_format", "integer_format"});
        }
        domain.finish();
        notes_.annotation(domain.path(), given + " is not held against values");
    }

    void read_stage() {
        constexpr std::array<const char*, 10> stages{"UNKNOWN_STAGE", "PLANNED",           "ALPHA",      "BETA",
                                                     "PRODUCTION",    "DEPRECATED",        "DEBUG_ONLY", "DISABLED",
                                                     nullptr,         "VALIDATION_DERIVED"};
        // BETA is validated there: our `beta` is not.
        constexpr std::array own{Stage::production, Stage::planned,    Stage::alpha,      Stage::production,
                                 Stage::production, Stage::deprecated, Stage::debug_only, Stage::disabled};
        const std::size_t stage = message_.choice("lifecycle_stage", stages);
        if (stage >= own.size()) notes_.refuse(message_.path(), "derived features are not in the data");
        feature_.stage = own[stage];
        if (stage == 3)
            notes_.annotation(message_.find("lifecycle_stage")->path, "BETA is read as production: both are validated");
        if (message_.flag("deprecated")) feature_.stage = Stage::deprecated;
    }
    void read_mass() {
        auto constraints = message_.message("distribution_constraints");
        if (!constraints) return;
        const double mass = constraints->number("min_domain_mass").value_or(1.0);
        constraints->finish();
        if (!(mass >= 0.0 && mass <= 1.0)) notes_.refuse(constraints->path(), "min_domain_mass lies outside [0, 1]");
        if (feature_.domain) {
            feature_.domain->tolerated_mass = 1.0 - mass;
        } else {
            notes_.annotation(constraints->path(), "min_domain_mass without a domain of strings");
        }
    }

    Message& message_;
    const Domains& domains_;
    ExchangeNotes& notes_;
    Physical physical_ = Physical::unknown;
    Feature feature_;
};

class SchemaReader {
  public:
    explicit SchemaReader(ExchangeNotes& notes) : notes_(notes) {}

    Schema read(const std::vector<ProtoField>& fields) {
        Message root(fields, "1:1", notes_);
        gather(root, "string_domain", domains_.texts);
        gather(root, "int_domain", domains_.integers);
        gather(root, "float_domain", domains_.floats);
        const std::vector<std::string> everywhere = root.texts("default_environment");
        std::vector<std::set<std::string>> places;
        std::set<std::string> known(everywhere.begin(), everywhere.end());
        for (Message& message : root.messages("feature")) {
            schema_.features.push_back(FeatureReader(message, domains_, notes_).read());
            std::set<std::string> in(everywhere.begin(), everywhere.end());
            for (const std::string& name : message.texts("not_in_environment")) {
                known.insert(name);
                in.erase(name);
            }
            // There what is in an environment is in it, excluded or not.
            for (std::string& name : message.texts("in_environment")) in.insert(std::move(name));
            known.insert(in.begin(), in.end());
            message.finish();
            // A place of each feature in each environment: the product of what the text holds, so bounded.
            for (const std::string& name : in) room_ += name.size() + bytes_of_place;
            if (room_ > most_room) notes_.refuse(message.path(), "too many features in too many environments");
            places.push_back(std::move(in));
        }
        root.lose({"sparse_feature", "weighted_feature", "dataset_constraints"});
        root.annotate({"annotation", "represent_variable_length_as_ragged", "tensor_representation_group"});
        root.finish();
        write_environments(known, places);
        return std::move(schema_);
    }

  private:
    void gather(Message& root, const char* name, std::map<std::string, const ProtoField*, std::less<>>& domains) {
        for (const ProtoField* field : root.all(name)) {
            if (field->kind != Kind::message) notes_.refuse(field->path, fmt::format("{} must be a message", name));
            Message message(field->fields, field->path, notes_);
            // Also of domains that no feature names.
            for (const char* known : {"value", "min", "max", "is_categorical", "disallow_nan", "disallow_inf",
                                      "is_embedding", "embedding_dim"})
                static_cast<void>(message.all(known));
            const std::string key = message.text("name").value_or("");
            message.finish();
            if (key.empty()) notes_.refuse(field->path, "a shared domain without a name");
            const bool is_known =
                domains_.texts.count(key) + domains_.integers.count(key) + domains_.floats.count(key) != 0;
            if (is_known) notes_.refuse(field->path, fmt::format("the domain \"{}\" is given twice", key));
            domains.emplace(key, field);
        }
    }
    // A feature that is everywhere names no environment; one that is nowhere is not validated.
    void write_environments(const std::set<std::string>& known, const std::vector<std::set<std::string>>& places) {
        schema_.environments.assign(known.begin(), known.end());
        if (known.empty()) return;
        for (std::size_t i = 0; i < places.size(); ++i) {
            Feature& feature = schema_.features[i];
            if (places[i] == known) continue;
            feature.environments.assign(places[i].begin(), places[i].end());
            if (!places[i].empty()) continue;
            feature.stage = Stage::disabled;
            notes_.annotation("1:1", fmt::format("feature \"{}\" is in no environment: disabled", feature.name));
        }
    }

    static constexpr std::size_t bytes_of_place = 64, most_room = std::size_t{1} << 26U;

    ExchangeNotes& notes_;
    Domains domains_;
    Schema schema_;
    std::size_t room_ = 0;
};

}  // namespace

ImportedSchema import_tfdv_schema(std::string_view text, const ExchangeOptions& options) {
    ExchangeNotes notes("TFDV schema", options);
    const std::vector<ProtoField> fields = parse_proto_text(text, notes);
    ImportedSchema result;
    result.schema = SchemaReader(notes).read(fields);
    try {
        result.schema.validate();
    } catch (const Error& error) {
        throw Error(ErrorCode::invalid_argument,
                    std::string("TFDV schema 1:1: has no counterpart here: ") + error.what());
    }
    result.notes = std::move(notes).take();
    return result;
}

}  // namespace vedette::inline v0::validation
