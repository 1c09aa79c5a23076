// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an Error, or read as a schema that writes itself the same way again, and judges rows.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/value.hpp"
#include "vedette/validation/validator.hpp"

namespace {

using vedette::validation::CheckSet;
using vedette::validation::NamedTensor;
using vedette::validation::RowPart;
using vedette::validation::Validator;

// A row in two pieces is the row.
void try_pieces(const Validator& rules, const std::vector<vedette::Value>& row, std::size_t cut) {
    const auto read = [](const void* piece, std::size_t first, std::span<vedette::Value> values) noexcept {
        std::copy_n(static_cast<const vedette::Value*>(piece) + first, values.size(), values.begin());
    };
    const RowPart parts[] = {std::span(row).first(cut), RowPart(read, row.data() + cut, row.size() - cut)};
    if (rules.validate(parts) != rules.validate(row)) std::abort();
}

// A tensor for each feature, whose dimensions and strides are the input's: none is read outside of it, and the request
// fails what its tensors fail one by one.
void try_tensors(const Validator& rules, std::span<const std::uint8_t> input, std::size_t shift) {
    std::int64_t numbers[6] = {};
    std::memcpy(numbers, input.data(), std::min(sizeof numbers, input.size()));
    for (std::size_t i = 0; i < 3; ++i)
        if ((shift + i) % 2 == 0) numbers[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(numbers[i]) % 5);
    const std::span<const std::int64_t> shape(numbers, shift % 4),
        strides(numbers + 3, shift % 3 == 0 ? shape.size() : 0);
    const std::string_view texts[] = {"US", "", "\xC3"};
    std::vector<NamedTensor> request;
    for (std::size_t i = 0; i < rules.feature_count(); ++i) {
        NamedTensor tensor{
            rules.feature(i).name,
            {static_cast<vedette::Dtype>((shift + i) % 15), input.data(), shift % 9, shape, strides, input.size()},
            {}};
        if ((shift + i) % 4 == 0) tensor.texts = RowPart(std::span(texts).first((shift + i) % 3));
        request.push_back(tensor);
    }
    std::vector<CheckSet> failed(rules.feature_count());
    const auto verdict = rules.validate(request, failed);
    if (verdict != rules.validate(request)) std::abort();
    for (std::size_t i = 0; i < failed.size(); ++i) {
        if ((failed[i] & verdict.failed) != failed[i]) std::abort();
        if (!request[i].texts && rules.validate(i, request[i].tensor).failed != failed[i]) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using vedette::validation::Schema;
    try {
        const Schema schema = Schema::from_json(std::string_view(reinterpret_cast<const char*>(data), size));
        const std::string written = schema.to_json();
        const Schema again = Schema::from_json(written);
        // Compiled, it judges rows that do and do not suit it.
        const vedette::validation::Validator rules(schema);
        // And with sets and a clock, which ask no less.
        vedette::validation::RuleInputs inputs;
        inputs.clock.now = [](void*) { return std::int64_t{1700000000000000000}; };
        const std::vector<std::string> known{"US", "-7"};
        for (const auto& set : schema.reference_sets)
            if (set.values.empty() && set.most_values >= known.size())
                inputs.reference_sets.emplace(set.name, vedette::validation::ReferenceValues(known));
        const vedette::validation::Validator stricter(schema, {}, inputs);
        std::vector<vedette::Value> row(rules.feature_count());
        const vedette::Value values[] = {1.5,
                                         -7,
                                         "US",
                                         {},
                                         std::numeric_limits<std::int64_t>::min(),
                                         1,
                                         "",
                                         std::numeric_limits<double>::infinity(),
                                         "e\xCC\x81",
                                         "2024-02-29T12:00:00.5+01:00",
                                         "p\xD0\xB0y no no no \xE2\x80\x8B\x1B\xC3"};
        for (std::size_t shift = 0; shift < std::size(values); ++shift) {
            for (std::size_t i = 0; i < row.size(); ++i) row[i] = values[(i + shift) % std::size(values)];
            const vedette::validation::RowVerdict verdict = rules.validate(row);
            if ((stricter.validate(row).failed & verdict.failed) != verdict.failed) std::abort();
            try_pieces(rules, row, shift % (row.size() + 1));
            try_tensors(rules, {data, size}, shift);
            // What is repaired is told, and stays so.
            std::vector<vedette::validation::CheckSet> failed(row.size() + rules.expression_count());
            std::vector<vedette::validation::Repaired> told(row.size());
            const vedette::validation::RepairVerdict repaired = rules.repair(std::span(row), failed, told);
            if (repaired.before != verdict || repaired.repaired > row.size()) std::abort();
            if (repaired.after != rules.validate(row)) std::abort();
            for (std::size_t i = 0; i < repaired.repaired; ++i) {
                const auto& done = told[i];
                if (rules.check(done.feature, done.before) != done.failed) std::abort();
                if ((rules.check(done.feature, done.after) & done.failed) == done.failed) std::abort();
            }
            if (rules.repair(std::span(row)).repaired != 0) std::abort();
        }
        if (again != schema || again.to_json() != written) std::abort();
    } catch (const vedette::Error& error) {
        if (error.code() != vedette::ErrorCode::invalid_argument &&
            error.code() != vedette::ErrorCode::unsupported_version) {
            std::abort();
        }
    }
    return 0;
}
