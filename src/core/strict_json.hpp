// SPDX-License-Identifier: Apache-2.0
// What our documents ask of JSON beyond its grammar.
#pragma once

#include <string>
#include <string_view>

namespace vedette::inline v0::detail {

/// Why `text` is no JSON document with a single meaning: not JSON, a key given twice, a zero byte, or deeper than
/// `max_depth`; "" when it is one.
[[nodiscard]] std::string strict_json_fault(std::string_view text, int max_depth);

}  // namespace vedette::inline v0::detail
