// SPDX-License-Identifier: Apache-2.0
// Random columns of every kind.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unit/validation/random_schema.hpp"
#include "vedette/core/value.hpp"
#include "vedette/core/view.hpp"

namespace vedette::validation::random_schema {

// A column of any kind, with its values as a row would have them.
struct RandomColumn {
    std::vector<double> wide;
    std::vector<float> narrow;
    std::vector<std::int64_t> integers;
    std::vector<std::uint8_t> booleans, valid;
    std::vector<std::int32_t> codes;
    std::vector<std::string> storage;
    std::vector<std::string_view> texts;
    std::vector<Value> values;
    Column column;

    RandomColumn(Random& random, std::size_t rows) : valid(rows / 8 + 2) {
        const std::size_t kind = below(random, 6), lead = below(random, 8);
        const bool has_nulls = coin(random), is_calm = coin(random);
        values.resize(rows);
        for (std::size_t i = 0; i < 5; ++i) storage.emplace_back(random_text(random));
        for (const std::string& text : storage) texts.push_back(text);
        std::vector<std::string_view> strings;
        for (std::size_t i = 0; i < rows; ++i) {
            const bool is_null = has_nulls && below(random, 4) == 0;
            if (!is_null) valid[(lead + i) / 8] |= static_cast<std::uint8_t>(1U << ((lead + i) % 8));
            const double x = is_calm && below(random, 20) != 0 ? random.uniform() : random_number(random);
            wide.push_back(x);
            narrow.push_back(std::isfinite(x) && std::abs(x) < 1e30 ? static_cast<float>(x) : 0.0F);
            const auto small = static_cast<std::int64_t>(below(random, 7));
            integers.push_back(below(random, 9) == 0 ? std::numeric_limits<std::int64_t>::max() - small : small - 3);
            booleans.push_back(static_cast<std::uint8_t>(below(random, 2)));
            codes.push_back(static_cast<std::int32_t>(below(random, 5)));
            const std::string_view text = texts[static_cast<std::size_t>(codes[i])];
            strings.push_back(text);
            if (is_null) continue;
            const Value made[] = {wide[i], static_cast<double>(narrow[i]), integers[i], booleans[i], text, text};
            values[i] = made[kind];
        }
        const Validity validity{has_nulls ? valid.data() : nullptr, has_nulls ? lead : 0};
        owned = std::move(strings);
        switch (kind) {
            case 0: column = Column::numeric(wide, validity); break;
            case 1: column = Column::numeric(narrow, validity); break;
            case 2: column = Column::numeric(integers, validity); break;
            case 3: column = Column::numeric(Dtype::boolean, booleans.data(), rows, 1, validity); break;
            case 4: column = Column::strings(owned, validity); break;
            default: column = Column::dictionary(codes, texts, validity); break;
        }
    }
    RandomColumn(const RandomColumn&) = delete;
    RandomColumn& operator=(const RandomColumn&) = delete;

  private:
    std::vector<std::string_view> owned;
};

}  // namespace vedette::validation::random_schema
