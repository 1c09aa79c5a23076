// SPDX-License-Identifier: Apache-2.0
// Timing audit: does the time of a draw tell what was drawn? Welch's t between classes of outputs, as dudect
// (Reparaz, Balasch and Verbauwhede 2017) does between classes of inputs.  usage: bench_privacy_timing [draws]
//
// |t| below 4.5 is dudect's "no evidence of a leak". Times beyond a quantile of all times are cut off, at several
// quantiles: interrupts, and refills of the keystream, which come after a fixed number of words, only add noise.
// (Without any cut, interrupts of a thousand times a draw's length make the t of a rare class meaningless: whether it
// met one or none decides.) The reference sampler, variable in time by design, shows that the audit can see a leak.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "privacy/keystream.hpp"
#include "privacy/reference_samplers.hpp"
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

struct Timed {
    std::int64_t value;
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
double worst_t(const std::vector<Timed>& draws, const std::vector<double>& sorted,
               const std::function<bool(std::int64_t)>& in_class) {
    double worst = 0.0;
    for (const double cut : {0.5, 0.75, 0.9, 0.97, 0.99, 0.999}) {
        const double limit = sorted[static_cast<std::size_t>(cut * static_cast<double>(sorted.size() - 1))];
        Moments inside, outside;
        for (const Timed& draw : draws)
            if (draw.time <= limit) (in_class(draw.value) ? inside : outside).add(draw.time);
        if (inside.n < 100.0 || outside.n < 100.0) continue;
        const double t = (inside.mean - outside.mean) / std::sqrt(inside.error() + outside.error());
        if (std::abs(t) > std::abs(worst)) worst = t;
    }
    return worst;
}

void audit(const char* name, std::size_t count, double scale, const std::function<std::int64_t()>& draw) {
    std::vector<Timed> draws(count);
    for (std::size_t i = 0; i < 1000; ++i) (void)draw();
    for (Timed& timed : draws) {
        const std::uint64_t begin = now();
        timed.value = draw();
        timed.time = static_cast<double>(now() - begin);
    }
    std::vector<double> sorted;
    for (const Timed& timed : draws) sorted.push_back(timed.time);
    std::sort(sorted.begin(), sorted.end());
    const double size = scale;
    std::printf("%-28s %8.0f", name, sorted[sorted.size() / 2]);
    for (const double t :
         {worst_t(draws, sorted, [](std::int64_t x) { return x < 0; }),
          worst_t(draws, sorted, [&](std::int64_t x) { return std::abs(static_cast<double>(x)) < 0.6 * size; }),
          worst_t(draws, sorted, [&](std::int64_t x) { return std::abs(static_cast<double>(x)) > 2.0 * size; }),
          worst_t(draws, sorted, [](std::int64_t x) { return x == 0; }),
          worst_t(draws, sorted, [](std::int64_t x) { return x % 2 != 0; })})
        std::printf(" %9.2f", t);
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 1000000;
    std::printf("%-28s %8s %9s %9s %9s %9s %9s\n", "sampler", "median", "t(x<0)", "t(small)", "t(large)", "t(zero)",
                "t(odd)");
    for (const double sigma : {1.0, 16.0, 64.0, 1e6}) {
        const DiscreteGaussian gaussian(sigma);
        char name[64];
        std::snprintf(name, sizeof name, "discrete Gaussian %g", sigma);
        audit(name, count, sigma, [&] { return gaussian(); });
    }
    for (const double scale : {1.0, 20.0, 1e6}) {
        const DiscreteLaplace laplace(scale);
        char name[64];
        std::snprintf(name, sizeof name, "discrete Laplace %g", scale);
        audit(name, count, scale, [&] { return laplace(); });
    }
    detail::Keystream& stream = detail::Keystream::of_this_thread();
    audit("reference Gaussian 16", count, 16.0, [&] { return reference::discrete_gaussian(256, 1, stream); });
    audit("reference Laplace 20", count, 20.0, [&] { return reference::discrete_laplace(20, 1, stream); });
    return 0;
}
