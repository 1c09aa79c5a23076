// SPDX-License-Identifier: Apache-2.0
// Runs the kernel checks without a test framework, for a cross build.
#include <cstdio>
#include <cstring>

#include "bank_checks.hpp"
#include "kernel_checks.hpp"
#include "kernels/dispatch.hpp"
#include "pair_checks.hpp"
#include "vedette/core/version.hpp"
#include "walk_checks.hpp"

int main() {
    using namespace vedette::kernels;
    if (std::strcmp(vedette::active_instruction_set(), "neon") != 0) {
        std::printf("active instruction set is %s, expected neon\n", vedette::active_instruction_set());
        return 1;
    }
    int status = 0;
    for (const KernelTable* table : available_tables()) {
        for (const kernel_checks::Failure& failure :
             {kernel_checks::check_all<float>(table->f32), kernel_checks::check_all<double>(table->f64),
              kernel_checks::check_pooled(*table), kernel_checks::check_sliding(*table),
              kernel_checks::check_all_pairs(*table), kernel_checks::check_walk<float>(*table),
              kernel_checks::check_walk<double>(*table), kernel_checks::check_banks(*table)}) {
            std::printf("%s: %s\n", table->name,
                        failure.empty() ? "agrees with the scalar reference" : failure.c_str());
            if (!failure.empty()) status = 1;
        }
    }
    return status;
}
