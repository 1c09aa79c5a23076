// SPDX-License-Identifier: Apache-2.0
// Timing audit: does the time of a draw tell what was drawn? Welch's t between classes of outputs, as dudect
// (Reparaz, Balasch and Verbauwhede 2017) does between classes of inputs.  usage: bench_privacy_timing [draws]
//
// |t| below 4.5 is dudect's "no evidence of a leak". Times beyond a quantile of all times are cut off, at several
// quantiles: interrupts, and refills of the keystream, which come after a fixed number of words, only add noise.
// (Without any cut, interrupts of a thousand times a draw's length make the t of a rare class meaningless: whether it
// met one or none decides.) The reference sampler, variable in time by design, shows that the audit can see a leak.
// Single draws scan their thresholds; what draws many at once descends a tree of them (AVX-512) and packs what its
// coins keep: so 64 draws are timed together, too, in classes of what they hold. Exit status 1 where one of ours leaks,
// or the reference does not.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <vector>

#include "privacy/keystream.hpp"
#include "privacy/reference_samplers.hpp"
#include "vedette/core/version.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using namespace vedette::privacy;

// Cycles where the CPU tells them, else nanoseconds.
std::uint64_t now() noexcept {
#if defined(__x86_64__)
    unsigned processor = 0;
    return __rdtscp(&processor);
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

constexpr std::size_t classes = 5, many = 64;
constexpr double limit_of_t = 4.5;

struct Timed {
    std::array<bool, classes> in;
    double time;
};

struct Moments {
    double n = 0.0, mean = 0.0, squares = 0.0;
    void add(double x) noexcept {
        n += 1.0;
        const double step = x - mean;
        mean += step / n;
        squares += step * (x - mean);
    }
    [[nodiscard]] double error() const noexcept { return squares / (n - 1.0) / n; }
};

// The t farthest from 0 over the cuts.
double worst_t(const std::vector<Timed>& draws, const std::vector<double>& sorted, std::size_t which) {
    double worst = 0.0;
    for (const double cut : {0.5, 0.75, 0.9, 0.97, 0.99, 0.999}) {
        const double limit = sorted[static_cast<std::size_t>(cut * static_cast<double>(sorted.size() - 1))];
        Moments inside, outside;
        for (const Timed& draw : draws)
            if (draw.time <= limit) (draw.in[which] ? inside : outside).add(draw.time);
        if (inside.n < 1000.0 || outside.n < 1000.0) continue;
        const double t = (inside.mean - outside.mean) / std::sqrt(inside.error() + outside.error());
        if (std::abs(t) > std::abs(worst)) worst = t;
    }
    return worst;
}

// The largest |t|. `draw` fills its values, of which there are one or many.
double audit(const char* name, std::size_t count, std::size_t values, double scale,
             const std::function<void(std::span<std::int64_t>)>& draw) {
    std::vector<Timed> draws(count);
    std::vector<std::int64_t> drawn(values);
    for (std::size_t i = 0; i < 1000; ++i) draw(drawn);
    for (Timed& timed : draws) {
        const std::uint64_t begin = now();
        draw(drawn);
        timed.time = static_cast<double>(now() - begin);
        // Of one value what it is; of many, whether more than usual are so, or (large) any is.
        std::array<std::size_t, classes> counts{};
        for (const std::int64_t x : drawn) {
            const double size = std::abs(static_cast<double>(x));
            counts[0] += x < 0 ? 1U : 0U;
            counts[1] += size < 0.6 * scale ? 1U : 0U;
            counts[2] += size > (values == 1 ? 2.0 : 4.0) * scale ? 1U : 0U;
            counts[3] += x == 0 ? 1U : 0U;
            counts[4] += x % 2 != 0 ? 1U : 0U;
        }
        timed.in = {2 * counts[0] > values, 2 * counts[1] > values, counts[2] > 0, counts[3] > values / 8,
                    counts[4] % 2 != 0};
    }
    std::vector<double> sorted;
    for (const Timed& timed : draws) sorted.push_back(timed.time);
    std::sort(sorted.begin(), sorted.end());
    std::printf("%-32s %8.0f", name, sorted[sorted.size() / 2]);
    double largest = 0.0;
    for (std::size_t which = 0; which < classes; ++which) {
        const double t = worst_t(draws, sorted, which);
        largest = std::max(largest, std::abs(t));
        std::printf(" %9.2f", t);
    }
    std::printf("\n");
    return largest;
}

template <class Sampler>
double audit_both(const char* law, std::size_t count, double scale) {
    const Sampler sampler(scale);
    char name[64];
    std::snprintf(name, sizeof name, "%s %g", law, scale);
    const double one = audit(name, count, 1, scale, [&](std::span<std::int64_t> out) { out[0] = sampler(); });
    std::snprintf(name, sizeof name, "%s %g, %zu at once", law, scale, many);
    return std::max(one,
                    audit(name, count / 4, many, scale, [&](std::span<std::int64_t> out) { sampler.sample(out); }));
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 1000000;
    std::printf("kernels: %s\n%-32s %8s %9s %9s %9s %9s %9s\n", vedette::active_instruction_set(), "sampler", "median",
                "t(x<0)", "t(small)", "t(large)", "t(zero)", "t(odd)");
    double ours = 0.0;
    for (const double sigma : {1.0, 4.0, 16.0, 64.0, 1e6})
        ours = std::max(ours, audit_both<DiscreteGaussian>("discrete Gaussian", count, sigma));
    for (const double scale : {1.0, 20.0, 1e6})
        ours = std::max(ours, audit_both<DiscreteLaplace>("discrete Laplace", count, scale));
    detail::Keystream& stream = detail::Keystream::of_this_thread();
    const double gaussian = audit("reference Gaussian 16", count, 1, 16.0, [&](std::span<std::int64_t> out) {
        out[0] = reference::discrete_gaussian(256, 1, stream);
    });
    const double laplace = audit("reference Laplace 20", count, 1, 20.0, [&](std::span<std::int64_t> out) {
        out[0] = reference::discrete_laplace(20, 1, stream);
    });
    std::printf("largest |t| of ours %.2f, of the references %.2f and %.2f; limit %.1f\n", ours, gaussian, laplace,
                limit_of_t);
    return ours < limit_of_t && std::min(gaussian, laplace) > limit_of_t ? 0 : 1;
}
