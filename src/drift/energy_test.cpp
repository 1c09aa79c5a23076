// SPDX-License-Identifier: Apache-2.0
// The energy test: distances between all rows, within and across samples.
#include "vedette/drift/energy_test.hpp"

#include <limits>

#include "drift/pair_test.hpp"
#include "kernels/dispatch.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "energy_test";

template <class W>
class Distance final : public PairKernel<W> {
  public:
    Distance() : ignored_(kernels::tile_rows * kernels::panel_rows) {}
    [[nodiscard]] std::size_t functions() const noexcept override { return 1; }
    void evaluate(std::size_t, const W* squared, std::size_t rows, W* out) const noexcept override {
        kernels::pairs<W>(kernels::kernels()).distances(squared, rows, out, nullptr);
    }
    void slope(const W* squared, std::size_t rows, W* out) const noexcept override {
        kernels::pairs<W>(kernels::kernels()).distances(squared, rows, ignored_.data(), out);
    }

  private:
    mutable AlignedArray<W> ignored_;
};

template <class W>
MultivariateResult energy_of(PairRows<W> reference, const PairRows<W>& live, double unit, const EnergyOptions& options,
                             std::vector<double>& rows) {
    const Distance<W> kernel;
    std::vector<ByteRange<W>> ranges = DistanceSample<W>(reference, &live, options.test.seed).ranges(kernel);
    const ReferencePairs<W> frozen(std::move(reference), std::move(ranges), kernel, options.feature_contributions);
    const ComparedPairs<W> pairs(frozen, live, kernel, options.feature_contributions);
    const auto n = static_cast<double>(frozen.rows.count), m = static_cast<double>(live.count);
    const double within = 2.0 * frozen.within.total(0) / (n * n);
    const double within_live = 2.0 * pairs.within_live.total(0) / (m * m);
    const double across = pairs.across.total(0) / (n * m);
    const double harmonic = n / (n + m) * m * unit;
    MultivariateResult result;
    const double energy = (across - within) + (across - within_live);
    result.test.statistic = harmonic * energy;
    result.test.effect = across > 0.0 ? energy / (2.0 * across) : 0.0;
    result.test.reference_count = n;
    result.test.live_count = m;
    for (std::size_t i = 0; i < live.count; ++i) {
        const double witness = pairs.across.by_panel_row[0][i] / n - pairs.within_live.by_panel_row[0][i] / m;
        rows.push_back(harmonic / m * (witness - (within - across)));
    }
    if (options.feature_contributions) {
        for (std::size_t f = 0; f < live.dimension; ++f)
            result.feature_contributions.push_back(harmonic * 2.0 *
                                                   (pairs.across.slopes[f] / (n * m) -
                                                    frozen.within.slopes[f] / (n * n) -
                                                    pairs.within_live.slopes[f] / (m * m)));
    }
    result.test.p_value =
        relabelling_p_value(pairs.pooled, frozen.rows.count, live.count, biased_weights(frozen.rows.count, live.count),
                            {options.test.permutations, options.test.seed, options.stop_after},
                            [](Forms permuted, Forms observed) { return permuted[0] <= observed[0]; });
    return result;
}

}  // namespace

template <class T>
MultivariateResult energy_test(MatrixView<T> reference, MatrixView<T> live, const EnergyOptions& options) {
    check_pair_options(name, options.test);
    check_columns(reference.columns(), live.columns(), name);
    const std::array<Sample<T>, 2> samples{read_sample(reference, options.test.nan, name, "reference", 1),
                                           read_sample(live, options.test.nan, name, "live", 1)};
    check_pooled_rows(name, samples[0].kept.size(), samples[1].kept.size());
    const PairFrame frame = make_frame<T>(samples);
    std::vector<double> rows;
    const auto in_double = [&] {
        return energy_of(PairRows<double>(samples[0], frame), PairRows<double>(samples[1], frame), frame.unit(),
                         options, rows);
    };
    MultivariateResult result;
    if constexpr (sizeof(T) == sizeof(float)) {
        PairRows<float> first(samples[0], frame);
        const PairRows<float> second(samples[1], frame);
        result = first.beyond_float || second.beyond_float
                     ? in_double()
                     : energy_of(std::move(first), second, frame.unit(), options, rows);
    } else {
        result = in_double();
    }
    result.row_contributions.assign(live.rows(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < rows.size(); ++k) result.row_contributions[samples[1].kept[k]] = rows[k];
    return result;
}

template MultivariateResult energy_test(MatrixView<float>, MatrixView<float>, const EnergyOptions&);
template MultivariateResult energy_test(MatrixView<double>, MatrixView<double>, const EnergyOptions&);

}  // namespace vedette::inline v0::drift
