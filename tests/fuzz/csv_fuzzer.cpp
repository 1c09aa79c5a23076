// SPDX-License-Identifier: Apache-2.0
// Fuzzes the CSV reader: any bytes give records within the limits or an InputError, whatever the chunking.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/number_text.hpp"
#include "csv_reader.hpp"

namespace {

/// What was read, as one text; an error ends it.
std::string summary(std::string_view bytes, std::size_t step, const vedette::cli::CsvOptions& options) {
    std::string out;
    try {
        vedette::cli::CsvReader reader(vedette::cli::ByteSource("x",
                                                                [&](char* to, std::size_t capacity) {
                                                                    const std::size_t got = bytes.copy(
                                                                        to, capacity < step ? capacity : step);
                                                                    bytes.remove_prefix(got);
                                                                    return got;
                                                                }),
                                       options);
        while (reader.next()) {
            for (std::size_t i = 0; i < reader.width(); ++i) {
                if (reader.text(i).size() > options.max_field_bytes) std::abort();
                if (vedette::parse_number(reader.text(i))) out += '#';
                out.append(reader.text(i)).append(reader.is_null(i) ? "~" : "|");
            }
            out += '\n';
        }
    } catch (const vedette::cli::InputError& error) {
        out += error.what();
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const vedette::cli::CsvOptions options{.delimiter = (data[0] & 1U) != 0 ? ',' : ';',
                                           .max_field_bytes = 256,
                                           .max_record_bytes = 1024,
                                           .max_columns = 64};
    if (summary(bytes, 1 + data[0] % 13U, options) != summary(bytes, SIZE_MAX, options)) std::abort();
    return 0;
}
