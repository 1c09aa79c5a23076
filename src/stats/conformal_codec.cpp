// SPDX-License-Identifier: Apache-2.0
// Calibrations by group and by weight as bytes, and back.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/conformal.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr const char* mondrian_kind = "mondrian_calibration";
constexpr const char* weighted_kind = "weighted_calibration";

void require(bool condition) {
    if (!condition) throw Error(ErrorCode::corrupt_data, "conformal: a file that no calibration writes");
}

// Every list is a list, every number one.
void require_ranks(const Container& file) {
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() <= 1);
}

}  // namespace

bool MondrianCalibration::is_stale() const noexcept {
    return std::any_of(groups_.begin(), groups_.end(), [](const auto& group) { return group.is_stale(); });
}

std::size_t MondrianCalibration::size() const noexcept {
    std::size_t total = 0;
    for (const ConformalCalibration& group : groups_) total += group.size();
    return total;
}

std::vector<std::byte> MondrianCalibration::serialize() const {
    ContainerWriter writer;
    std::vector<double> scores;
    std::vector<std::uint64_t> counts;
    for (const ConformalCalibration& group : groups_) {
        scores.insert(scores.end(), group.scores_.begin(), group.scores_.end());
        counts.push_back(group.size());
    }
    writer.add("scores", scores);
    writer.add("counts", counts);
    writer.add_scalar("guarantee", static_cast<std::uint8_t>(options().guarantee));
    writer.add_scalar("failure_probability", options().failure_probability);
    writer.add_scalar("stale", static_cast<std::uint8_t>(is_stale() ? 1 : 0));
    return writer.finish(mondrian_kind);
}

MondrianCalibration MondrianCalibration::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(mondrian_kind);
    require_ranks(file);
    const auto scores = file.values<double>("scores");
    const auto counts = file.values<std::uint64_t>("counts");
    const auto stale = file.scalar<std::uint8_t>("stale");
    require(file.tensors().size() == 5 && stale <= 1 && !counts.empty());
    std::vector<std::uint32_t> groups;
    groups.reserve(scores.size());
    for (std::size_t group = 0; group < counts.size(); ++group) {
        require(counts[group] >= 1 && counts[group] <= scores.size() - groups.size());
        const auto first = scores.begin() + static_cast<std::ptrdiff_t>(groups.size());
        require(std::is_sorted(first, first + static_cast<std::ptrdiff_t>(counts[group])));
        groups.insert(groups.end(), static_cast<std::size_t>(counts[group]), static_cast<std::uint32_t>(group));
    }
    require(groups.size() == scores.size());
    try {
        MondrianCalibration calibration(
            scores, groups, counts.size(),
            {.guarantee = static_cast<ConformalGuarantee>(file.scalar<std::uint8_t>("guarantee")),
             .failure_probability = file.scalar<double>("failure_probability")});
        if (stale == 1) calibration.mark_stale();
        return calibration;
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

std::vector<std::byte> WeightedCalibration::serialize() const {
    ContainerWriter writer;
    writer.add("scores", scores_);
    writer.add("above", above_);
    writer.add_scalar("scale", scale_);
    writer.add_scalar("effective_size", effective_size_);
    writer.add_scalar("stale", static_cast<std::uint8_t>(is_stale() ? 1 : 0));
    return writer.finish(weighted_kind);
}

WeightedCalibration WeightedCalibration::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(weighted_kind);
    require_ranks(file);
    const auto scores = file.values<double>("scores");
    const auto above = file.values<double>("above");
    const auto stale = file.scalar<std::uint8_t>("stale");
    WeightedCalibration calibration;
    calibration.scale_ = file.scalar<double>("scale");
    calibration.effective_size_ = file.scalar<double>("effective_size");
    require(file.tensors().size() == 5 && stale <= 1 && !scores.empty() && above.size() == scores.size() + 1);
    require(std::none_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); }));
    require(std::is_sorted(scores.begin(), scores.end()));
    // Sums of weights from 0 to 1, the largest being 1.
    const auto count = static_cast<double>(scores.size());
    require(above.back() == 0.0 && above.front() >= 1.0 && above.front() <= count * (1.0 + 1e-9));
    for (std::size_t i = 0; i < scores.size(); ++i)
        require(above[i] >= above[i + 1] && above[i] - above[i + 1] <= 1.0 + 1e-9);
    require(calibration.scale_ > 0.0 && calibration.scale_ <= 1e300);
    require(calibration.effective_size_ >= 1.0 - 1e-9 && calibration.effective_size_ <= count * (1.0 + 1e-9));
    calibration.scores_.assign(scores.begin(), scores.end());
    calibration.above_.assign(above.begin(), above.end());
    if (stale == 1) calibration.mark_stale();
    return calibration;
}

}  // namespace vedette::inline v0::stats
