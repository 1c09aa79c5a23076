// SPDX-License-Identifier: Apache-2.0
// A baseline as bytes: arrays as tensors, the schema as JSON; and back, believing nothing.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "guard/baseline_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

using Json = nlohmann::ordered_json;

// Everything of all features behind each other, one vector per kind of number.
struct Columns {
    std::vector<std::uint64_t> cells;                                                  // per feature
    std::vector<std::uint64_t> cell_counts;                                            // per cell
    std::vector<std::uint64_t> nulls, nans, positive_infinities, negative_infinities;  // per feature
    std::vector<double> edges;                                                         // per numeric cell but one
    std::vector<double> means, m2s, minima, maxima;                                    // per numeric feature
    std::vector<std::uint64_t> zeros;
    std::vector<std::uint64_t> singletons, doubletons;  // per categorical feature
    std::vector<std::uint32_t> category_lengths;        // per category
    std::vector<std::uint8_t> category_text;

    // One list of names for writing and for reading.
    template <class Self, class Visitor>
    static void visit(Self& self, Visitor&& visitor) {
        visitor("cells", self.cells);
        visitor("cell_counts", self.cell_counts);
        visitor("nulls", self.nulls);
        visitor("nans", self.nans);
        visitor("positive_infinities", self.positive_infinities);
        visitor("negative_infinities", self.negative_infinities);
        visitor("edges", self.edges);
        visitor("means", self.means);
        visitor("m2s", self.m2s);
        visitor("minima", self.minima);
        visitor("maxima", self.maxima);
        visitor("zeros", self.zeros);
        visitor("singletons", self.singletons);
        visitor("doubletons", self.doubletons);
        visitor("category_lengths", self.category_lengths);
        visitor("category_text", self.category_text);
    }
};

void append(Columns& columns, const FeatureBaseline& feature) {
    const auto counts = feature.counts();
    columns.cells.push_back(counts.size());
    columns.cell_counts.insert(columns.cell_counts.end(), counts.begin(), counts.end());
    columns.nulls.push_back(feature.nulls);
    columns.nans.push_back(feature.nans);
    columns.positive_infinities.push_back(feature.positive_infinities);
    columns.negative_infinities.push_back(feature.negative_infinities);
    if (feature.kind == FeatureKind::numeric) {
        columns.edges.insert(columns.edges.end(), feature.grid.edges.begin(), feature.grid.edges.end());
        columns.means.push_back(feature.moments.mean);
        columns.m2s.push_back(feature.moments.m2);
        columns.minima.push_back(feature.grid.minimum);
        columns.maxima.push_back(feature.grid.maximum);
        columns.zeros.push_back(feature.moments.zeros);
        return;
    }
    columns.singletons.push_back(feature.singletons);
    columns.doubletons.push_back(feature.doubletons);
    for (const std::string& text : feature.categories) {
        columns.category_lengths.push_back(static_cast<std::uint32_t>(text.size()));
        columns.category_text.insert(columns.category_text.end(), text.begin(), text.end());
    }
}

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::corrupt_data, fmt::format("not a usable baseline: {}", what));
}

// Hands out a vector's elements in order, and refuses to run over its end.
template <class T>
class Cursor {
  public:
    Cursor(const std::vector<T>& values, const char* name) : values_(values), name_(name) {}

    T next() { return take(1).front(); }
    std::span<const T> take(std::uint64_t count) {
        if (count > values_.size() - position_) refuse(fmt::format("\"{}\" is too short", name_));
        position_ += static_cast<std::size_t>(count);
        return std::span<const T>(values_).subspan(position_ - static_cast<std::size_t>(count),
                                                   static_cast<std::size_t>(count));
    }
    void finish() const {
        if (position_ != values_.size()) refuse(fmt::format("\"{}\" is too long", name_));
    }

  private:
    const std::vector<T>& values_;
    const char* name_;
    std::size_t position_ = 0;
};

class Reader {
  public:
    explicit Reader(const Columns& columns) : c_(columns) {}

