// SPDX-License-Identifier: Apache-2.0
// What noise costs: keystream beside the libraries', exact samplers beside Canonne, Kamath and Steinke's word by word.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <array>
#include <vector>

#include "privacy/cipher.hpp"
#include "privacy/keystream.hpp"
#include "privacy/reference_samplers.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
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
    benchmark::RegisterBenchmark("laplace_release", scalar_release);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
