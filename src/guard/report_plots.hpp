// SPDX-License-Identifier: Apache-2.0
// Small inline SVG plots of reference against live; colours come from the page's style sheet.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "guard/render_common.hpp"

namespace vedette::inline v0::rendering {

/// Numeric features: a histogram (equal-width bins over the bulk of both samples), or a pair of bars per value where
/// the reference has few distinct ones. Empty when either side has no observation.
std::string distribution_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live);

/// Numeric features: both distribution functions, with the largest gap marked. Empty as above.
std::string cumulative_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live);

/// Categorical features: paired bars of the eight largest categories, of all the others and of the unseen ones.
std::string category_plot(const FeatureBaseline& feature, std::span<const std::uint64_t> live);

/// The moved share as a bar with its interval, and the tolerance as a mark.
std::string share_bar(const Evidence& evidence, double tolerance);

/// The moved share of one feature over the windows, with intervals and the tolerance.
std::string timeline_plot(Items items, std::size_t feature);

/// The values of a stream from the first to the last, its alarms as marks, the period shaded.
std::string stream_plot(const StreamReport& stream);

}  // namespace vedette::inline v0::rendering
