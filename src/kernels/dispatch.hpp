// SPDX-License-Identifier: Apache-2.0
// Picks the kernels of this process, once, from the CPU and the operating system.
#pragma once

#include "kernels/table.hpp"

namespace vedette::inline v0::kernels {

/// The tables this build has and this CPU can run, best first; the baseline is always the last.
struct AvailableTables {
    const KernelTable* tables[3];
    std::size_t count;
    const KernelTable* const* begin() const noexcept { return tables; }
    const KernelTable* const* end() const noexcept { return tables + count; }
};
AvailableTables available_tables() noexcept;

/// The kernels in use: the best available, or the one that the environment variable VEDETTE_ISA (baseline, avx2,
/// avx512, neon) names at the first call, if available. Thread-safe.
const KernelTable& kernels() noexcept;

/// Of the kernels in use, the fastest product of codes that this CPU has. Thread-safe.
using CodeProducts = decltype(ScoreKernels::code_products);
CodeProducts code_products() noexcept;

}  // namespace vedette::inline v0::kernels