    void read(FeatureBaseline& feature, std::uint64_t rows) {
        const std::uint64_t cells = cells_.next();
        if (cells < 2 || cells > stats::maximum_grid_cells) refuse(fmt::format("{} has {} cells", feature.name, cells));
        const auto counts = counts_.take(cells);
        feature.nulls = nulls_.next();
        feature.nans = nans_.next();
        feature.positive_infinities = positive_.next();
        feature.negative_infinities = negative_.next();
        std::uint64_t total = 0;
        const auto add = [&](std::uint64_t count) {
            if (count > rows - total) refuse(fmt::format("{} counts more values than there are rows", feature.name));
            total += count;
        };
        for (const std::uint64_t count : counts) add(count);
        const std::uint64_t observations = total;
        add(feature.nulls);
        add(feature.nans);
        add(feature.positive_infinities);
        add(feature.negative_infinities);
        if (total != rows) refuse(fmt::format("{} counts {} values in {} rows", feature.name, total, rows));
        if (feature.kind == FeatureKind::numeric) {
            read_numeric(feature, counts, observations);
        } else {
            read_categorical(feature, counts);
        }
    }

    void finish() const {
        cells_.finish();
        counts_.finish();
        nulls_.finish();
        nans_.finish();
        positive_.finish();
        negative_.finish();
        edges_.finish();
        means_.finish();
        m2s_.finish();
        minima_.finish();
        maxima_.finish();
        zeros_.finish();
        singletons_.finish();
        doubletons_.finish();
        lengths_.finish();
        text_.finish();
    }

  private:
    void read_numeric(FeatureBaseline& feature, std::span<const std::uint64_t> counts, std::uint64_t observations) {
        if (counts.size() < 3) refuse(fmt::format("the numeric feature {} has {} cells", feature.name, counts.size()));
        const auto edges = edges_.take(counts.size() - 1);
        const bool narrow = feature.grid.precision == stats::Precision::f32;
        for (std::size_t i = 0; i < edges.size(); ++i) {
            // The last edge is the number after the maximum: infinity when the maximum is the largest number there is.
            const bool last = i + 1 == edges.size();
            const bool exact =
                !narrow || !std::isfinite(edges[i]) || static_cast<double>(static_cast<float>(edges[i])) == edges[i];
            const bool sound = std::isfinite(edges[i]) || (last && edges[i] > 0);
            if (!sound || !exact || (i > 0 && !(edges[i - 1] < edges[i]))) {
                refuse(fmt::format("edge {} of {} is out of order", i, feature.name));
            }
        }
        stats::Grid& grid = feature.grid;
        grid.edges.assign(edges.begin(), edges.end());
        grid.reference_counts.assign(counts.begin(), counts.end());
        grid.minimum = minima_.next();
        grid.maximum = maxima_.next();
        if (!(std::isfinite(grid.minimum) && std::isfinite(grid.maximum) && grid.minimum == edges.front() &&
              grid.maximum >= grid.minimum && grid.maximum < edges.back())) {
            refuse(fmt::format("the range of {} does not fit its edges", feature.name));
        }
        if (counts.front() != 0 || counts.back() != 0)
            refuse(fmt::format("{} has values out of its range", feature.name));
        const auto largest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
        grid.largest_inner_share = observations == 0 ? 0.0 : largest / static_cast<double>(observations);
        stats::Moments& moments = feature.moments;
        moments.count = observations;
        moments.nan = feature.nans;
        moments.positive_infinity = feature.positive_infinities;
        moments.negative_infinity = feature.negative_infinities;
        moments.zeros = zeros_.next();
        moments.mean = means_.next();
        moments.m2 = m2s_.next();
        if (observations > 0) {
            moments.minimum = grid.minimum;
            moments.maximum = grid.maximum;
        }
        if (!std::isfinite(moments.mean) || !(moments.m2 >= 0) || moments.zeros > observations) {
            refuse(fmt::format("the moments of {} are impossible", feature.name));
        }
    }

