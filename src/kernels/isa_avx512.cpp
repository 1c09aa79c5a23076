// SPDX-License-Identifier: Apache-2.0
// The kernels for AVX-512 (F, CD, DQ, BW, VL). Compiled with those flags: includes nothing that another source might
// share.
#define VEDETTE_KERNEL_ISA isa_avx512
#define VEDETTE_KERNEL_ARCH xsimd::avx512bw
#define VEDETTE_KERNEL_MAX_EDGES_TO_PASS 32
#include "kernels/table_entries.inl.hpp"

namespace vedette::inline v0::kernels {

extern const KernelTable avx512_table;
const KernelTable avx512_table = {
    "avx512",
    isa_avx512::entries<float>(),
    isa_avx512::entries<double>(),
    &isa_avx512::pooled_sums,
    &isa_avx512::ordered_sums,
    &isa_avx512::shift_heights,
    isa_avx512::pair_entries<float>(),
    isa_avx512::pair_entries<double>(),
    isa_avx512::label_entries(),
    isa_avx512::step_entries(),
    isa_avx512::walk_entries<float>(),
    isa_avx512::walk_entries<double>(),
    bucket_entries<float>(),
    bucket_entries<double>(),
    {&isa_avx512::count_thresholds, &isa_avx512::judge_candidates<true>, &isa_avx512::judge_candidates<false>},
    record_entries<float>(),
    record_entries<double>(),
    bank_entries<isa_avx512::VectorLanes, float>(),
    bank_entries<isa_avx512::VectorLanes, double>(),
    adwin_entries<isa_avx512::VectorLanes, float>(),
    adwin_entries<isa_avx512::VectorLanes, double>(),
    isa_avx512::score_entries(),
    isa_avx512::wave_entries(),
    isa_avx512::interval_entries<float>(),
    isa_avx512::interval_entries<double>(),
    isa_avx512::column_entries(),
    isa_avx512::fingerprint_entries(),
    isa_avx512::image_entries(),
    isa_avx512::text_entries(),
    isa_avx512::calibration_entries()};

}  // namespace vedette::inline v0::kernels
