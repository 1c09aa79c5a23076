// SPDX-License-Identifier: Apache-2.0
// Scores of embeddings and the model's last layer, and KL-matching, as kinds of AnyScore.
#pragma once

#include "perturbation/score_model.hpp"
#include "vedette/perturbation/head_scores.hpp"
#include "vedette/perturbation/matching_score.hpp"
#include "vedette/perturbation/mixture_score.hpp"
#include "vedette/perturbation/neighbour_score.hpp"
#include "vedette/perturbation/subspace_score.hpp"

namespace vedette::inline v0::perturbation {

template <>
struct ScoreTraits<SubspaceScore> {
    using Options = SubspaceScoreOptions;
    static constexpr const char* file_kind = "subspace_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::dimension>::field("dimension"),
    };
    static SubspaceScore fit(std::string_view kind, const Options& options, const ScoreReference& reference) {
        return {kind == "vim" ? SubspaceScoreKind::vim : SubspaceScoreKind::residual, reference.rows,
                reference.head_weights, reference.head_bias, options};
    }
    static std::string_view kind(const SubspaceScore& score) noexcept { return subspace_score_name(score.kind()); }
    static const Options& options(const SubspaceScore& score) noexcept { return score.options(); }
    static std::size_t width(const SubspaceScore& score) noexcept { return score.dimension(); }
};

constexpr const char* neighbour_scan_names[] = {"float32", "int8"};
constexpr std::span<const char* const> words_of(NeighbourScan) {
    return neighbour_scan_names;
}

template <>
struct ScoreTraits<NeighbourScore> {
    using Options = NeighbourScoreOptions;
    static constexpr const char* file_kind = "neighbour_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::neighbours>::field("neighbours"),
        detail::MemberOf<&Options::scan>::field("scan"),
        detail::MemberOf<&Options::coreset>::field("coreset"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    static NeighbourScore fit(std::string_view kind, Options options, const ScoreReference& reference) {
        options.kind = kind == neighbour_score_name(NeighbourScoreKind::distance)
                           ? NeighbourScoreKind::distance
                           : NeighbourScoreKind::intrinsic_dimensionality;
        return NeighbourScore(reference.rows, options);
    }
    static std::string_view kind(const NeighbourScore& score) noexcept {
        return neighbour_score_name(score.options().kind);
    }
    static const Options& options(const NeighbourScore& score) noexcept { return score.options(); }
    static std::size_t width(const NeighbourScore& score) noexcept { return score.dimension(); }
};

constexpr const char* mixture_covariance_names[] = {"diagonal", "full"};
constexpr std::span<const char* const> words_of(MixtureCovariance) {
    return mixture_covariance_names;
}

template <>
struct ScoreTraits<MixtureScore> {
    using Options = MixtureScoreOptions;
    static constexpr const char* file_kind = "mixture_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::components>::field("components"),
        detail::MemberOf<&Options::covariance>::field("covariance"),
        detail::MemberOf<&Options::regularisation>::field("regularisation"),
        detail::MemberOf<&Options::tolerance>::field("tolerance"),
        detail::MemberOf<&Options::most_iterations>::field("most_iterations"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    static MixtureScore fit(std::string_view kind, Options options, const ScoreReference& reference) {
        options.kind = kind == mixture_score_name(MixtureScoreKind::typicality)
                           ? MixtureScoreKind::typicality
                           : MixtureScoreKind::negative_log_likelihood;
        return MixtureScore(reference.rows, options);
    }
    static std::string_view kind(const MixtureScore& score) noexcept {
        return mixture_score_name(score.options().kind);
    }
    static const Options& options(const MixtureScore& score) noexcept { return score.options(); }
    static std::size_t width(const MixtureScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<HeadScore> {
    using Options = HeadScoreOptions;
    static constexpr const char* file_kind = "head_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::alpha>::field("alpha"),
        detail::MemberOf<&Options::percentile>::field("percentile"),
    };
    static HeadScore fit(std::string_view kind, const Options& options, const ScoreReference& reference) {
        unsigned place = 0;
        while (place < 3 && kind != head_score_name(static_cast<HeadScoreKind>(place))) ++place;
        const ReferenceClasses classes(reference);
        return {static_cast<HeadScoreKind>(place),
                reference.rows,
                classes.labels,
                reference.head_weights,
                reference.head_bias,
                options};
    }
    static std::string_view kind(const HeadScore& score) noexcept { return head_score_name(score.kind()); }
    static const Options& options(const HeadScore& score) noexcept { return score.options(); }
    static std::size_t width(const HeadScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<ShapedEnergyScore> {
    using Options = ShapedEnergyOptions;
    static constexpr const char* file_kind = "shaped_energy_score";
    static constexpr bool needs_reference = false;
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::percentile>::field("percentile"),
    };
    static ShapedEnergyScore fit(std::string_view kind, const Options& options, const ScoreReference& reference) {
        unsigned place = 0;
        while (place < 3 && kind != shaped_energy_name(static_cast<ShapedEnergyKind>(place))) ++place;
        return {static_cast<ShapedEnergyKind>(place), reference.head_weights, reference.head_bias, options};
    }
    static std::string_view kind(const ShapedEnergyScore& score) noexcept { return shaped_energy_name(score.kind()); }
    static const Options& options(const ShapedEnergyScore& score) noexcept { return score.options(); }
    static std::size_t width(const ShapedEnergyScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<MatchingScore> {
    using Options = NoScoreOptions;
    static constexpr const char* file_kind = "matching_score";
    static constexpr auto fields = no_score_fields;
    static MatchingScore fit(std::string_view, const Options&, const ScoreReference& reference) {
        return MatchingScore(reference.rows);
    }
    static std::string_view kind(const MatchingScore&) noexcept { return "kl_matching"; }
    static Options options(const MatchingScore&) noexcept { return {}; }
    static std::size_t width(const MatchingScore& score) noexcept { return score.dimension(); }
};

}  // namespace vedette::inline v0::perturbation
