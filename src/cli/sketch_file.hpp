// SPDX-License-Identifier: Apache-2.0
// The file of `vedette sketch`: quantile sketches of several columns, by name.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "vedette/stats/kll_sketch.hpp"

namespace vedette::inline v0::cli {

/// One column's sketch. The name is empty where the file holds a single sketch without one.
struct NamedSketch {
    std::string name;
    stats::KllSketch<double> sketch;
};

/// Canonical bytes (core/container.hpp, kind "sketches"): metadata `columns` is a JSON array of the names, tensor "i"
/// (u8) the bytes of sketch i, as KllSketch::serialize and vdt_sketch_to_bytes write them. Throws
/// Error(invalid_argument) for no sketch, and a name that is empty, repeated or no UTF-8.
[[nodiscard]] std::vector<std::byte> write_sketches(std::span<const NamedSketch> sketches);

/// Reads such a file, or the bytes of one sketch over double (kind "kll_sketch"). Throws Error(corrupt_data) for
/// anything else, Error(unsupported_version).
[[nodiscard]] std::vector<NamedSketch> read_sketches(std::span<const std::byte> bytes);

/// The same of a file; the message names it. Throws Error(io_error) besides.
[[nodiscard]] std::vector<NamedSketch> load_sketches(const std::string& path);

}  // namespace vedette::inline v0::cli
