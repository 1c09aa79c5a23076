// SPDX-License-Identifier: Apache-2.0
// A score whose kind is chosen by name at run time: what baselines, the guard, the C interface and the tool are built
// on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// What the rows of a kind are. The values are written into files and never change.
enum class ScoreInput : std::uint8_t {
    features = 0,   ///< the model's input, a number per feature
    embedding = 1,  ///< the output of a hidden layer
    logits = 2,     ///< the model's output before its softmax, a number per class
    scores = 3,     ///< values of other scores, in an order of the caller's
    model = 4,      ///< the model's input, about changed copies of which the model is asked (QueryScore)
};

/// "features", "embedding", "logits", "scores" or "model".
const char* score_input_name(ScoreInput input) noexcept;

/// One kind of score.
struct ScoreKindInfo {
    const char* name;  ///< e.g. "mahalanobis"
    ScoreInput input;
    bool needs_reference;    ///< whether it is fitted to rows; a score of logits alone is not
    bool has_contributions;  ///< whether it says what each entry of the row adds to the score
};

/// All kinds, in a fixed order.
std::span<const ScoreKindInfo> score_kinds() noexcept;
/// Throws Error(invalid_argument), with all names, for an unknown one.
const ScoreKindInfo& score_kind(std::string_view name);

class QueryScore;

/// What a score is fitted to; only what the kind uses need be there. Nothing of it is kept by reference.
struct ScoreReference {
    /// Of `ScoreInput`'s form; rows that the model knows, and that take no part in calibration.
    MatrixView<float> rows{};
    /// The class of each row, true or predicted; none: all rows are of one class.
    std::span<const std::uint32_t> labels{};
    std::size_t class_count = 0;  ///< 0: the largest label and 1
    /// The last layer of the model, logits = weights x embedding + bias: a row per class.
    MatrixView<float> head_weights{};
    std::span<const float> head_bias{};
};

/// A fitted score of any kind. Immutable, cheap to copy (shared state), safe to share between any number of threads;
/// scoring is noexcept, without allocation or locks, and costs one virtual call besides. Higher is more anomalous.
///
/// A moved-from object may only be assigned to or destroyed.
class AnyScore {
  public:
    /// NaN ("could not tell") for a row of another width, for a score that asks the model (see `asks`), and as the
    /// class of that kind documents.
    [[nodiscard]] double score(std::span<const float> row) const noexcept;
    /// The same, and what each entry of the row adds to it; their sum is the score. NaN, and contributions untouched,
    /// where the kind has none or they are not as many as entries.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    /// The score itself where it asks the model, and so has no answer by the row alone; null where it does not.
    [[nodiscard]] const QueryScore* asks() const noexcept;
    explicit AnyScore(const QueryScore& score);

    [[nodiscard]] const ScoreKindInfo& kind() const noexcept;
    /// Entries of a row; 0 where any number is taken (a score of logits that was told no number of classes).
    [[nodiscard]] std::size_t width() const noexcept;
    /// By how much, relatively, what the score keeps in fewer bits than it was computed with may change the distance
    /// that it is made of: MahalanobisScore::storage_error; 0 of every other kind.
    [[nodiscard]] double storage_error() const noexcept;
    /// All options, as one line of JSON that `fit_score` takes; keys in a fixed order.
    [[nodiscard]] std::string options_json() const;

    /// The bytes of the class itself (core/container.hpp), which its `deserialize` reads too.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Reads a score of any kind: the same bits for every row. Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static AnyScore deserialize(std::span<const std::byte> bytes);

    /// What a kind is to this class; private in all but name.
    struct Model;
    explicit AnyScore(std::shared_ptr<const Model> model) noexcept : model_(std::move(model)) {}

  private:
    std::shared_ptr<const Model> model_;
};

/// Fits a score. `options` is a JSON object, `{"rank": 64}`, or the same as `rank=64, relative=true`; empty = all
/// defaults. Names and values are those of the kind's option struct. A score of logits takes `classes` from the width
/// of the reference's rows, where there are any and the options do not name it.
///
/// Throws Error: invalid_argument for an unknown kind or option, a value of another type or out of range; and as the
/// constructor of the kind's class does.
/// Kinds that ask the model: `squeezers` of feature_squeezing is a text, `bit_depth:5 median:2
/// non_local_means:11:3:0.0157`; `width` of noise_stability is the reference's where there is one; the `overlays` of
/// strip are so many rows of the reference, evenly spaced.
AnyScore fit_score(std::string_view kind, std::string_view options = {}, const ScoreReference& reference = {});

/// The default options of a kind, as one line of JSON.
std::string score_defaults(std::string_view kind);

}  // namespace vedette::inline v0::perturbation
