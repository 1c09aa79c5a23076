// SPDX-License-Identifier: Apache-2.0
// Columns by name, and their names in files.
#include "row_columns.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/render_common.hpp"
#include "input.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr const char* metadata_key = "columns";

bool holds(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + rendering::clean(name);
    return text;
}

}  // namespace

std::vector<std::size_t> row_columns(const RowSource& source, const ColumnChoice& choice,
                                     const std::vector<std::string>& made_with) {
    const auto by_name = [&](const std::vector<std::string>& names) {
        std::vector<std::size_t> columns;
        columns.reserve(names.size());
        for (const std::string& name : names) columns.push_back(source.column(name));
        return columns;
    };
    if (!choice.columns.empty()) {
        // Other names may be the same columns of another file; the same names in another order never are.
        const bool are_known = std::all_of(choice.columns.begin(), choice.columns.end(),
                                           [&](const std::string& name) { return holds(made_with, name); });
        if (are_known && choice.columns != made_with)
            throw InputError(fmt::format("{}: --columns are not those that it was made with, in their order: {}",
                                         rendering::clean(source.name()), listed(made_with)));
        return by_name(choice.columns);
    }
    std::vector<std::string> missing;
    std::copy_if(made_with.begin(), made_with.end(), std::back_inserter(missing),
                 [&](const std::string& name) { return !holds(source.columns(), name); });
    if (!made_with.empty() && missing.empty()) return by_name(made_with);
    if (missing.size() < made_with.size())
        throw InputError(fmt::format("{}: there is no column {}; it was made with {}: choose --columns",
                                     rendering::clean(source.name()), listed(missing), listed(made_with)));
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < source.columns().size(); ++i) {
        const bool is_apart = std::find(choice.apart.begin(), choice.apart.end(), i) != choice.apart.end();
        if (!is_apart && !holds(choice.ignore, source.columns()[i])) columns.push_back(i);
    }
    return columns;
}

std::vector<std::string> names_of(const RowSource& source, std::span<const std::size_t> columns) {
    std::vector<std::string> names;
    for (const std::size_t column : columns) names.push_back(source.columns()[column]);
    return names;
}

std::vector<std::byte> with_columns(std::vector<std::byte> container, const std::vector<std::string>& names) {
    if (names.empty()) return container;
    std::string text;
    try {
        text = nlohmann::json(names).dump();
    } catch (const nlohmann::json::exception&) {
        return container;
    }
    const Container file = Container::view(container);
    ContainerWriter writer;
    for (const TensorView& tensor : file.tensors())
        writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, tensor.data);
    constexpr std::string_view own[] = {"format", "format_version", "kind", "sha256"};
    for (const std::string_view key : file.metadata_keys())
        if (std::find(std::begin(own), std::end(own), key) == std::end(own))
            writer.set_metadata(key, file.metadata(key));
    writer.set_metadata(metadata_key, text);
    return writer.finish(file.kind());
}

std::vector<std::string> columns_of(std::span<const std::byte> container) {
    const Container file = Container::view(container);
    const auto text = file.find_metadata(metadata_key);
    if (!text) return {};
    const nlohmann::json names = nlohmann::json::parse(*text, nullptr, false);
    const auto is_text = [](const nlohmann::json& name) { return name.is_string(); };
    if (!names.is_array() || !std::all_of(names.begin(), names.end(), is_text))
        throw Error(ErrorCode::corrupt_data, "its columns are no names");
    return names.get<std::vector<std::string>>();
}

}  // namespace vedette::inline v0::cli
