// SPDX-License-Identifier: Apache-2.0
// Detection of the instruction set, compiled for the baseline.
#include "kernels/dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "vedette/core/version.hpp"

namespace vedette::inline v0 {
namespace kernels {

extern const KernelTable baseline_table;
extern const KernelTable avx2_table;
extern const KernelTable avx512_table;

namespace {

// __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
#if defined(VEDETTE_HAS_AVX2)
bool cpu_has_avx2() noexcept {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif
#if defined(VEDETTE_HAS_AVX512)
bool cpu_has_avx512() noexcept {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

const char* requested_name() noexcept {
#if defined(__GLIBC__)
    return secure_getenv("VEDETTE_ISA");
#else
    return std::getenv("VEDETTE_ISA");
#endif
}

const KernelTable* choose() noexcept {
    const AvailableTables available = available_tables();
    if (const char* name = requested_name()) {
        for (const KernelTable* table : available) {
            if (std::strcmp(name, table->name) == 0) return table;
        }
    }
    return available.tables[0];
}

}  // namespace

AvailableTables available_tables() noexcept {
    AvailableTables available{};
#if defined(VEDETTE_HAS_AVX512)
    if (cpu_has_avx512()) available.tables[available.count++] = &avx512_table;
#endif
#if defined(VEDETTE_HAS_AVX2)
    if (cpu_has_avx2()) available.tables[available.count++] = &avx2_table;
#endif
    available.tables[available.count++] = &baseline_table;
    return available;
}

CodeProducts code_products() noexcept {
    const ScoreKernels& scores = kernels().scores;
#if defined(VEDETTE_HAS_AVX512)
    if (scores.code_products_vnni != nullptr && __builtin_cpu_supports("avx512vnni")) return scores.code_products_vnni;
#endif
    return scores.code_products;
}

const KernelTable& kernels() noexcept {
    // Racing first calls choose the same table, so relaxed order is enough, and no guard costs on every later call.
    static std::atomic<const KernelTable*> chosen{nullptr};
    const KernelTable* table = chosen.load(std::memory_order_relaxed);
    if (table == nullptr) {
        table = choose();
        chosen.store(table, std::memory_order_relaxed);
    }
    return *table;
}

}  // namespace kernels

const char* active_instruction_set() noexcept {
    return kernels::kernels().name;
}

}  // namespace vedette::inline v0
