// SPDX-License-Identifier: Apache-2.0
// Adjusted p-values for many tests at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// How the p-values of one family of tests are adjusted.
enum class Correction : std::uint8_t {
    none = 0,
    bonferroni = 1,           ///< family-wise error, any dependence
    holm = 2,                 ///< family-wise error, any dependence, never weaker than Bonferroni (Holm 1979)
    benjamini_hochberg = 3,   ///< false discovery rate under independence or positive dependence (1995)
    benjamini_yekutieli = 4,  ///< false discovery rate under any dependence (2001)
};

/// "none", "bonferroni", "holm", "benjamini_hochberg", "benjamini_yekutieli".
const char* correction_name(Correction correction) noexcept;

/// Adjusted p-values in the order given: reject where adjusted <= level. NaN takes no part in the family and stays NaN.
/// Throws Error(invalid_argument) for a p-value outside [0, 1]. O(n log n).
std::vector<double> adjust(std::span<const double> p_values, Correction correction);

/// The same without allocation or exceptions. `adjusted` may be the same span as `p_values`; `order` is scratch. Both
/// need p_values.size() places; returns false, writing nothing, when they are shorter or a p-value is outside [0, 1].
bool adjust(std::span<const double> p_values, Correction correction, std::span<double> adjusted,
            std::span<std::size_t> order) noexcept;

}  // namespace vedette::inline v0::stats
