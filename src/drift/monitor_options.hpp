// SPDX-License-Identifier: Apache-2.0
// The options of monitors by name.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/named_options.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/e_detector.hpp"
#include "vedette/drift/e_process.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/mean_monitor.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace vedette::inline v0::drift {

using detail::find_option;
using detail::list_fields;
using detail::MemberOf;
using detail::Option;
using detail::OptionField;
using detail::OptionList;
using detail::OptionValue;
using detail::same_value;
using detail::write_options;

// Those of core, for the options of a monitor of that kind.
inline OptionList parse_options(const char* monitor, std::string_view text) {
    return detail::parse_options({"monitor", monitor}, text);
}
[[noreturn]] inline void refuse_option(const char* monitor, std::string_view option, const std::string& what) {
    detail::refuse_option({"monitor", monitor}, option, what);
}
inline double read_number(const char* monitor, std::string_view option, const OptionValue& value) {
    return detail::read_number({"monitor", monitor}, option, value);
}
inline std::uint64_t read_whole(const char* monitor, std::string_view option, const OptionValue& value,
                                std::uint64_t most) {
    return detail::read_whole({"monitor", monitor}, option, value, most);
}
template <class Options, std::size_t n>
bool read_field(Options& options, const char* monitor, const Option& given, const OptionField<Options> (&fields)[n]) {
    return detail::read_field(options, detail::OptionOwner{"monitor", monitor}, given, fields);
}

// The words of each choice, in the order of its values.
inline constexpr const char* direction_words[] = {"up", "down", "both"};
inline constexpr const char* adwin_words[] = {"river", "moa"};
inline constexpr const char* page_hinkley_words[] = {"page", "moa"};
inline constexpr const char* ddm_words[] = {"gama", "river", "moa"};
inline constexpr const char* eddm_words[] = {"baena_garcia", "river", "moa"};
inline constexpr const char* hddm_w_words[] = {"frias_blanco", "river"};
inline constexpr const char* kswin_words[] = {"raab", "river"};
inline constexpr const char* stepd_words[] = {"nishida", "moa"};
inline constexpr const char* e_detector_words[] = {"shiryaev_roberts", "cusum"};
inline constexpr const char* mean_words[] = {"stitched", "betting", "proportion"};
constexpr std::span<const char* const> words_of(MeanRule) {
    return mean_words;
}
constexpr std::span<const char* const> words_of(Direction) {
    return direction_words;
}
constexpr std::span<const char* const> words_of(AdwinRule) {
    return adwin_words;
}
constexpr std::span<const char* const> words_of(PageHinkleyRule) {
    return page_hinkley_words;
}
constexpr std::span<const char* const> words_of(DdmRule) {
    return ddm_words;
}
constexpr std::span<const char* const> words_of(EddmRule) {
    return eddm_words;
}
constexpr std::span<const char* const> words_of(HddmWRule) {
    return hddm_w_words;
}
constexpr std::span<const char* const> words_of(KswinRule) {
    return kswin_words;
}
constexpr std::span<const char* const> words_of(StepdRule) {
    return stepd_words;
}
constexpr std::span<const char* const> words_of(EDetectorRule) {
    return e_detector_words;
}

