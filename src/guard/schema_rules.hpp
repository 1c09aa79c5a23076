// SPDX-License-Identifier: Apache-2.0
// A baseline's schema, compiled in the order of the baseline's features.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "guard/codes.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/value.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0 {

class SchemaRules {
  public:
    /// Throws Error with this code (where it is corrupt_data; else schema_mismatch, type_mismatch, invalid_argument)
    /// unless the features that the schema expects in the environment are the baseline's.
    SchemaRules(BaselineSchema given, std::span<const FeatureBaseline> features);

    [[nodiscard]] const BaselineSchema& given() const noexcept { return given_; }
    /// Feature i is the baseline's.
    [[nodiscard]] const validation::Validator& validator() const noexcept { return mixed_; }

    /// Judges a row of the right width; `found` holds the code of each entry. `failed`, one place for each feature and
    /// expression, as of Validator::find_failures.
    template <class T>
    [[nodiscard]] validation::RowVerdict find_failures(std::span<const T> row, const std::uint16_t* found,
                                                       std::span<validation::CheckSet> failed) const noexcept {
        validation::RowVerdict verdict = numbers_.find_failures(row, failed);
        bool is_told = !verdict.is_valid();
        const auto tell = [&]() noexcept {
            if (!std::exchange(is_told, true))
                std::fill_n(failed.begin(), mixed_.feature_count(), validation::CheckSet{0});
        };
        for (const Categories& feature : categorical_) {
            const validation::CheckSet checks = feature.of(found[feature.index]);
            if (checks == 0) continue;
            tell();
            verdict |= mixed_.verdict(feature.index, checks);
            failed[feature.index] = checks;
        }
        if (mixed_.expression_count() != 0) {
            const NumberRow<T> entries{row, found, categorical_};
            const validation::RowVerdict of_expressions =
                mixed_.check_expressions(&NumberRow<T>::read, &entries, failed);
            if (!of_expressions.is_valid()) tell();
            verdict |= of_expressions;
        }
        return verdict;
    }

    /// Features that repair something, ascending.
    [[nodiscard]] std::span<const std::uint32_t> repairing() const noexcept { return repairing_; }
    /// Whether the entry of feature `f`, whose code is given, was changed, which `done` then tells; see
    /// Validator::repair_value. Of a category in a row of numbers, which is its cell, texts are told.
    template <class T>
    [[nodiscard]] bool repair(std::uint32_t f, T& entry, std::uint16_t code,
                              validation::Repaired& done) const noexcept {
        const Categories* const feature = find_categories(f);
        if (feature == nullptr) return numbers_.repair_value(f, entry, done);
        Value value = 0.0;  // no cell: no text
        if (code == codes::null) value = Value();
        if (code == feature->texts.size()) return false;
        if (code < feature->texts.size()) value = std::string_view(feature->texts[code]);
        if (!mixed_.repair_value(f, value, done)) return false;
        const auto kept = std::find(feature->texts.begin(), feature->texts.end(), value.text);
        entry = static_cast<T>(kept - feature->texts.begin());
        return true;
    }

  private:
    // Of a feature of texts in a row of numbers, where a category is its cell: what each cell fails.
    struct Categories {
        std::uint32_t index = 0;
        std::vector<std::string> texts;  // of all cells but the last, which is for unseen categories
        std::vector<validation::CheckSet> cells;
        validation::CheckSet null = 0;
        validation::CheckSet invalid = 0;

        [[nodiscard]] validation::CheckSet of(std::uint16_t code) const noexcept {
            if (code == codes::null) return null;
            return code < cells.size() ? cells[code] : invalid;
        }
    };

    // A row of numbers as an expression reads it. What an unseen category reads is not known: a null.
    template <class T>
    struct NumberRow {
        std::span<const T> row;
        const std::uint16_t* found;
        std::span<const Categories> categorical;

        static void read(const void* self, std::size_t first, std::span<Value> values) noexcept {
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = static_cast<const NumberRow*>(self)->value(first + i);
        }
        [[nodiscard]] Value value(std::size_t index) const noexcept {
            for (const Categories& feature : categorical) {
                if (feature.index != index) continue;
                const std::size_t cell = found[index];
                return cell < feature.texts.size() ? Value(std::string_view(feature.texts[cell])) : Value();
            }
            return Value(static_cast<double>(row[index]));
        }
    };

    BaselineSchema given_;
    [[nodiscard]] const Categories* find_categories(std::uint32_t f) const noexcept {
        const auto found = std::find_if(categorical_.begin(), categorical_.end(),
                                        [f](const Categories& feature) { return feature.index == f; });
        return found == categorical_.end() ? nullptr : &*found;
    }

    validation::Validator mixed_;
    validation::Validator numbers_;  // without expressions; features of texts are left to `categorical_`
    std::vector<Categories> categorical_;
    std::vector<std::uint32_t> repairing_;
};

template <>
inline bool SchemaRules::repair(std::uint32_t f, Value& entry, std::uint16_t,
                                validation::Repaired& done) const noexcept {
    return mixed_.repair_value(f, entry, done);
}

template <>
inline validation::RowVerdict SchemaRules::find_failures(std::span<const Value> row, const std::uint16_t*,
                                                         std::span<validation::CheckSet> failed) const noexcept {
    return mixed_.find_failures(row, failed);
}

}  // namespace vedette::inline v0
