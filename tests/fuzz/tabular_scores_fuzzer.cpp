// SPDX-License-Identifier: Apache-2.0
// Fuzzes saved scores of raw features: refused as corrupt, or a score that writes the same bytes, adds up and survives
// any row.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/half_space_trees.hpp"
#include "vedette/perturbation/histogram_score.hpp"
#include "vedette/perturbation/isolation_forest.hpp"
#include "vedette/perturbation/local_outlier_factor.hpp"
#include "vedette/perturbation/loda.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace {

namespace perturbation = vedette::perturbation;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "tabular scores fuzzer: %s\n", what);
    std::abort();
}

template <class Score>
void use(const Score& score, std::span<const float> values) {
    std::vector<float> row(score.dimension());
    std::vector<double> contributions(row.size());
    constexpr float special[] = {0.0F,
                                 std::numeric_limits<float>::max(),
                                 -std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::denorm_min(),
                                 -1.5F,
                                 std::numeric_limits<float>::quiet_NaN()};
    for (std::size_t turn = 0; turn < 8; ++turn) {
        for (std::size_t j = 0; j < row.size(); ++j)
            row[j] = turn < 6 ? special[turn] : values.empty() ? 1.0F : values[(turn + j) % values.size()];
        const double total = score.score(row, contributions);
        const double again = score.score(row);
        require(total == again || (std::isnan(total) && std::isnan(again)), "two scores");
        if (std::isnan(total)) continue;
        const double sum = std::accumulate(contributions.begin(), contributions.end(), 0.0);
        require(std::abs(sum - total) <= 1e-9 * std::max(1.0, std::abs(total)), "contributions");
    }
}

template <class Score>
void read(std::span<const std::byte> bytes, std::span<const float> values) {
    try {
        const Score score = Score::deserialize(bytes);
        ++vedette::fuzzing::accepted;
        const auto again = score.serialize();
        require(Score::deserialize(again).serialize() == again, "bytes");
        use(score, values);
        if constexpr (requires(Score copy) { copy.observe({}); }) {
            Score copy = score;
            for (std::size_t i = 0; i + score.dimension() <= values.size() && i < 4096; i += score.dimension())
                (void)copy.observe(values.subspan(i, score.dimension()));
            require(Score::deserialize(copy.serialize()).serialize() == copy.serialize(), "bytes of a moved score");
        }
    } catch (const vedette::Error& error) {
        require(
            error.code() == vedette::ErrorCode::corrupt_data || error.code() == vedette::ErrorCode::unsupported_version,
            "error code");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<float> values(std::min<std::size_t>(size, 4096) / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), data, values.size() * sizeof(float));
    vedette::fuzzing::read_with_both_digests(data, size, [&](std::span<const std::byte> bytes) {
        read<perturbation::TailScore>(bytes, values);
        read<perturbation::HistogramScore>(bytes, values);
        read<perturbation::IsolationForest>(bytes, values);
        read<perturbation::LocalOutlierFactor>(bytes, values);
        read<perturbation::Loda>(bytes, values);
        read<perturbation::HalfSpaceTrees>(bytes, values);
    });
    return 0;
}
