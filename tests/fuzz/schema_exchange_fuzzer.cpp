// SPDX-License-Identifier: Apache-2.0
// Any text is refused with an Error by each reader of other tools' schemas, or read as a schema that is valid, judges
// rows and, exported where nothing is lost, is read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/validation/schema_exchange.hpp"
#include "vedette/validation/validator.hpp"

namespace {

using namespace vedette;
using namespace vedette::validation;

template <class Call>
void refused_or(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_argument) std::abort();
    }
}

void use(const ImportedSchema& imported) {
    imported.schema.validate();
    const Validator rules(imported.schema);
    const std::vector<Value> row(rules.feature_count());
    static_cast<void>(rules.validate(row));
    static_cast<void>(to_json(imported.notes));
    refused_or([&] { static_cast<void>(import_json_schema(export_json_schema(imported.schema).text)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool allow_loss : {false, true}) {
        refused_or([&] { use(import_json_schema(text, {allow_loss})); });
        refused_or([&] { use(import_tfdv_schema(text, {allow_loss})); });
    }
    return 0;
}
