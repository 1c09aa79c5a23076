// SPDX-License-Identifier: Apache-2.0
// Scores by name: the table of kinds, options as text, and files.
#include "vedette/perturbation/any_score.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "perturbation/asking_score_kinds.hpp"
#include "perturbation/basic_score_kinds.hpp"
#include "perturbation/embedding_score_kinds.hpp"
#include "perturbation/tabular_score_kinds.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

using detail::Option;
using detail::OptionList;
using ModelPointer = std::shared_ptr<const AnyScore::Model>;

struct Kind {
    ScoreKindInfo info;
    const char* file_kind;
    ModelPointer (*fit)(const char* name, const OptionList&, const ScoreReference&);
    ModelPointer (*read)(std::span<const std::byte>);
    OptionList (*defaults)();
};

template <class S>
typename ScoreTraits<S>::Options read_options(const char* name, const OptionList& given) {
    typename ScoreTraits<S>::Options options;
    for (const Option& option : given) {
        if (detail::read_field(options, detail::OptionOwner{"score", name}, option, ScoreTraits<S>::fields)) continue;
        std::string known;
        for (const auto& field : ScoreTraits<S>::fields)
            known += fmt::format("{}{}", known.empty() ? "" : ", ", field.key);
        detail::refuse_option({"score", name}, option.key,
                              known.empty() ? "is not known: this kind has no options"
                                            : fmt::format("is not known; there are {}", known));
    }
    return options;
}

template <class S>
constexpr Kind kind_of(const char* name, ScoreInput input) {
    bool needs_reference = true;
    if constexpr (requires { ScoreTraits<S>::needs_reference; }) needs_reference = ScoreTraits<S>::needs_reference;
    return {
        {name, input, needs_reference, ContributingScore<S>},
        ScoreTraits<S>::file_kind,
        [](const char* kind, const OptionList& given, const ScoreReference& reference) -> ModelPointer {
            return std::make_shared<ScoreModel<S>>(ScoreTraits<S>::fit(kind, read_options<S>(kind, given), reference));
        },
        [](std::span<const std::byte> bytes) -> ModelPointer {
            return std::make_shared<ScoreModel<S>>(S::deserialize(bytes));
        },
        [] { return detail::list_fields(typename ScoreTraits<S>::Options{}, ScoreTraits<S>::fields); }};
}

// A line per kind.
constexpr std::array kinds{
    kind_of<LogitScore>("max_softmax", ScoreInput::logits),
    kind_of<LogitScore>("max_logit", ScoreInput::logits),
    kind_of<LogitScore>("energy", ScoreInput::logits),
    kind_of<LogitScore>("generalised_entropy", ScoreInput::logits),
    kind_of<LogitScore>("entropy", ScoreInput::logits),
    kind_of<LogitScore>("margin", ScoreInput::logits),
    kind_of<MatchingScore>("kl_matching", ScoreInput::logits),
    kind_of<MahalanobisScore>("mahalanobis", ScoreInput::embedding),
    kind_of<SubspaceScore>("residual", ScoreInput::embedding),
    kind_of<SubspaceScore>("vim", ScoreInput::embedding),
    kind_of<NeighbourScore>("nearest_neighbours", ScoreInput::embedding),
    kind_of<NeighbourScore>("local_intrinsic_dimensionality", ScoreInput::embedding),
    kind_of<MixtureScore>("gaussian_mixture", ScoreInput::embedding),
    kind_of<MixtureScore>("typicality", ScoreInput::embedding),
    kind_of<HeadScore>("class_prototype", ScoreInput::embedding),
    kind_of<HeadScore>("fdbd", ScoreInput::embedding),
    kind_of<HeadScore>("nci", ScoreInput::embedding),
    kind_of<HeadScore>("react", ScoreInput::embedding),
    kind_of<ShapedEnergyScore>("ash_p", ScoreInput::embedding),
    kind_of<ShapedEnergyScore>("ash_b", ScoreInput::embedding),
    kind_of<ShapedEnergyScore>("ash_s", ScoreInput::embedding),
    kind_of<ShapedEnergyScore>("scale", ScoreInput::embedding),
    kind_of<TailScore>("ecod", ScoreInput::features),
    kind_of<TailScore>("ecod_pyod", ScoreInput::features),
    kind_of<TailScore>("copod_pyod", ScoreInput::features),
    kind_of<IsolationForest>("isolation_forest", ScoreInput::features),
    kind_of<HistogramScore>("hbos", ScoreInput::features),
    kind_of<HistogramScore>("hbos_dynamic", ScoreInput::features),
    kind_of<HistogramScore>("hbos_pyod", ScoreInput::features),
    kind_of<LocalOutlierFactor>("local_outlier_factor", ScoreInput::features),
    kind_of<Loda>("loda", ScoreInput::features),
    kind_of<HalfSpaceTrees>("half_space_trees", ScoreInput::features),
    kind_of<HalfSpaceTrees>("half_space_trees_river", ScoreInput::features),
    kind_of<CombinedScore>("combination", ScoreInput::scores),
    kind_of<AskingScore<QueryScoreKind::feature_squeezing>>("feature_squeezing", ScoreInput::model),
    kind_of<AskingScore<QueryScoreKind::strip>>("strip", ScoreInput::model),
    kind_of<AskingScore<QueryScoreKind::noise_stability>>("noise_stability", ScoreInput::model),
    kind_of<AskingScore<QueryScoreKind::marginal_resampling>>("marginal_resampling", ScoreInput::model),
};

