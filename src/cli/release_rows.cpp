// SPDX-License-Identifier: Apache-2.0
// What is a number in a column, and whether any is.
#include "release_rows.hpp"

#include <fmt/core.h>

namespace vedette::inline v0::cli {

double Numbers::of(const RowSource& source) {
    const std::optional<double> number = source.number(column_);
    if (number) {
        ++numbers_;
    } else if (!source.is_null(column_)) {
        ++texts_;
    }
    return number.value_or(std::numeric_limits<double>::quiet_NaN());
}

void Numbers::check(const std::string& name) const {
    if (numbers_ == 0 && texts_ > 0)
        throw InputError(fmt::format("column \"{}\" holds texts and no number; nothing was spent", name));
}

}  // namespace vedette::inline v0::cli