#define VEDETTE_OPTION(Options, name) MemberOf<&Options::name>::field(#name)
inline constexpr OptionField<AdwinOptions> adwin_fields[] = {
    VEDETTE_OPTION(AdwinOptions, delta),
    VEDETTE_OPTION(AdwinOptions, clock),
    VEDETTE_OPTION(AdwinOptions, max_buckets),
    VEDETTE_OPTION(AdwinOptions, min_window_length),
    VEDETTE_OPTION(AdwinOptions, grace_period),
    VEDETTE_OPTION(AdwinOptions, rule),
    VEDETTE_OPTION(AdwinOptions, restart_after_change),
};
inline constexpr OptionField<PageHinkleyOptions> page_hinkley_fields[] = {
    VEDETTE_OPTION(PageHinkleyOptions, minimum_observations),
    VEDETTE_OPTION(PageHinkleyOptions, delta),
    VEDETTE_OPTION(PageHinkleyOptions, threshold),
    VEDETTE_OPTION(PageHinkleyOptions, forgetting),
    VEDETTE_OPTION(PageHinkleyOptions, direction),
    VEDETTE_OPTION(PageHinkleyOptions, rule),
};
inline constexpr OptionField<CusumOptions> cusum_fields[] = {
    VEDETTE_OPTION(CusumOptions, mean),       VEDETTE_OPTION(CusumOptions, sd),
    VEDETTE_OPTION(CusumOptions, slack),      VEDETTE_OPTION(CusumOptions, threshold),
    VEDETTE_OPTION(CusumOptions, head_start), VEDETTE_OPTION(CusumOptions, direction),
};
inline constexpr OptionField<EwmaChartOptions> ewma_chart_fields[] = {
    VEDETTE_OPTION(EwmaChartOptions, mean),          VEDETTE_OPTION(EwmaChartOptions, sd),
    VEDETTE_OPTION(EwmaChartOptions, weight),        VEDETTE_OPTION(EwmaChartOptions, width),
    VEDETTE_OPTION(EwmaChartOptions, warning_width), VEDETTE_OPTION(EwmaChartOptions, time_varying_limits),
    VEDETTE_OPTION(EwmaChartOptions, direction),
};
inline constexpr OptionField<DdmOptions> ddm_fields[] = {
    VEDETTE_OPTION(DdmOptions, warm_start),
    VEDETTE_OPTION(DdmOptions, warning_level),
    VEDETTE_OPTION(DdmOptions, drift_level),
    VEDETTE_OPTION(DdmOptions, rule),
};
inline constexpr OptionField<EddmOptions> eddm_fields[] = {
    VEDETTE_OPTION(EddmOptions, warm_start),
    VEDETTE_OPTION(EddmOptions, warning_level),
    VEDETTE_OPTION(EddmOptions, drift_level),
    VEDETTE_OPTION(EddmOptions, rule),
};
inline constexpr OptionField<HddmAOptions> hddm_a_fields[] = {
    VEDETTE_OPTION(HddmAOptions, drift_confidence),
    VEDETTE_OPTION(HddmAOptions, warning_confidence),
    VEDETTE_OPTION(HddmAOptions, direction),
};
inline constexpr OptionField<HddmWOptions> hddm_w_fields[] = {
    VEDETTE_OPTION(HddmWOptions, drift_confidence),
    VEDETTE_OPTION(HddmWOptions, warning_confidence),
    VEDETTE_OPTION(HddmWOptions, weight),
    VEDETTE_OPTION(HddmWOptions, direction),
    VEDETTE_OPTION(HddmWOptions, rule),
};
inline constexpr OptionField<KswinOptions> kswin_fields[] = {
    VEDETTE_OPTION(KswinOptions, level), VEDETTE_OPTION(KswinOptions, window), VEDETTE_OPTION(KswinOptions, recent),
    VEDETTE_OPTION(KswinOptions, seed),  VEDETTE_OPTION(KswinOptions, rule),
};
inline constexpr OptionField<StepdOptions> stepd_fields[] = {
    VEDETTE_OPTION(StepdOptions, window),        VEDETTE_OPTION(StepdOptions, drift_level),
    VEDETTE_OPTION(StepdOptions, warning_level), VEDETTE_OPTION(StepdOptions, direction),
    VEDETTE_OPTION(StepdOptions, rule),
};
inline constexpr OptionField<IncrementalKsOptions> incremental_ks_fields[] = {
    VEDETTE_OPTION(IncrementalKsOptions, window),
    VEDETTE_OPTION(IncrementalKsOptions, level),
    VEDETTE_OPTION(IncrementalKsOptions, threshold),
};
inline constexpr OptionField<EProcessOptions> e_process_fields[] = {
    VEDETTE_OPTION(EProcessOptions, level),
    VEDETTE_OPTION(EProcessOptions, cells),
    VEDETTE_OPTION(EProcessOptions, seed),
};
inline constexpr OptionField<EDetectorOptions> e_detector_fields[] = {
    VEDETTE_OPTION(EDetectorOptions, average_run_length),
    VEDETTE_OPTION(EDetectorOptions, rule),
    VEDETTE_OPTION(EDetectorOptions, cells),
    VEDETTE_OPTION(EDetectorOptions, seed),
};
inline constexpr OptionField<HarmOptions> harm_monitor_fields[] = {
    VEDETTE_OPTION(HarmOptions, tolerated),
    VEDETTE_OPTION(HarmOptions, level),
    VEDETTE_OPTION(HarmOptions, warning_level),
    VEDETTE_OPTION(HarmOptions, intrinsic_time),
};
inline constexpr OptionField<MeanOptions> mean_monitor_fields[] = {
    VEDETTE_OPTION(MeanOptions, least), VEDETTE_OPTION(MeanOptions, most),  VEDETTE_OPTION(MeanOptions, level),
    VEDETTE_OPTION(MeanOptions, rule),  VEDETTE_OPTION(MeanOptions, cells),
};
#undef VEDETTE_OPTION

}  // namespace vedette::inline v0::drift
