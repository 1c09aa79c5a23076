// SPDX-License-Identifier: Apache-2.0
// The kernels of the least CPU a build may run on: SSE2 on x86-64, NEON on aarch64, plain loops elsewhere.
#if defined(__x86_64__) || defined(__aarch64__)

#define VEDETTE_KERNEL_ISA isa_baseline
#if defined(__aarch64__)
#define VEDETTE_KERNEL_ARCH xsimd::neon64
#define VEDETTE_KERNEL_NAME "neon"
#else
#define VEDETTE_KERNEL_ARCH xsimd::sse2
#define VEDETTE_KERNEL_NAME "baseline"
#endif
#define VEDETTE_KERNEL_MAX_EDGES_TO_PASS 32
#include "kernels/table_entries.inl.hpp"

namespace vedette::inline v0::kernels {

extern const KernelTable baseline_table;
const KernelTable baseline_table = {
    VEDETTE_KERNEL_NAME,
    isa_baseline::entries<float>(),
    isa_baseline::entries<double>(),
    &isa_baseline::pooled_sums,
    &isa_baseline::ordered_sums,
    &isa_baseline::shift_heights,
    isa_baseline::pair_entries<float>(),
    isa_baseline::pair_entries<double>(),
    isa_baseline::label_entries(),
    isa_baseline::step_entries(),
    isa_baseline::walk_entries<float>(),
    isa_baseline::walk_entries<double>(),
    bucket_entries<float>(),
    bucket_entries<double>(),
    {&isa_baseline::count_thresholds, &isa_baseline::judge_candidates<true>, &isa_baseline::judge_candidates<false>},
    record_entries<float>(),
    record_entries<double>(),
    bank_entries<isa_baseline::VectorLanes, float>(),
    bank_entries<isa_baseline::VectorLanes, double>(),
    adwin_entries<isa_baseline::VectorLanes, float>(),
    adwin_entries<isa_baseline::VectorLanes, double>(),
    isa_baseline::score_entries(),
    isa_baseline::wave_entries(),
    isa_baseline::interval_entries<float>(),
    isa_baseline::interval_entries<double>(),
    isa_baseline::column_entries(),
    isa_baseline::fingerprint_entries(),
    isa_baseline::image_entries(),
    isa_baseline::text_entries(),
    isa_baseline::calibration_entries()};

}  // namespace vedette::inline v0::kernels

#else

#include "kernels/adwin.inl.hpp"
#include "kernels/bank_words.hpp"
#include "kernels/buckets.inl.hpp"
#include "kernels/charts.inl.hpp"
#include "kernels/interval_table.hpp"
#include "kernels/records.inl.hpp"
#include "kernels/scalar.hpp"
#include "kernels/scalar_draws.hpp"
#include "kernels/scalar_fingerprints.hpp"
#include "kernels/scalar_images.hpp"
#include "kernels/scalar_pairs.hpp"
#include "kernels/scalar_scores.hpp"
#include "kernels/scalar_walk.hpp"
#include "kernels/scalar_waves.hpp"

namespace vedette::inline v0::kernels {

extern const KernelTable baseline_table;
const KernelTable baseline_table = {
    "baseline",
    scalar::entries<float>(),
    scalar::entries<double>(),
    &scalar::pooled_sums,
    &scalar::ordered_sums,
    &scalar::shift_heights,
    scalar::pair_entries<float>(),
    scalar::pair_entries<double>(),
    scalar::label_entries(),
    scalar::step_entries(),
    scalar::walk_entries<float>(),
    scalar::walk_entries<double>(),
    bucket_entries<float>(),
    bucket_entries<double>(),
    {&scalar::count_thresholds, &scalar::judge_candidates<true>, &scalar::judge_candidates<false>},
    record_entries<float>(),
    record_entries<double>(),
    bank_entries<ScalarLane, float>(),
    bank_entries<ScalarLane, double>(),
    adwin_entries<ScalarLane, float>(),
    adwin_entries<ScalarLane, double>(),
    scalar::score_entries(),
    scalar::wave_entries(),
    scalar::interval_entries<float>(),
    scalar::interval_entries<double>(),
    scalar::column_entries(),
    scalar::fingerprint_entries(),
    scalar::image_entries(),
    {nullptr}};

}  // namespace vedette::inline v0::kernels

#endif
