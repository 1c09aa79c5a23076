// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model, as kinds of AnyScore: without the model they have no answer.
#pragma once

#include <cmath>

#include "perturbation/score_model.hpp"
#include "vedette/perturbation/query_score.hpp"

namespace vedette::inline v0::perturbation {

template <QueryScoreKind wanted>
struct AskingScore {
    QueryScore asked;

    [[nodiscard]] double score(std::span<const float>) const noexcept {
        return std::numeric_limits<double>::quiet_NaN();
    }
    [[nodiscard]] std::vector<std::byte> serialize() const { return asked.serialize(); }
    [[nodiscard]] static AskingScore deserialize(std::span<const std::byte> bytes) {
        return {QueryScore::deserialize(bytes)};
    }
};

/// A number of a struct within an option struct, and floats, which other kinds do not have.
template <auto read, class Options>
constexpr detail::OptionField<Options> number_field(const char* key) {
    using Value = std::remove_reference_t<decltype(read(std::declval<Options&>()))>;
    return {key,
            [](Options& target, detail::OptionOwner owner, const char* name, const detail::OptionValue& value) {
                read(target) = static_cast<Value>(
                    detail::read_option<std::conditional_t<std::is_floating_point_v<Value>, double, Value>>(owner, name,
                                                                                                            value));
            },
            [](const Options& source) -> detail::OptionValue {
                Options copy = source;
                if constexpr (std::is_floating_point_v<Value>) {
                    return static_cast<double>(read(copy));
                } else {
                    return std::uint64_t{read(copy)};
                }
            }};
}

/// A bound of the copies' values: infinite (none) unless it is given, and then not written.
template <auto member, class Options>
constexpr detail::OptionField<Options> bound_field(const char* key) {
    return {key,
            [](Options& target, detail::OptionOwner owner, const char* name, const detail::OptionValue& value) {
                const auto* const word = std::get_if<std::string>(&value);
                if (word != nullptr && *word == "none") return;
                target.*member = static_cast<float>(detail::read_number(owner, name, value));
            },
            [](const Options& source) -> detail::OptionValue {
                if (std::isinf(source.*member)) return std::string("none");
                return static_cast<double>(source.*member);
            }};
}

/// "bit_depth:5 median:2 non_local_means:11:3:0.0157".
std::vector<Squeezer> read_squeezers(detail::OptionOwner owner, const char* key, std::string_view text);
std::string write_squeezers(std::span<const Squeezer> squeezers);

template <>
struct ScoreTraits<AskingScore<QueryScoreKind::feature_squeezing>> {
    struct Options : FeatureSqueezingOptions {
        Options() { squeezers = {Squeezer::bit_depth(5), Squeezer::median(2)}; }
        explicit Options(const FeatureSqueezingOptions& given) : FeatureSqueezingOptions(given) {}
    };
    static constexpr const char* file_kind = "feature_squeezing";
    static constexpr bool needs_reference = false;
    static constexpr detail::OptionField<Options> fields[] = {
        number_field<[](Options& o) -> std::size_t& { return o.shape.height; }, Options>("height"),
        number_field<[](Options& o) -> std::size_t& { return o.shape.width; }, Options>("width"),
        number_field<[](Options& o) -> std::size_t& { return o.shape.channels; }, Options>("channels"),
        number_field<[](Options& o) -> float& { return o.highest; }, Options>("highest"),
        {"squeezers",
         [](Options& target, detail::OptionOwner owner, const char* key, const detail::OptionValue& value) {
             const auto* const text = std::get_if<std::string>(&value);
             if (text == nullptr) detail::refuse_option(owner, key, "must be a text");
             target.squeezers = read_squeezers(owner, key, *text);
         },
         [](const Options& source) -> detail::OptionValue { return write_squeezers(source.squeezers); }},
    };
    using Score = AskingScore<QueryScoreKind::feature_squeezing>;
    static Score fit(std::string_view, const Options& options, const ScoreReference&) {
        return {QueryScore::feature_squeezing(options)};
    }
    static std::string_view kind(const Score& score) noexcept { return query_score_name(score.asked.kind()); }
    static Options options(const Score& score) { return Options(std::get<0>(score.asked.options())); }
    static std::size_t width(const Score& score) noexcept { return score.asked.width(); }
};

template <>
struct ScoreTraits<AskingScore<QueryScoreKind::strip>> {
    struct Options : StripOptions {
        std::size_t overlays = 100;
    };
    static constexpr const char* file_kind = "strip";
    static constexpr detail::OptionField<Options> fields[] = {
        number_field<[](Options& o) -> std::size_t& { return o.overlays; }, Options>("overlays"),
        number_field<[](Options& o) -> float& { return o.row_weight; }, Options>("row_weight"),
        number_field<[](Options& o) -> float& { return o.overlay_weight; }, Options>("overlay_weight"),
        bound_field<&StripOptions::lowest, Options>("lowest"),
        bound_field<&StripOptions::highest, Options>("highest"),
    };
    using Score = AskingScore<QueryScoreKind::strip>;
    static Score fit(std::string_view kind, const Options& options, const ScoreReference& reference) {
        if (options.overlays == 0) detail::refuse_option({"score", kind.data()}, "overlays", "must be at least 1");
        const std::size_t n = reference.rows.rows(), d = reference.rows.columns();
        const std::size_t count = std::min(n, options.overlays);
        std::vector<float> overlays;
        overlays.reserve(count * d);
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t j = 0; j < d; ++j) overlays.push_back(reference.rows(k * n / count, j));
        return {QueryScore::strip(MatrixView<float>::row_major(overlays.data(), count, d), options)};
    }
    static std::string_view kind(const Score& score) noexcept { return query_score_name(score.asked.kind()); }
    static Options options(const Score& score) {
        return {std::get<1>(score.asked.options()), score.asked.queries_per_row()};
    }
    static std::size_t width(const Score& score) noexcept { return score.asked.width(); }
};

