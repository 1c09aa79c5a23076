// SPDX-License-Identifier: Apache-2.0
// `vedette sketch build` and `vedette sketch merge`: streams of any size become files of some kilobytes.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "sketch_file.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

using rendering::grouped;

// A column while it is read; without a sketch once it has held a text.
struct SketchedColumn {
    std::string name;
    std::size_t index = 0;
    std::optional<stats::KllSketch<double>> sketch;
};

std::vector<SketchedColumn> columns_of(const RowSource& source, const SketchOptions& options) {
    const std::vector<std::string>& names = options.columns.empty() ? source.columns() : options.columns;
    std::vector<SketchedColumn> columns;
    columns.reserve(names.size());
    for (const std::string& name : names)
        columns.push_back({name, source.column(name), stats::KllSketch<double>(options.k, options.seed)});
    return columns;
}

// An empty field is counted as a NaN: it has no rank, but its rate can be compared.
void add(SketchedColumn& column, RowSource& source, bool must_be_number) {
    if (!column.sketch) return;
    const std::optional<double> number = source.number(column.index);
    if (number || source.is_null(column.index)) {
        column.sketch->update(number.value_or(std::nan("")));
        return;
    }
    if (must_be_number)
        throw InputError(fmt::format("{}: \"{}\" is not a number, but --columns names the column \"{}\"",
                                     source.place(column.index), source.text(column.index), column.name));
    column.sketch.reset();
    fmt::print(stderr, "vedette: note: {}: column \"{}\" holds a text, which has no order to sketch: left out\n",
               rendering::clean(source.place(column.index)), rendering::clean(column.name));
}

std::string headline(const std::string& output, std::span<const NamedSketch> sketches) {
    std::uint64_t most = 0;
    double error = 0.0;
    for (const NamedSketch& named : sketches) {
        most = std::max(most, named.sketch.count());
        if (!named.sketch.empty()) error = std::max(error, named.sketch.uniform_rank_error(0.99));
    }
    const std::string exact =
        error == 0.0 ? "exact" : "no rank off by more than " + rendering::percent(error) + " (at 99 %)";
    return fmt::format("{}: {} column{}, up to {} values each, {}\n", rendering::clean(output),
                       grouped(sketches.size()), sketches.size() == 1 ? "" : "s", grouped(most), exact);
}

void save(const std::string& output, std::span<const NamedSketch> sketches) {
    const std::vector<std::byte> bytes = write_sketches(sketches);
    write_text(output, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (output != "-") write_text("-", headline(output, sketches));
}

}  // namespace

ExitStatus sketch_build(const SketchOptions& options) {
    RowSource source(options.source);
    std::vector<SketchedColumn> columns = columns_of(source, options);
    while (source.next())
        for (SketchedColumn& column : columns) add(column, source, !options.columns.empty());
    std::vector<NamedSketch> sketches;
    std::uint64_t values = 0;
    for (SketchedColumn& column : columns) {
        if (!column.sketch) continue;
        values += column.sketch->count();
        sketches.push_back({std::move(column.name), std::move(*column.sketch)});
    }
    if (values == 0) throw Error(ErrorCode::not_enough_data, source.name() + ": there is no number to sketch");
    save(options.output, sketches);
    return exit_pass;
}

ExitStatus sketch_merge(const std::vector<std::string>& inputs, const std::string& output) {
    std::vector<NamedSketch> merged;
    for (const std::string& path : inputs) {
        std::vector<NamedSketch> sketches = load_sketches(path);
        if (merged.empty()) {
            merged = std::move(sketches);
            continue;
        }
        for (NamedSketch& into : merged) {
            const auto same = std::find_if(sketches.begin(), sketches.end(),
                                           [&](const NamedSketch& each) { return each.name == into.name; });
            if (same == sketches.end() || sketches.size() != merged.size())
                throw Error(ErrorCode::schema_mismatch,
                            fmt::format("{}: its columns are not those of {}", path, inputs[0]));
            into.sketch.merge(same->sketch);
        }
    }
    if (merged.size() == 1 && merged.front().name.empty()) {
        const std::vector<std::byte> bytes = merged.front().sketch.serialize();
        write_text(output, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (output != "-") write_text("-", headline(output, merged));
    } else {
        save(output, merged);
    }
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
