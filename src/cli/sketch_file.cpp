// SPDX-License-Identifier: Apache-2.0
// Sketches by name as bytes and back, believing nothing.
#include "sketch_file.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr const char* kind = "sketches";
constexpr const char* single_kind = "kll_sketch";

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("sketch file: ") + what);
}

void check_names(std::span<const std::string> names, ErrorCode code) {
    std::set<std::string_view> known;
    if (names.empty()) throw Error(code, "sketch file: there is no column");
    for (const std::string& name : names) {
        if (name.empty()) throw Error(code, "sketch file: a column has no name");
        if (!known.insert(name).second) throw Error(code, "sketch file: two columns are called \"" + name + "\"");
    }
}

std::string list_of(const std::vector<std::string>& names) {
    return nlohmann::json(names).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> names_in(const std::string& text) {
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
    require(list.is_array(), "columns is no list");
    std::vector<std::string> names;
    for (const nlohmann::json& name : list) {
        require(name.is_string(), "a column's name is no text");
        names.push_back(name.get<std::string>());
    }
    check_names(names, ErrorCode::corrupt_data);
    require(list_of(names) == text, "columns is not written as it should be");
    return names;
}

}  // namespace

std::vector<std::byte> write_sketches(std::span<const NamedSketch> sketches) {
    ContainerWriter writer;
    std::vector<std::string> names;
    for (const NamedSketch& named : sketches) {
        const std::vector<std::byte> bytes = named.sketch.serialize();
        writer.add(std::to_string(names.size()),
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
        names.push_back(named.name);
    }
    check_names(names, ErrorCode::invalid_argument);
    writer.set_metadata("columns", list_of(names));
    return writer.finish(kind);
}

std::vector<NamedSketch> read_sketches(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    std::vector<NamedSketch> sketches;
    if (file.kind() == single_kind) {
        sketches.push_back({{}, stats::KllSketch<double>::deserialize(bytes)});
        return sketches;
    }
    file.require_kind(kind);
    const std::vector<std::string> names = names_in(file.metadata("columns"));
    require(file.tensors().size() == names.size() && file.metadata_keys().size() == 5, "parts that no such file has");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string place = std::to_string(i);
        require(file.tensor(place).shape.size() == 1, "a sketch that is no list of bytes");
        const auto sketch = std::as_bytes(file.values<std::uint8_t>(place));
        sketches.push_back({names[i], stats::KllSketch<double>::deserialize(sketch)});
    }
    return sketches;
}

std::vector<NamedSketch> load_sketches(const std::string& path) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        return read_sketches(bytes);
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

}  // namespace vedette::inline v0::cli