template <>
struct ScoreTraits<AskingScore<QueryScoreKind::noise_stability>> {
    using Options = NoiseStabilityOptions;
    static constexpr const char* file_kind = "noise_stability";
    static constexpr bool needs_reference = false;
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::width>::field("width"),
        detail::MemberOf<&Options::copies>::field("copies"),
        detail::MemberOf<&Options::standard_deviation>::field("standard_deviation"),
        bound_field<&Options::lowest, Options>("lowest"),
        bound_field<&Options::highest, Options>("highest"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    using Score = AskingScore<QueryScoreKind::noise_stability>;
    static Score fit(std::string_view, Options options, const ScoreReference& reference) {
        if (options.width == 0) options.width = reference.rows.columns();
        return {QueryScore::noise_stability(options)};
    }
    static std::string_view kind(const Score& score) noexcept { return query_score_name(score.asked.kind()); }
    static const Options& options(const Score& score) { return std::get<2>(score.asked.options()); }
    static std::size_t width(const Score& score) noexcept { return score.asked.width(); }
};

template <>
struct ScoreTraits<AskingScore<QueryScoreKind::marginal_resampling>> {
    using Options = MarginalResamplingOptions;
    static constexpr const char* file_kind = "marginal_resampling";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::copies>::field("copies"),
        detail::MemberOf<&Options::share>::field("share"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    using Score = AskingScore<QueryScoreKind::marginal_resampling>;
    static Score fit(std::string_view, const Options& options, const ScoreReference& reference) {
        return {QueryScore::marginal_resampling(reference.rows, options)};
    }
    static std::string_view kind(const Score& score) noexcept { return query_score_name(score.asked.kind()); }
    static const Options& options(const Score& score) { return std::get<3>(score.asked.options()); }
    static std::size_t width(const Score& score) noexcept { return score.asked.width(); }
};

}  // namespace vedette::inline v0::perturbation
