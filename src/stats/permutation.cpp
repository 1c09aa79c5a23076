// SPDX-License-Identifier: Apache-2.0
// Selection sampling over Philox words.
#include "vedette/stats/permutation.hpp"

#include <array>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::stats {
namespace {

// The words of one split, four at a time.
class Words {
  public:
    Words(std::uint64_t seed, std::uint64_t index) noexcept : seed_(seed), index_(index) {}

    std::uint32_t next() noexcept {
        if (used_ == block_.size()) {
            block_ = philox4x32({static_cast<std::uint32_t>(number_), static_cast<std::uint32_t>(number_ >> 32U),
                                 static_cast<std::uint32_t>(index_), static_cast<std::uint32_t>(index_ >> 32U)},
                                {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32U)});
            ++number_;
            used_ = 0;
        }
        return block_[used_++];
    }

  private:
    std::uint64_t seed_;
    std::uint64_t index_;
    std::uint64_t number_ = 0;
    std::array<std::uint32_t, 4> block_{};
    std::size_t used_ = 4;
};

// Whether a uniform number in [0, 1), known to 32 more bits per word, times `remaining` is below `needed`.
bool is_below(std::uint32_t needed, std::uint32_t remaining, Words& words) noexcept {
    // The product lies in [whole, whole + 1) * 2^-32 * remaining + what further bits add, at most `remaining` units.
    std::uint64_t units = std::uint64_t{words.next()} * remaining;
    std::uint64_t bound = std::uint64_t{needed} << 32U;
    while (units < bound && bound - units < remaining) {
        // Undecided: the distance to the bound, in units, is what the next digits must stay below.
        bound = (bound - units) << 32U;
        units = std::uint64_t{words.next()} * remaining;
    }
    return units < bound;
}

}  // namespace

void random_split(std::uint64_t seed, std::uint64_t index, std::size_t chosen, std::span<std::uint8_t> labels) {
    if (chosen > labels.size())
        throw Error(ErrorCode::invalid_argument, "random_split: chosen is " + std::to_string(chosen) +
                                                     ", at most the number of labels " + std::to_string(labels.size()));
    if (labels.size() > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::invalid_argument,
                    "random_split: " + std::to_string(labels.size()) + " labels, at most 4294967295 are supported");
    Words words(seed, index);
    auto needed = static_cast<std::uint32_t>(chosen);
    auto remaining = static_cast<std::uint32_t>(labels.size());
    for (std::uint8_t& label : labels) {
        const bool taken = is_below(needed, remaining, words);
        label = taken ? 1 : 0;
        needed -= taken ? 1U : 0U;
        --remaining;
    }
}

double permutation_p_value(std::uint64_t as_extreme, std::uint64_t permutations) noexcept {
    return (1.0 + static_cast<double>(as_extreme)) / (1.0 + static_cast<double>(permutations));
}

}  // namespace vedette::inline v0::stats