    void read_categorical(FeatureBaseline& feature, std::span<const std::uint64_t> counts) {
        feature.category_counts.assign(counts.begin(), counts.end());
        feature.singletons = singletons_.next();
        feature.doubletons = doubletons_.next();
        std::uint64_t observations = 0;
        for (const std::uint64_t count : counts) observations += count;
        if (feature.singletons > observations || feature.doubletons > (observations - feature.singletons) / 2) {
            refuse(fmt::format("{} has more rare categories than values", feature.name));
        }
        for (const std::uint32_t length : lengths_.take(counts.size() - 1)) {
            const auto text = text_.take(length);
            feature.categories.emplace_back(text.begin(), text.end());
        }
        std::vector<std::string_view> sorted(feature.categories.begin(), feature.categories.end());
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
            refuse(fmt::format("{} names a category twice", feature.name));
        }
    }

    const Columns& c_;
    Cursor<std::uint64_t> cells_{c_.cells, "cells"};
    Cursor<std::uint64_t> counts_{c_.cell_counts, "cell_counts"};
    Cursor<std::uint64_t> nulls_{c_.nulls, "nulls"};
    Cursor<std::uint64_t> nans_{c_.nans, "nans"};
    Cursor<std::uint64_t> positive_{c_.positive_infinities, "positive_infinities"};
    Cursor<std::uint64_t> negative_{c_.negative_infinities, "negative_infinities"};
    Cursor<double> edges_{c_.edges, "edges"};
    Cursor<double> means_{c_.means, "means"};
    Cursor<double> m2s_{c_.m2s, "m2s"};
    Cursor<double> minima_{c_.minima, "minima"};
    Cursor<double> maxima_{c_.maxima, "maxima"};
    Cursor<std::uint64_t> zeros_{c_.zeros, "zeros"};
    Cursor<std::uint64_t> singletons_{c_.singletons, "singletons"};
    Cursor<std::uint64_t> doubletons_{c_.doubletons, "doubletons"};
    Cursor<std::uint32_t> lengths_{c_.category_lengths, "category_lengths"};
    Cursor<std::uint8_t> text_{c_.category_text, "category_text"};
};

// The schema: what is not a number. {"features": [{"name", "kind", "precision", "discrete"}], ...}
Json schema_of(const Baseline::State& state) {
    Json features = Json::array();
    for (const FeatureBaseline& feature : state.features) {
        Json entry{{"name", feature.name}, {"kind", feature_kind_name(feature.kind)}};
        if (feature.kind == FeatureKind::numeric) {
            entry["precision"] = feature.grid.precision == stats::Precision::f32 ? "f32" : "f64";
            entry["discrete"] = feature.grid.discrete;
        }
        features.push_back(std::move(entry));
    }
    return Json{{"features", std::move(features)}};
}

std::string required_word(const Json& entry, const char* key) {
    const auto found = entry.find(key);
    if (found == entry.end() || !found->is_string()) refuse(fmt::format("the schema lacks \"{}\"", key));
    return found->get<std::string>();
}

FeatureBaseline read_schema_entry(const Json& entry) {
    if (!entry.is_object()) refuse("the schema lists something that is no feature");
    FeatureBaseline feature;
    feature.name = required_word(entry, "name");
    const std::string kind = required_word(entry, "kind");
    if (kind == "categorical") {
        feature.kind = FeatureKind::categorical;
        return feature;
    }
    const std::string precision = required_word(entry, "precision");
    const auto discrete = entry.find("discrete");
    if (kind != "numeric" || (precision != "f32" && precision != "f64") || discrete == entry.end() ||
        !discrete->is_boolean()) {
        refuse(fmt::format("the schema of {} is not understood", feature.name));
    }
    feature.grid.precision = precision == "f32" ? stats::Precision::f32 : stats::Precision::f64;
    feature.grid.discrete = discrete->get<bool>();
    return feature;
}

// A tensor of bytes for each, named by its place; their own names are text. A baseline without scores has neither.
constexpr const char* scores_key = "scores";

std::string score_tensor(std::size_t index) {
    return fmt::format("score_{}", index);
}

