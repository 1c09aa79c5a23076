// SPDX-License-Identifier: Apache-2.0
// What AnyScore asks of each kind of score, and the one class that answers for all of them.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/named_options.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/any_score.hpp"

namespace vedette::inline v0::perturbation {

struct AnyScore::Model {
    virtual ~Model() = default;
    [[nodiscard]] virtual double score(std::span<const float> row) const noexcept = 0;
    [[nodiscard]] virtual double score(std::span<const float> row, std::span<double> contributions) const noexcept = 0;
    [[nodiscard]] virtual const QueryScore* asks() const noexcept { return nullptr; }
    [[nodiscard]] virtual std::string_view kind() const noexcept = 0;
    [[nodiscard]] virtual std::size_t width() const noexcept = 0;
    [[nodiscard]] virtual double storage_error() const noexcept = 0;
    [[nodiscard]] virtual detail::OptionList options() const = 0;
    [[nodiscard]] virtual std::vector<std::byte> serialize() const = 0;
};

/// To add a kind: specialise this for its class, then name the kind in the table of any_score.cpp.
///   using Options           its option struct, or NoScoreOptions
///   file_kind               the kind of its container
///   needs_reference         only where it is false: the kind is not fitted to rows
///   fields                  a range of detail::OptionField<Options>
///   fit(kind, options, reference) -> S
///   kind(score) -> the name in the table; options(score) -> Options; width(score)
template <class S>
struct ScoreTraits;

/// Of a class without options.
struct NoScoreOptions {};
inline constexpr std::span<const detail::OptionField<NoScoreOptions>> no_score_fields{};

template <class S>
concept ContributingScore = requires(const S& score, std::span<const float> row, std::span<double> contributions) {
    { score.score(row, contributions) }
    noexcept->std::same_as<double>;
};

template <class S>
class ScoreModel final : public AnyScore::Model {
  public:
    explicit ScoreModel(S score) : score_(std::move(score)) {}

    [[nodiscard]] double score(std::span<const float> row) const noexcept override { return score_.score(row); }
    [[nodiscard]] double score([[maybe_unused]] std::span<const float> row,
                               [[maybe_unused]] std::span<double> contributions) const noexcept override {
        if constexpr (ContributingScore<S>) {
            return score_.score(row, contributions);
        } else {
            return std::numeric_limits<double>::quiet_NaN();
        }
    }
    [[nodiscard]] const QueryScore* asks() const noexcept override {
        if constexpr (requires { score_.asked; }) {
            return &score_.asked;
        } else {
            return nullptr;
        }
    }
    [[nodiscard]] std::string_view kind() const noexcept override { return ScoreTraits<S>::kind(score_); }
    [[nodiscard]] std::size_t width() const noexcept override { return ScoreTraits<S>::width(score_); }
    [[nodiscard]] double storage_error() const noexcept override {
        if constexpr (requires { score_.storage_error(); }) {
            return score_.storage_error();
        } else {
            return 0.0;
        }
    }
    [[nodiscard]] detail::OptionList options() const override {
        return detail::list_fields(ScoreTraits<S>::options(score_), ScoreTraits<S>::fields);
    }
    [[nodiscard]] std::vector<std::byte> serialize() const override { return score_.serialize(); }

  private:
    S score_;
};

/// The labels of a reference, those of one class where it names none, and how many classes there are.
struct ReferenceClasses {
    std::vector<std::uint32_t> single;
    std::span<const std::uint32_t> labels;
    std::size_t count = 0;

    explicit ReferenceClasses(const ScoreReference& reference) : labels(reference.labels) {
        if (labels.empty()) {
            single.assign(reference.rows.rows(), 0);
            labels = single;
        }
        count = reference.class_count;
        if (count == 0 && !labels.empty()) count = std::size_t{*std::max_element(labels.begin(), labels.end())} + 1;
    }
    ReferenceClasses(const ReferenceClasses&) = delete;
    ReferenceClasses& operator=(const ReferenceClasses&) = delete;
};

}  // namespace vedette::inline v0::perturbation
