// SPDX-License-Identifier: Apache-2.0
// `vedette baseline build` and `vedette baseline show`.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/autocorrelation.hpp"

namespace vedette::inline v0::cli {

namespace {

using rendering::grouped;
using rendering::number;
using rendering::percent;
using rendering::shortened;

std::size_t count_of(const Baseline& baseline, FeatureKind kind) {
    const auto features = baseline.features();
    return static_cast<std::size_t>(
        std::count_if(features.begin(), features.end(), [kind](const FeatureBaseline& f) { return f.kind == kind; }));
}

std::string headline(const Baseline& baseline) {
    return fmt::format("{} rows, {} features ({} numeric, {} categorical)", grouped(baseline.rows()),
                       baseline.feature_count(), count_of(baseline, FeatureKind::numeric),
                       count_of(baseline, FeatureKind::categorical));
}

std::string values_of(const FeatureBaseline& feature) {
    if (feature.kind == FeatureKind::numeric) {
        if (feature.observations() == 0) return "no finite value";
        return fmt::format("{} to {}, mean {}{}", number(feature.grid.minimum), number(feature.grid.maximum),
                           number(feature.moments.mean),
                           feature.grid.discrete ? fmt::format(", {} distinct", feature.grid.edges.size() - 1) : "");
    }
    std::string text = fmt::format("{} categories:", grouped(feature.categories.size()));
    for (std::size_t i = 0; i < std::min<std::size_t>(feature.categories.size(), 4); ++i) {
        text += fmt::format("{} {}", i == 0 ? "" : ",", shortened(feature.categories[i], 16));
    }
    return text + (feature.categories.size() > 4 ? ", ..." : "");
}

std::string missing_of(const Baseline& baseline, const FeatureBaseline& feature) {
    const std::uint64_t missing = feature.nulls + feature.nans;
    return missing == 0 || baseline.rows() == 0
               ? std::string("-")
               : percent(static_cast<double>(missing) / static_cast<double>(baseline.rows()));
}

std::string text_of(const Baseline& baseline) {
    std::string text = fmt::format("{}\n  id    {}\n  data  {}\n",
                                   baseline.name().empty() ? "(no name)" : rendering::clean(baseline.name()),
                                   to_hex(baseline.id()), headline(baseline));
    if (!baseline.model_digest().empty())
        text += fmt::format("  model {}\n", rendering::clean(baseline.model_digest()));
    if (const BaselineSchema* const rules = baseline.schema())
        text += fmt::format("  schema {}{}\n", rules->schema.name.empty() ? "(no name)" : rules->schema.name,
                            rules->environment.empty() ? "" : ", " + rules->environment);
    std::size_t widest = 7;
    for (const FeatureBaseline& feature : baseline.features()) {
        widest = std::max(widest, rendering::width_of(shortened(feature.name, 32)));
    }
    const auto padded = [](const std::string& cell, std::size_t width) {
        return cell + std::string(width - std::min(width, rendering::width_of(cell)), ' ');
    };
    text += fmt::format("\n  {}  kind         cells  missing   values\n", padded("feature", widest));
    for (const FeatureBaseline& feature : baseline.features()) {
        text += fmt::format("  {}  {:<11} {:>6}  {:<8}  {}\n", padded(shortened(feature.name, 32), widest),
                            feature_kind_name(feature.kind), feature.counts().size(), missing_of(baseline, feature),
                            values_of(feature));
    }
    return text;
}

std::string json_of(const Baseline& baseline) {
    using Json = nlohmann::ordered_json;
    Json features = Json::array();
    for (const FeatureBaseline& feature : baseline.features()) {
        Json out{{"name", feature.name},
                 {"kind", feature_kind_name(feature.kind)},
                 {"observations", feature.observations()},
                 {"nulls", feature.nulls},
                 {"nans", feature.nans},
                 {"positive_infinities", feature.positive_infinities},
                 {"negative_infinities", feature.negative_infinities},
                 {"cells", feature.counts().size()},
                 {"counts", std::vector<std::uint64_t>(feature.counts().begin(), feature.counts().end())}};
        if (feature.kind == FeatureKind::numeric) {
            out["precision"] = feature.grid.precision == stats::Precision::f32 ? "f32" : "f64";
            out["discrete"] = feature.grid.discrete;
            out["minimum"] = feature.grid.minimum;
            out["maximum"] = feature.grid.maximum;
            out["mean"] = feature.moments.mean;
            out["edges"] = feature.grid.edges;
        } else {
            out["categories"] = feature.categories;
        }
        features.push_back(std::move(out));
    }
    Json out{{"format", "vedette-baseline"}, {"id", to_hex(baseline.id())},
             {"name", baseline.name()},      {"model_digest", baseline.model_digest()},
             {"rows", baseline.rows()},      {"features", features}};
    if (const BaselineSchema* const rules = baseline.schema()) {
        out["schema"] = Json::parse(rules->schema.to_json());
        out["environment"] = rules->environment;
    }
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

// Tests take rows as exchangeable: says so where the reference, in the order of its rows, does not look it.
void warn_of_memory(const std::string& source, const Table& table, std::uint64_t thinning) {
    std::size_t longest = 1;
    std::string_view feature;
    std::vector<double> values;
    for (const NamedColumn& named : table.columns()) {
        if (!named.column.is_numeric()) continue;
        values.resize(named.column.size());
        named.column.copy_as_double(0, values.size(), values.data());
        std::erase_if(values, [](double value) { return !std::isfinite(value); });
        const std::size_t interval = stats::thinning_interval(values);
        if (interval <= longest) continue;
        longest = interval;
        feature = named.name;
    }
    if (longest == 1) return;
    fmt::print(
        stderr,
        "vedette: note: rows of {} resemble the rows before them, most of all in \"{}\". Tests take rows as "
        "exchangeable, so they will also alarm on ordinary ups and downs; --thin {} keeps rows far enough apart.\n",
        rendering::clean(source), rendering::clean(feature), longest * thinning);
}

}  // namespace

Baseline learn(const ReferenceOptions& options) {
    RowSource source(options.source);
    return learn(options, source.name(), Frame(source, options.frame));
}

Baseline learn(const ReferenceOptions& options, const std::string& name, const Frame& frame) {
    warn_of_memory(name, frame.table(), options.source.thinning);
    try {
        Baseline baseline = Baseline::build(frame.table(), options.baseline);
        if (options.schema_path.empty()) return baseline;
        return baseline.with_schema({read_schema(options.schema_path), options.environment});
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", name, error.what()));
    }
}

ExitStatus baseline_build(const ReferenceOptions& options, const std::string& output) {
    const Baseline baseline = learn(options);
    const std::filesystem::path path(output);
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    baseline.save(path);
    write_text("-", fmt::format("{}: {}\n", output, headline(baseline)));
    return exit_pass;
}

ExitStatus baseline_show(const std::string& path, bool as_json) {
    const Baseline baseline = Baseline::load(path);
    write_text("-", as_json ? json_of(baseline) : text_of(baseline));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