constexpr auto infos = [] {
    std::array<ScoreKindInfo, kinds.size()> all{};
    for (std::size_t i = 0; i < kinds.size(); ++i) all[i] = kinds[i].info;
    return all;
}();

const Kind& entry(std::string_view name) {
    std::string known;
    for (const Kind& kind : kinds) {
        if (name == kind.info.name) return kind;
        known += fmt::format("{}{}", known.empty() ? "" : ", ", kind.info.name);
    }
    throw Error(ErrorCode::invalid_argument, fmt::format("score: there is no kind \"{}\"; there are {}", name, known));
}

}  // namespace

const char* score_input_name(ScoreInput input) noexcept {
    switch (input) {
        case ScoreInput::features: return "features";
        case ScoreInput::embedding: return "embedding";
        case ScoreInput::logits: return "logits";
        case ScoreInput::scores: return "scores";
        case ScoreInput::model: return "model";
    }
    return "unknown";
}

std::span<const ScoreKindInfo> score_kinds() noexcept {
    return infos;
}

const ScoreKindInfo& score_kind(std::string_view name) {
    return infos[static_cast<std::size_t>(&entry(name) - kinds.data())];
}

AnyScore fit_score(std::string_view kind, std::string_view options, const ScoreReference& reference) {
    const Kind& wanted = entry(kind);
    if (wanted.info.needs_reference && reference.rows.rows() == 0)
        throw Error(ErrorCode::not_enough_data, fmt::format("score {}: needs reference rows", wanted.info.name));
    const OptionList given = detail::parse_options({"score", wanted.info.name}, options);
    return AnyScore(wanted.fit(wanted.info.name, given, reference));
}

std::string score_defaults(std::string_view kind) {
    return detail::write_options(entry(kind).defaults());
}

double AnyScore::score(std::span<const float> row) const noexcept {
    return model_->score(row);
}

double AnyScore::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    return model_->score(row, contributions);
}

namespace {

template <QueryScoreKind kind>
ModelPointer model_of(const QueryScore& score) {
    return std::make_shared<ScoreModel<AskingScore<kind>>>(AskingScore<kind>{score});
}

ModelPointer any_model_of(const QueryScore& score) {
    switch (score.kind()) {
        case QueryScoreKind::feature_squeezing: return model_of<QueryScoreKind::feature_squeezing>(score);
        case QueryScoreKind::strip: return model_of<QueryScoreKind::strip>(score);
        case QueryScoreKind::noise_stability: return model_of<QueryScoreKind::noise_stability>(score);
        case QueryScoreKind::marginal_resampling: break;
    }
    return model_of<QueryScoreKind::marginal_resampling>(score);
}

}  // namespace

AnyScore::AnyScore(const QueryScore& score) : model_(any_model_of(score)) {}

const QueryScore* AnyScore::asks() const noexcept {
    return model_->asks();
}

const ScoreKindInfo& AnyScore::kind() const noexcept {
    const std::string_view name = model_->kind();
    for (const ScoreKindInfo& info : infos)
        if (name == info.name) return info;
    return infos.front();
}

std::size_t AnyScore::width() const noexcept {
    return model_->width();
}

double AnyScore::storage_error() const noexcept {
    return model_->storage_error();
}

std::string AnyScore::options_json() const {
    return detail::write_options(model_->options());
}

std::vector<std::byte> AnyScore::serialize() const {
    return model_->serialize();
}

AnyScore AnyScore::deserialize(std::span<const std::byte> bytes) {
    const std::string kind = Container::view(bytes).kind();
    for (const Kind& known : kinds)
        if (kind == known.file_kind) return AnyScore(known.read(bytes));
    throw Error(ErrorCode::corrupt_data, fmt::format("score: a file of kind \"{}\" holds no score", kind));
}

}  // namespace vedette::inline v0::perturbation
