// SPDX-License-Identifier: Apache-2.0
// What noise costs: keystream beside the libraries', exact samplers beside Canonne, Kamath and Steinke's word by word.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <array>
#include <cmath>
#include <vector>

#include "privacy/cipher.hpp"
#include "privacy/keystream.hpp"
#include "privacy/pair_transform.hpp"
#include "privacy/reference_samplers.hpp"
#ifdef VEDETTE_BENCH_CAPI
#include "vedette.h"
#endif
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/correlated_count.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/dp_sgd.hpp"
#include "vedette/privacy/renyi.hpp"
#include "vedette/privacy/vector_sum.hpp"

namespace {

using namespace vedette::privacy;

constexpr std::size_t count = std::size_t{1} << 18U;
constexpr std::size_t bytes = std::size_t{1} << 20U;
constexpr std::size_t chunk = std::size_t{1} << 14U;

template <class T>
std::vector<T>& room() {
    static std::vector<T> values(bytes);
    return values;
}

void count_bytes(benchmark::State& state, std::size_t size) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

void keystream(benchmark::State& state, CipherKind kind) {
    detail::Keystream stream(detail::system_entropy, kind);
    for (auto _ : state) benchmark::DoNotOptimize(stream.borrow(detail::Keystream::most_words));
    count_bytes(state, 8 * detail::Keystream::most_words);
}
void fill(benchmark::State& state) {
    for (auto _ : state) fill_random(room<std::byte>());
    count_bytes(state, bytes);
}
// One key for all, no erasure: the bare cipher.
void libcrypto(benchmark::State& state, CipherKind kind) {
    const std::array<std::byte, key_bytes> key{};
    const std::array<std::byte, initial_bytes> initial{};
    Cipher cipher(kind);
    for (auto _ : state)
        benchmark::DoNotOptimize(cipher.generate(key, initial, std::span(room<std::byte>()).first(chunk)));
    count_bytes(state, chunk);
}
void libsodium(benchmark::State& state) {
    const std::array<unsigned char, crypto_stream_chacha20_ietf_KEYBYTES> key{};
    const std::array<unsigned char, crypto_stream_chacha20_ietf_NONCEBYTES> nonce{};
    for (auto _ : state)
        benchmark::DoNotOptimize(
            crypto_stream_chacha20_ietf(room<unsigned char>().data(), chunk, nonce.data(), key.data()));
    count_bytes(state, chunk);
}

template <class Sampler, class T = std::int64_t>
void bulk(benchmark::State& state, double parameter) {
    const Sampler sampler(parameter);
    const std::span<T> out = std::span(room<T>()).first(count);
    for (auto _ : state) sampler.sample(out);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}
template <class Sampler>
void one(benchmark::State& state, double parameter) {
    const Sampler sampler(parameter);
    for (auto _ : state) benchmark::DoNotOptimize(sampler());
}
template <class Sampler>
void set_up(benchmark::State& state, double parameter) {
    for (auto _ : state) benchmark::DoNotOptimize(Sampler(parameter));
}
void reference_gaussian(benchmark::State& state, double sigma) {
    detail::Keystream& stream = detail::Keystream::of_this_thread();
    const auto variance = static_cast<std::uint64_t>(sigma * sigma);
    for (auto _ : state) benchmark::DoNotOptimize(reference::discrete_gaussian(variance, 1, stream));
    state.SetItemsProcessed(state.iterations());
}
void reference_laplace(benchmark::State& state, double scale) {
    detail::Keystream& stream = detail::Keystream::of_this_thread();
    for (auto _ : state)
        benchmark::DoNotOptimize(reference::discrete_laplace(static_cast<std::uint64_t>(scale), 1, stream));
    state.SetItemsProcessed(state.iterations());
}

void gradient(benchmark::State& state) {
    constexpr std::size_t parameters = 1000000;
    const GaussianVectorSum mechanism(parameters, L2Norm(1.0), Neighbouring::add_remove, NoiseMultiplier(1.1));
    std::vector<float> record(parameters, 0.01F), out(parameters);
    for (auto _ : state) mechanism.release(std::span<const float>(record), std::span(out));
}
void scalar_release(benchmark::State& state) {
    const LaplaceSum mechanism(Bounds(0.0, 1.0), Neighbouring::add_remove, Epsilon(1.0));
    BoundedSum sum = mechanism.sum();
    for (auto _ : state) {
        sum.add(0.3);
        benchmark::DoNotOptimize(mechanism.release(sum));
    }
}

void laplace_gradient(benchmark::State& state) {
    constexpr std::size_t parameters = 1000000;
    const LaplaceVectorSum mechanism(parameters, L1Norm(1.0), Neighbouring::add_remove, Epsilon(1.0));
    std::vector<float> record(parameters, 0.01F), out(parameters);
    for (auto _ : state) mechanism.release(std::span<const float>(record), std::span(out));
}
#ifdef VEDETTE_BENCH_CAPI
void c_scalar_release(benchmark::State& state) {
    vdt_vector_mechanism* mechanism = nullptr;
    if (vdt_vector_laplace_create(1, 1.0, 1.0, 0, nullptr, &mechanism, nullptr) != VDT_OK) return;
    double value = 0.3;
    for (auto _ : state) {
        vdt_vector_noise_f64(mechanism, &value, 1, nullptr);
        benchmark::DoNotOptimize(value);
    }
    vdt_vector_mechanism_destroy(mechanism);
}
#endif
class NoBudget final : public ReleaseBudget {
  public:
    void spend(const Guarantee&) override {}
    void spend_zcdp(double) override {}
};
void running_total(benchmark::State& state) {
    NoBudget budget;
    CorrelatedCount total(PrivacyUnit::record(Neighbouring::add_remove), std::uint64_t{1} << 40U,
                          CountFactor::buffered_toeplitz, Rho(0.5), budget);
    for (auto _ : state) benchmark::DoNotOptimize(total.step(3).value);
}

// Two real sequences, each composed with itself so many times.
void composition(benchmark::State& state, std::size_t size) {
    const PairTransform transform(size);
    std::vector<double> real(size), imaginary(size);
    for (auto _ : state) {
        for (std::size_t i = 0; i < size; ++i) {
            const double x = (static_cast<double>(i) - 0.5 * static_cast<double>(size)) / 100.0;
            real[i] = imaginary[i] = std::abs(x) < 8.0 ? 0.004 / (1.0 + x * x * x * x) : 0.0;
        }
        transform.forward(real.data(), imaginary.data());
        PairSpectrum product;
        multiply_powers(real, imaginary, 1000, product);
        benchmark::DoNotOptimize(pack(product, real, imaginary));
        transform.backward(real.data(), imaginary.data());
        benchmark::DoNotOptimize(real.data());
    }
}
void loss_distribution(benchmark::State& state, const DpSgd& training, double error) {
    for (auto _ : state) benchmark::DoNotOptimize(dp_sgd_epsilon(training, 1e-6, {.error = error}));
}
void renyi(benchmark::State& state) {
    for (auto _ : state) {
        RenyiAccountant accountant;
        accountant.add_gaussian(1.0, 0.01, 1000);
        benchmark::DoNotOptimize(accountant.epsilon(1e-6));
    }
}

std::string with(const char* name, double parameter) {
    std::string text = std::to_string(parameter);
    return std::string(name) + "/" + text.substr(0, text.find('.'));
}

}  // namespace

