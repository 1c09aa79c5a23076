// SPDX-License-Identifier: Apache-2.0
// Draws splits, sums bytes over pairs of chosen rows, and counts.
#include "drift/relabelling.hpp"

#include <algorithm>
#include <limits>

#include "kernels/dispatch.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

using kernels::panel_rows;
using kernels::split_counters;
using kernels::split_lanes;
using kernels::tile_rows;

constexpr std::size_t most_splits = 1024;  // at once: their counters stay in the caches

// Labels of many splits: bit l % 64 of word l / 64. One column more than splits, for the observed labels.
class SplitLabels {
  public:
    SplitLabels(std::size_t n, std::size_t m)
        : n_(n), m_(m), before_((n + 63) / 64), words_(before_ + (m + 63) / 64), labels_(n + m) {}

    [[nodiscard]] std::size_t words() const noexcept { return words_; }
    [[nodiscard]] std::size_t splits() const noexcept { return splits_; }
    [[nodiscard]] const std::uint64_t* word(std::size_t w) const noexcept { return data_.data() + w * stride_; }

    void draw(std::uint64_t seed, std::uint64_t first, std::size_t count) {
        splits_ = count;
        resize((count + split_lanes - 1) / split_lanes * split_lanes);
        std::vector<std::uint64_t> undecided(stride_);
        const kernels::SplitRequest request{seed,
                                            first,
                                            stride_ / split_lanes,
                                            static_cast<std::uint32_t>(m_),
                                            static_cast<std::uint32_t>(n_),
                                            static_cast<std::uint32_t>(m_),
                                            data_.data(),
                                            stride_,
                                            undecided.data()};
        kernels::kernels().labels.random_splits(&request);
        for (std::size_t s = 0; s < count; ++s) {
            if (undecided[s] >> 63U == 0) continue;
            stats::random_split(seed, first + s, m_, labels_);
            set(s);
        }
    }

    void observe() {
        splits_ = 1;
        resize(split_lanes);
        std::fill(labels_.begin(), labels_.begin() + static_cast<std::ptrdiff_t>(n_), std::uint8_t{0});
        std::fill(labels_.begin() + static_cast<std::ptrdiff_t>(n_), labels_.end(), std::uint8_t{1});
        set(0);
    }

  private:
    void resize(std::size_t stride) {
        if (stride == stride_) return;
        stride_ = stride;
        data_ = AlignedArray<std::uint64_t>(words_ * stride);
    }

    void set(std::size_t split) noexcept {
        for (std::size_t w = 0; w < words_; ++w) {
            const std::size_t begin = w < before_ ? w * 64 : n_ + (w - before_) * 64;
            const std::size_t end = std::min(begin + 64, w < before_ ? n_ : n_ + m_);
            std::uint64_t word = 0;
            for (std::size_t l = begin; l < end; ++l) word |= std::uint64_t{labels_[l]} << (l - begin);
            data_[w * stride_ + split] = word;
        }
    }

    std::size_t n_, m_, before_, words_, splits_ = 0, stride_ = 0;
    AlignedArray<std::uint64_t> data_;
    std::vector<std::uint8_t> labels_;
};

// z'Q1 of every split: sums over eight rows at a time come from a table of their 256 choices.
void add_margins(const std::vector<std::uint32_t>& row_sums, const SplitLabels& labels, std::int64_t weight,
                 std::int64_t* forms, std::size_t stride) {
    std::int64_t table[256] = {};
    for (std::size_t w = 0; w < labels.words(); ++w) {
        const std::uint64_t* const word = labels.word(w);
        for (std::size_t byte = 0; byte < 8; ++byte) {
            for (std::size_t bit = 0; bit < 8; ++bit) {
                const std::int64_t sum = weight * row_sums[w * 64 + byte * 8 + bit];
                const std::size_t half = std::size_t{1} << bit;
                for (std::size_t c = 0; c < half; ++c) table[half + c] = table[c] + sum;
            }
            for (std::size_t s = 0; s < labels.splits(); ++s)
                forms[s * stride] += table[(word[s] >> (8 * byte)) & 0xFFU];
        }
    }
}

