// SPDX-License-Identifier: Apache-2.0
// Values or rows in a row that could not be taken: how many are more than chance.
#pragma once

#include <cmath>
#include <cstdint>

namespace vedette::inline v0::cli {

/// What cannot enter hides what it stands for, so that so many in a row are told as would come once in a million by
/// their share before; at least 32.
class MissedRun {
  public:
    /// Of those before, over all runs.
    void begin(std::uint64_t missed, std::uint64_t seen) noexcept {
        missed_ = missed;
        seen_ = seen;
    }
    /// The next one. True where a run is to be told: the first, and a later one that is ten times as long as what was,
    /// since what comes in bursts would flood.
    bool add(bool is_missed) noexcept {
        ++seen_;
        missed_ += is_missed ? 1 : 0;
        run_ = is_missed ? run_ + 1 : 0;
        const double share = static_cast<double>(missed_ - run_ + 1) / static_cast<double>(seen_ - run_ + 2);
        lasts_ = run_ >= 32 && static_cast<double>(run_) * std::log(share) <= std::log(1e-6);
        if (run_ == 0) told_ = false;
        const bool is_news = lasts_ && !told_ && run_ > 10 * longest_told_;
        told_ = told_ || is_news;
        if (told_) longest_told_ = run_;
        return is_news;
    }
    [[nodiscard]] std::uint64_t run() const noexcept { return run_; }
    /// Whether the present run is longer than chance explains.
    [[nodiscard]] bool lasts() const noexcept { return lasts_; }

  private:
    std::uint64_t missed_ = 0;
    std::uint64_t seen_ = 0;
    std::uint64_t run_ = 0;
    std::uint64_t longest_told_ = 0;
    bool lasts_ = false;
    bool told_ = false;
};

}  // namespace vedette::inline v0::cli
