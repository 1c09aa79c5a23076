// SPDX-License-Identifier: Apache-2.0
// Putting a schema into the order of a baseline's features.
#include "guard/schema_rules.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace vedette::inline v0 {

namespace {

using validation::Feature;
using validation::FeatureType;
using validation::Schema;
using validation::Validator;

bool is_text(const Feature& feature) noexcept {
    return feature.type == FeatureType::text || feature.type == FeatureType::bytes;
}

// The schema with the features of the environment first, in the order of the baseline's.
Schema in_order(const BaselineSchema& given, std::span<const FeatureBaseline> features) {
    const Validator expected(given.schema, given.environment);
    Schema ordered = given.schema;
    const auto place = [&](std::string_view name) {
        const auto found =
            std::find_if(features.begin(), features.end(), [&](const FeatureBaseline& f) { return f.name == name; });
        return static_cast<std::size_t>(found - features.begin());
    };
    for (std::size_t i = 0; i < expected.feature_count(); ++i) {
        const std::string& name = expected.feature(i).name;
        if (place(name) == features.size())
            throw Error(ErrorCode::schema_mismatch,
                        fmt::format("the schema expects \"{}\", which is no feature of the baseline", name));
    }
    for (const FeatureBaseline& feature : features) {
        const auto index = expected.find(feature.name);
        if (!index)
            throw Error(ErrorCode::schema_mismatch,
                        fmt::format("the schema does not expect the baseline's feature \"{}\"", feature.name));
        const Feature& rules = expected.feature(*index);
        if (is_text(rules) != (feature.kind == FeatureKind::categorical))
            throw Error(ErrorCode::type_mismatch,
                        fmt::format("\"{}\" is {} in the schema and {} in the baseline", feature.name,
                                    validation::feature_type_name(rules.type), feature_kind_name(feature.kind)));
    }
    std::stable_sort(ordered.features.begin(), ordered.features.end(),
                     [&](const Feature& a, const Feature& b) { return place(a.name) < place(b.name); });
    return ordered;
}

Schema without_texts(Schema schema) {
    for (Feature& feature : schema.features)
        if (is_text(feature)) feature.stage = validation::Stage::planned;
    schema.expressions.clear();
    return schema;
}

}  // namespace

SchemaRules::SchemaRules(BaselineSchema given, std::span<const FeatureBaseline> features)
    : given_(std::move(given)),
      mixed_(in_order(given_, features), given_.environment, given_.inputs),
      numbers_(without_texts(in_order(given_, features)), given_.environment, given_.inputs) {
    for (std::size_t f = 0; f < features.size(); ++f) {
        const Feature& rules = mixed_.feature(f);
        if (!rules.repair.empty() && rules.stage == validation::Stage::production)
            repairing_.push_back(static_cast<std::uint32_t>(f));
        if (features[f].kind == FeatureKind::numeric) continue;
        Categories feature;
        feature.index = static_cast<std::uint32_t>(f);
        feature.texts = features[f].categories;
        for (const std::string& text : features[f].categories)
            feature.cells.push_back(mixed_.check(f, Value(text)) & ~set_of(validation::Check::freshness));
        // What an unseen category reads is not known: the guard's own finding speaks of it.
        feature.cells.push_back(0);
        feature.null = mixed_.check(f, Value());
        feature.invalid = mixed_.check(f, Value(0.0));
        categorical_.push_back(std::move(feature));
    }
}

}  // namespace vedette::inline v0