// z'Qz of every split: twice the sum over pairs of chosen rows.
void add_inner(const PooledBytes& bytes, const SplitLabels& labels, std::int64_t weight, std::int64_t* forms,
               std::size_t stride, AlignedArray<std::uint32_t>& counters) {
    const auto flush = [&] {
        for (std::size_t s = 0; s < labels.splits(); ++s) {
            std::uint64_t sum = 0;
            std::uint32_t* const mine = counters.data() + s * split_counters;
            for (std::size_t c = 0; c < split_counters; ++c) sum += mine[c];
            std::fill_n(mine, split_counters, 0U);
            forms[s * stride] += 2 * weight * static_cast<std::int64_t>(sum);
        }
    };
    constexpr std::size_t room = std::numeric_limits<std::uint32_t>::max() / kernels::most_added_to_counter;
    std::size_t calls = 0;
    for (std::size_t p = 0; p < bytes.live->end_panel(); ++p) {
        const std::size_t lane_word = p * panel_rows / 64;
        for (std::size_t w = 0; w * tile_rows < BytePanels::rows_of(p); ++w) {
            if (++calls > room) {
                flush();
                calls = 1;
            }
            const kernels::ChosenBlock block{
                bytes.panel(p) + w * tile_rows * panel_rows, labels.word(w),  labels.word(lane_word),
                static_cast<unsigned>(p * panel_rows % 64),  labels.splits(), counters.data()};
            kernels::kernels().labels.add_chosen(&block);
        }
    }
    flush();
}

}  // namespace

BytePanels::BytePanels(std::size_t first_panel, std::size_t panels) : first_(first_panel) {
    std::size_t size = 0;
    for (std::size_t p = first_panel; p < first_panel + panels; ++p) {
        offsets_.push_back(size);
        size += rows_of(p) * panel_rows;
    }
    bytes_ = AlignedArray<std::uint8_t>(size);
}

// With inner and margin sums the two-sample statistics are, up to constants and factors that labels do not change,
// S_xx/(n(n-1)) + S_yy/(m(m-1)) - 2 S_xy/(nm) and S_xx/n^2 + S_yy/m^2 - 2 S_xy/(nm): put S_xy = z'Q1 - z'Qz and
// S_xx = 1'Q1 - 2 z'Q1 + z'Qz.
FormWeights unbiased_weights(std::size_t n, std::size_t m) noexcept {
    return {static_cast<std::int64_t>(n + m - 2), static_cast<std::int64_t>(2 * (m - 1))};
}
FormWeights biased_weights(std::size_t n, std::size_t m) noexcept {
    return {static_cast<std::int64_t>(n + m), static_cast<std::int64_t>(2 * m)};
}

double relabelling_p_value(std::span<const PooledBytes> kernels, std::size_t n, std::size_t m, FormWeights weights,
                           const RelabellingOptions& options,
                           const std::function<bool(Forms permuted, Forms observed)>& is_as_extreme) {
    AlignedArray<std::uint32_t> counters(std::min(options.permutations, most_splits) * split_counters);
    SplitLabels labels(n, m);
    std::vector<std::int64_t> forms;
    const auto fill_forms = [&] {
        forms.assign(labels.splits() * kernels.size(), 0);
        for (std::size_t k = 0; k < kernels.size(); ++k) {
            add_margins(kernels[k].row_sums, labels, -weights.margin, forms.data() + k, kernels.size());
            add_inner(kernels[k], labels, weights.inner, forms.data() + k, kernels.size(), counters);
        }
    };
    labels.observe();
    fill_forms();
    const std::vector<std::int64_t> observed = forms;
    std::uint64_t as_extreme = 0;
    // Where counting may stop early, chunks begin small.
    std::size_t chunk = options.stop_after == 0 ? most_splits : std::min<std::size_t>(128, most_splits);
    for (std::size_t done = 0; done < options.permutations; chunk = std::min(2 * chunk, most_splits)) {
        labels.draw(options.seed, done, std::min(chunk, options.permutations - done));
        fill_forms();
        for (std::size_t s = 0; s < labels.splits(); ++s) {
            ++done;
            const Forms permuted(forms.data() + s * kernels.size(), kernels.size());
            as_extreme += is_as_extreme(permuted, observed) ? 1U : 0U;
            if (options.stop_after != 0 && as_extreme == options.stop_after)
                return static_cast<double>(as_extreme) / static_cast<double>(done);
        }
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

}  // namespace vedette::inline v0::drift
