// SPDX-License-Identifier: Apache-2.0
// `vedette drift --preset`: what other packages report of the same files. Numbers without a level, and no verdict.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/comparison.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr const char* caveat =
    "numbers for comparison with other packages' reports; none has a level, so no verdict follows from them";

/// One number of one package on one feature.
struct PresetNumber {
    std::string feature;
    bool numeric = false;
    drift::DivergencePreset preset{};
    drift::Divergence divergence{};
    std::optional<drift::PresetResult> result;  ///< empty: too little data
};

std::optional<PresetNumber> number_of(drift::DivergencePreset preset, drift::Divergence divergence,
                                      const NamedColumn& reference, const Column& live) {
    PresetNumber number{std::string(reference.name), reference.column.is_numeric(), preset, divergence, {}};
    try {
        number.result = drift::preset_divergence(preset, divergence, reference.column, live);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::unsupported) return std::nullopt;  // the package has no such number
        if (error.code() != ErrorCode::not_enough_data)
            throw Error(error.code(), fmt::format("column \"{}\": {}", reference.name, error.what()));
    }
    return number;
}

std::string table_of(std::span<const PresetNumber> numbers) {
    std::vector<std::vector<std::string>> rows{
        {"feature", "package", "number", "value", "its default threshold", "beyond it"}};
    for (const PresetNumber& number : numbers) {
        const bool has_threshold = number.result && !std::isnan(number.result->threshold);
        rows.push_back({rendering::shortened(number.feature, 32), drift::divergence_preset_name(number.preset),
                        drift::divergence_name(number.divergence),
                        number.result ? rendering::number(number.result->value) : "too little data",
                        has_threshold ? rendering::number(number.result->threshold) : "-",
                        has_threshold ? (number.result->exceeds ? "yes" : "no") : "-"});
    }
    return fmt::format("{}\n\n{}", caveat, text_table(rows));
}

std::string json_of(std::span<const PresetNumber> numbers) {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const PresetNumber& number : numbers) {
        Json out{{"feature", number.feature},
                 {"kind", number.numeric ? "numeric" : "categorical"},
                 {"package", drift::divergence_preset_name(number.preset)},
                 {"number", drift::divergence_name(number.divergence)},
                 {"value", nullptr},
                 {"default_threshold", nullptr},
                 {"beyond_it", nullptr}};
        if (number.result) {
            // JSON has no infinity, and some packages answer with it.
            const double value = number.result->value;
            out["value"] = std::isinf(value) ? Json(value > 0.0 ? "Infinity" : "-Infinity") : Json(value);
            if (!std::isnan(number.result->threshold)) {
                out["default_threshold"] = number.result->threshold;
                out["beyond_it"] = number.result->exceeds;
            }
        }
        list.push_back(std::move(out));
    }
    const Json out{{"format", "vedette-preset-numbers"}, {"note", caveat}, {"numbers", list}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

ExitStatus preset_numbers(const ReferenceOptions& reference, const LiveOptions& live,
                          const std::vector<drift::DivergencePreset>& presets) {
    if (reference.source.path == "-" && live.source.path == "-")
        throw InputError("only one of the two files can be standard input");
    const std::vector<Output> outputs = parse_table_or_json(live.formats);
    RowSource source(reference.source);
    const Frame frame(source, reference.frame);
    const Table known = frame.table();
    RowSource live_source(live.source);
    const Frame live_frame =
        frame_like(live_source, known, source.is_f32() ? FramePrecision::f32 : reference.frame.precision);
    const Table table = live_frame.table();
    std::vector<PresetNumber> numbers;
    for (const NamedColumn& named : known.columns())
        for (const drift::DivergencePreset preset : presets)
            for (std::uint8_t i = 0; i < drift::divergence_count; ++i)
                if (auto number = number_of(preset, static_cast<drift::Divergence>(i), named, *table.find(named.name)))
                    numbers.push_back(std::move(*number));
    for (const Output& output : outputs)
        write_text(output.path, output.format == ReportFormat::json ? json_of(numbers) : table_of(numbers));
    const bool any = std::any_of(numbers.begin(), numbers.end(),
                                 [](const PresetNumber& number) { return number.result.has_value(); });
    return any ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
