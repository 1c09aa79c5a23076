// SPDX-License-Identifier: Apache-2.0
// The scores of raw features as kinds of AnyScore.
#pragma once

#include "perturbation/basic_score_kinds.hpp"
#include "vedette/perturbation/half_space_trees.hpp"
#include "vedette/perturbation/histogram_score.hpp"
#include "vedette/perturbation/isolation_forest.hpp"
#include "vedette/perturbation/local_outlier_factor.hpp"
#include "vedette/perturbation/loda.hpp"

namespace vedette::inline v0::perturbation {

template <>
struct ScoreTraits<IsolationForest> {
    using Options = IsolationForestOptions;
    static constexpr const char* file_kind = "isolation_forest";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::trees>::field("trees"),
        detail::MemberOf<&Options::sample_size>::field("sample_size"),
        detail::MemberOf<&Options::extension>::field("extension"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    static IsolationForest fit(std::string_view, const Options& options, const ScoreReference& reference) {
        return IsolationForest(reference.rows, options);
    }
    static std::string_view kind(const IsolationForest&) noexcept { return "isolation_forest"; }
    static Options options(const IsolationForest& score) noexcept { return score.options(); }
    static std::size_t width(const IsolationForest& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<HistogramScore> {
    using Options = HistogramScoreOptions;
    static constexpr const char* file_kind = "histogram_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::bins>::field("bins"),
    };
    static HistogramScore fit(std::string_view kind, Options options, const ScoreReference& reference) {
        options.kind = kind_named<HistogramScoreKind>(kind, 3, histogram_score_name);
        return HistogramScore(reference.rows, options);
    }
    static std::string_view kind(const HistogramScore& score) noexcept { return histogram_score_name(score.kind()); }
    static const Options& options(const HistogramScore& score) noexcept { return score.options(); }
    static std::size_t width(const HistogramScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<LocalOutlierFactor> {
    using Options = LocalOutlierFactorOptions;
    static constexpr const char* file_kind = "local_outlier_factor";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::neighbours>::field("neighbours"),
    };
    static LocalOutlierFactor fit(std::string_view, const Options& options, const ScoreReference& reference) {
        return LocalOutlierFactor(reference.rows, options);
    }
    static std::string_view kind(const LocalOutlierFactor&) noexcept { return "local_outlier_factor"; }
    static Options options(const LocalOutlierFactor& score) noexcept { return score.options(); }
    static std::size_t width(const LocalOutlierFactor& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<Loda> {
    using Options = LodaOptions;
    static constexpr const char* file_kind = "loda";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::projections>::field("projections"),
        detail::MemberOf<&Options::bins>::field("bins"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    static Loda fit(std::string_view, const Options& options, const ScoreReference& reference) {
        return Loda(reference.rows, options);
    }
    static std::string_view kind(const Loda&) noexcept { return "loda"; }
    static Options options(const Loda& score) noexcept { return score.options(); }
    static std::size_t width(const Loda& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<HalfSpaceTrees> {
    using Options = HalfSpaceTreesOptions;
    static constexpr const char* file_kind = "half_space_trees";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::trees>::field("trees"),
        detail::MemberOf<&Options::height>::field("height"),
        detail::MemberOf<&Options::window>::field("window"),
        detail::MemberOf<&Options::seed>::field("seed"),
    };
    static HalfSpaceTrees fit(std::string_view kind, Options options, const ScoreReference& reference) {
        options.kind = kind_named<HalfSpaceTreesKind>(kind, 2, half_space_trees_name);
        return HalfSpaceTrees(reference.rows, options);
    }
    static std::string_view kind(const HalfSpaceTrees& score) noexcept {
        return half_space_trees_name(score.options().kind);
    }
    static Options options(const HalfSpaceTrees& score) noexcept { return score.options(); }
    static std::size_t width(const HalfSpaceTrees& score) noexcept { return score.dimension(); }
};

}  // namespace vedette::inline v0::perturbation
