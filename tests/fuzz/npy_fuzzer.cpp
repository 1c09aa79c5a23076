// SPDX-License-Identifier: Apache-2.0
// Fuzzes the NPY reader: any bytes give rows or an InputError, and never more rows than bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "npy_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        vedette::cli::NpyReader reader(
            vedette::cli::ByteSource::memory("x", {reinterpret_cast<const char*>(data), size}));
        std::vector<double> row(reader.columns());
        std::size_t rows = 0;
        while (reader.next(row)) ++rows;
        if (rows != reader.rows() || rows * reader.columns() * reader.header().item_bytes > size) std::abort();
    } catch (const vedette::cli::InputError&) {
        return 0;
    }
    return 0;
}
