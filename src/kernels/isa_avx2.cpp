// SPDX-License-Identifier: Apache-2.0
// The kernels for AVX2 and FMA. Compiled with those flags: includes nothing that another source might share.
#define VEDETTE_KERNEL_ISA isa_avx2
#define VEDETTE_KERNEL_ARCH xsimd::fma3<xsimd::avx2>
#define VEDETTE_KERNEL_MAX_EDGES_TO_PASS 24
#include "kernels/table_entries.inl.hpp"

namespace vedette::inline v0::kernels {

extern const KernelTable avx2_table;
const KernelTable avx2_table = {
    "avx2",
    isa_avx2::entries<float>(),
    isa_avx2::entries<double>(),
    &isa_avx2::pooled_sums,
    &isa_avx2::ordered_sums,
    &isa_avx2::shift_heights,
    isa_avx2::pair_entries<float>(),
    isa_avx2::pair_entries<double>(),
    isa_avx2::label_entries(),
    isa_avx2::step_entries(),
    isa_avx2::walk_entries<float>(),
    isa_avx2::walk_entries<double>(),
    bucket_entries<float>(),
    bucket_entries<double>(),
    {&isa_avx2::count_thresholds, &isa_avx2::judge_candidates<true>, &isa_avx2::judge_candidates<false>},
    record_entries<float>(),
    record_entries<double>(),
    bank_entries<isa_avx2::VectorLanes, float>(),
    bank_entries<isa_avx2::VectorLanes, double>(),
    adwin_entries<isa_avx2::VectorLanes, float>(),
    adwin_entries<isa_avx2::VectorLanes, double>(),
    isa_avx2::score_entries(),
    isa_avx2::wave_entries(),
    isa_avx2::interval_entries<float>(),
    isa_avx2::interval_entries<double>(),
    isa_avx2::column_entries(),
    isa_avx2::fingerprint_entries(),
    isa_avx2::image_entries(),
    isa_avx2::text_entries(),
    isa_avx2::calibration_entries()};

}  // namespace vedette::inline v0::kernels
