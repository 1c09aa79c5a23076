// SPDX-License-Identifier: Apache-2.0
// The scores of logits, of Gaussian classes and of empirical tails, as kinds of AnyScore.
#pragma once

#include "perturbation/score_model.hpp"
#include "vedette/perturbation/combined_score.hpp"
#include "vedette/perturbation/embedding_scores.hpp"
#include "vedette/perturbation/logit_scores.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace vedette::inline v0::perturbation {

/// Of the `count` first values of an enumeration, the one of that name.
template <class Kind, class Name>
Kind kind_named(std::string_view wanted, unsigned count, Name&& name_of) {
    unsigned i = 0;
    while (i + 1 < count && wanted != name_of(static_cast<Kind>(i))) ++i;
    return static_cast<Kind>(i);
}

template <>
struct ScoreTraits<LogitScore> {
    using Options = LogitScoreOptions;
    static constexpr const char* file_kind = "logit_score";
    static constexpr bool needs_reference = false;
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::temperature>::field("temperature"),
        detail::MemberOf<&Options::gamma>::field("gamma"),
        detail::MemberOf<&Options::largest_classes>::field("largest_classes"),
        detail::MemberOf<&Options::classes>::field("classes"),
    };
    static LogitScore fit(std::string_view kind, Options options, const ScoreReference& reference) {
        if (options.classes == 0) options.classes = reference.rows.columns();
        return LogitScore(kind_named<LogitScoreKind>(kind, 6, logit_score_name), options);
    }
    static std::string_view kind(const LogitScore& score) noexcept { return logit_score_name(score.kind()); }
    static const Options& options(const LogitScore& score) noexcept { return score.options(); }
    static std::size_t width(const LogitScore& score) noexcept { return score.options().classes; }
};

inline constexpr const char* map_storage_words[] = {"float32", "int16"};
constexpr std::span<const char* const> words_of(MapStorage) {
    return map_storage_words;
}

template <>
struct ScoreTraits<MahalanobisScore> {
    using Options = MahalanobisOptions;
    static constexpr const char* file_kind = "mahalanobis_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::relative>::field("relative"),
        detail::MemberOf<&Options::normalise>::field("normalise"),
        detail::MemberOf<&Options::rank>::field("rank"),
        detail::MemberOf<&Options::storage>::field("storage"),
    };
    static MahalanobisScore fit(std::string_view, const Options& options, const ScoreReference& reference) {
        const ReferenceClasses classes(reference);
        return {reference.rows, classes.labels, classes.count, options};
    }
    static std::string_view kind(const MahalanobisScore&) noexcept { return "mahalanobis"; }
    static const Options& options(const MahalanobisScore& score) noexcept { return score.options(); }
    static std::size_t width(const MahalanobisScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<TailScore> {
    using Options = NoScoreOptions;
    static constexpr const char* file_kind = "tail_score";
    static constexpr auto fields = no_score_fields;
    static TailScore fit(std::string_view kind, const Options&, const ScoreReference& reference) {
        return TailScore(reference.rows, kind_named<TailScoreKind>(kind, 3, tail_score_name));
    }
    static std::string_view kind(const TailScore& score) noexcept { return tail_score_name(score.kind()); }
    static Options options(const TailScore&) noexcept { return {}; }
    static std::size_t width(const TailScore& score) noexcept { return score.dimension(); }
};

template <>
struct ScoreTraits<CombinedScore> {
    using Options = CombinedScoreOptions;
    static constexpr const char* file_kind = "combined_score";
    static constexpr detail::OptionField<Options> fields[] = {
        detail::MemberOf<&Options::ridge>::field("ridge"),
    };
    static CombinedScore fit(std::string_view, const Options& options, const ScoreReference& reference) {
        return CombinedScore(reference.rows, reference.labels, options);
    }
    static std::string_view kind(const CombinedScore&) noexcept { return "combination"; }
    static const Options& options(const CombinedScore& score) noexcept { return score.options(); }
    static std::size_t width(const CombinedScore& score) noexcept { return score.dimension(); }
};

}  // namespace vedette::inline v0::perturbation