void add_scores(ContainerWriter& writer, const std::vector<BaselineScore>& scores) {
    Json names = Json::array();
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const std::vector<std::byte> bytes = scores[i].score.serialize();
        names.push_back(scores[i].name);
        writer.add(score_tensor(i), std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    try {
        writer.set_metadata(scores_key, names.dump());
    } catch (const Json::exception&) {
        throw Error(ErrorCode::invalid_argument, "the name of a score is not valid UTF-8");
    }
}

std::vector<BaselineScore> read_scores(const Container& container) {
    std::vector<BaselineScore> scores;
    const auto text = container.find_metadata(scores_key);
    if (!text) return scores;
    const Json names = Json::parse(*text, nullptr, false);
    if (!names.is_array() || names.empty() || names.size() > Baseline::most_scores) refuse("its scores have no names");
    for (const Json& name : names) {
        if (!name.is_string()) refuse("its scores have no names");
        const auto bytes = container.values<std::uint8_t>(score_tensor(scores.size()));
        scores.push_back({name.get<std::string>(), perturbation::CalibratedScore::deserialize(std::as_bytes(bytes))});
    }
    return scores;
}

// The validation schema, which has its own document. "schema" is taken by the features' names and kinds.
constexpr const char* rules_key = "validation_schema";
constexpr const char* environment_key = "validation_environment";

std::optional<SchemaRules> read_rules(const Container& container, std::span<const FeatureBaseline> features) {
    const auto text = container.find_metadata(rules_key);
    if (!text) return std::nullopt;
    try {
        return SchemaRules({validation::Schema::from_json(*text), std::string(container.metadata(environment_key))},
                           features);
    } catch (const Error& error) {
        refuse(fmt::format("its schema: {}", error.what()));
    }
}

}  // namespace

std::vector<std::byte> Baseline::to_bytes() const {
    Columns columns;
    for (const FeatureBaseline& feature : state_->features) append(columns, feature);
    ContainerWriter writer;
    Columns::visit(columns, [&writer](const char* name, const auto& values) { writer.add(name, values); });
    writer.add_scalar("rows", state_->rows);
    try {
        writer.set_metadata("schema", schema_of(*state_).dump());
    } catch (const Json::exception&) {
        throw Error(ErrorCode::invalid_argument, "the name of a feature is not valid UTF-8");
    }
    if (!state_->scores.empty()) add_scores(writer, state_->scores);
    if (state_->schema) {
        writer.set_metadata(rules_key, state_->schema->given().schema.to_json());
        writer.set_metadata(environment_key, state_->schema->given().environment);
    }
    writer.set_metadata("name", state_->name);
    writer.set_metadata("model_digest", state_->model_digest);
    return writer.finish("baseline");
}

Baseline Baseline::from_bytes(std::span<const std::byte> bytes) {
    const Container container = Container::view(bytes);
    container.require_kind("baseline");
    Columns columns;
    Columns::visit(columns, [&container](const char* name, auto& values) {
        using T = typename std::remove_reference_t<decltype(values)>::value_type;
        const std::span<const T> stored = container.values<T>(name);
        values.assign(stored.begin(), stored.end());
    });
    auto state = std::make_shared<State>();
    state->rows = container.scalar<std::uint64_t>("rows");
    if (state->rows == 0 || state->rows > largest_count)
        refuse(fmt::format("it was learned from {} rows", state->rows));
    state->name = container.metadata("name");
    state->model_digest = container.metadata("model_digest");
    state->id = container.digest();

    const Json schema = Json::parse(container.metadata("schema"), nullptr, false);
    if (!schema.is_object() || !schema.contains("features") || !schema["features"].is_array() ||
        schema["features"].empty()) {
        refuse("it has no schema");
    }
    Reader reader(columns);
    for (const Json& entry : schema["features"]) {
        state->features.push_back(read_schema_entry(entry));
        reader.read(state->features.back(), state->rows);
    }
    reader.finish();
    state->scores = read_scores(container);
    state->schema = read_rules(container, state->features);
    state->prepare();
    return Baseline(std::move(state));
}

}  // namespace vedette::inline v0
