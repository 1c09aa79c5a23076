// SPDX-License-Identifier: Apache-2.0
// The rows of a release, one by one or by user.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "input.hpp"
#include "release_kinds.hpp"
#include "row_source.hpp"
#include "vedette/privacy/contributions.hpp"

namespace vedette::inline v0::cli {

// The numbers of a column. Texts alone are a mistake of the command line, which noise would hide: found before anything
// is spent. Whoever runs this sees the rows.
class Numbers {
  public:
    explicit Numbers(std::size_t column) : column_(column) {}

    double of(const RowSource& source);
    /// Throws InputError where there are texts and no number.
    void check(const std::string& name) const;

  private:
    std::size_t column_;
    std::uint64_t numbers_ = 0, texts_ = 0;
};

// Rows into a state, by user or one by one. What is not a number is missing; a row without a user is left out.
class Rows {
  public:
    explicit Rows(const ReleaseOptions& options) : source_(options.source), name_(options.column) {
        if (!options.column.empty()) column_ = source_.column(options.column);
        if (options.user.empty()) return;
        user_ = source_.column(options.user);
        limited_.emplace(unit_of(options), options.choice);
    }

    enum class As : std::uint8_t { rows, numbers, categories };
    /// row(number, text) for every record; by user they go into contributions instead. Throws InputError for numbers of
    /// a column of texts.
    template <class Row>
    void read(As as, Row row) {
        std::optional<Numbers> numbers;
        if (as == As::numbers) numbers.emplace(column_.value());
        while (source_.next()) {
            const double number = numbers ? numbers->of(source_) : std::numeric_limits<double>::quiet_NaN();
            const std::string text = as == As::categories ? std::string(source_.text(column_.value())) : std::string();
            if (!limited_) {
                row(number, text);
            } else if (!source_.is_null(*user_)) {
                limited_->add(source_.text(*user_), number, text);
            }
        }
        if (numbers) numbers->check(name_);
    }
    [[nodiscard]] const std::optional<privacy::Contributions>& limited() const noexcept { return limited_; }

  private:
    RowSource source_;
    std::string name_;
    std::optional<std::size_t> column_, user_;
    std::optional<privacy::Contributions> limited_;
};

}  // namespace vedette::inline v0::cli