int main(int argc, char** argv) {
    if (sodium_init() < 0) return 1;
    for (const auto& [name, kind] :
         {std::pair{"aes-256-ctr", CipherKind::aes_256_ctr}, {"chacha20", CipherKind::chacha20}}) {
        benchmark::RegisterBenchmark((std::string("keystream/") + name).c_str(), keystream, kind);
        benchmark::RegisterBenchmark((std::string("libcrypto/") + name).c_str(), libcrypto, kind);
    }
    benchmark::RegisterBenchmark("libsodium/chacha20", libsodium);
    benchmark::RegisterBenchmark("fill_random", fill);
    for (const double sigma : {1.0, 4.0, 16.0, 64.0, 1e6}) {
        benchmark::RegisterBenchmark(with("gaussian", sigma).c_str(), bulk<DiscreteGaussian>, sigma);
        benchmark::RegisterBenchmark(with("gaussian_reference", sigma).c_str(), reference_gaussian, sigma);
        benchmark::RegisterBenchmark(with("gaussian_one", sigma).c_str(), one<DiscreteGaussian>, sigma);
    }
    for (const double scale : {1.0, 20.0, 1000.0, 1e6}) {
        benchmark::RegisterBenchmark(with("laplace", scale).c_str(), bulk<DiscreteLaplace>, scale);
        benchmark::RegisterBenchmark(with("laplace_reference", scale).c_str(), reference_laplace, scale);
        benchmark::RegisterBenchmark(with("laplace_one", scale).c_str(), one<DiscreteLaplace>, scale);
    }
    benchmark::RegisterBenchmark("geometric/20", bulk<Geometric>, 20.0);
    benchmark::RegisterBenchmark("bernoulli", bulk<Bernoulli, std::uint8_t>, 0.3);
    benchmark::RegisterBenchmark("exponential_bernoulli", bulk<ExponentialBernoulli, std::uint8_t>, 1.3);
    benchmark::RegisterBenchmark("gaussian_set_up/16", set_up<DiscreteGaussian>, 16.0);
    benchmark::RegisterBenchmark("laplace_set_up/1000", set_up<DiscreteLaplace>, 1000.0);
    benchmark::RegisterBenchmark("gradient_1M", gradient)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("laplace_gradient_1M", laplace_gradient)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("laplace_release", scalar_release);
#ifdef VEDETTE_BENCH_CAPI
    benchmark::RegisterBenchmark("c_scalar_release", c_scalar_release);
#endif
    benchmark::RegisterBenchmark("running_total", running_total);
    for (const std::size_t bits : {17U, 20U})
        benchmark::RegisterBenchmark(("composition/2^" + std::to_string(bits)).c_str(), composition,
                                     std::size_t{1} << bits)
            ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("pld/1000", loss_distribution, DpSgd{1.0, 0.01, 1000}, 0.01)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("pld/50000", loss_distribution, DpSgd{0.8, 0.05, 50'000}, 0.05)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("renyi", renyi)->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
