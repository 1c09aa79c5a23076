#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Cross-compiles the kernels and their checks for aarch64 and runs them under user-mode emulation.
# Usage: neon.sh SOURCE_DIR WORK_DIR XSIMD_INCLUDE_DIR. Exits with 77 (skipped) without cross compiler or emulator.
source=$1
work=$2
xsimd=$3
compiler=$(command -v aarch64-linux-gnu-g++) || { echo "skipped: no aarch64-linux-gnu-g++"; exit 77; }
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || { echo "skipped: no qemu-aarch64"; exit 77; }
set -e
mkdir -p "$work/xsimd"
# The headers of xsimd alone: the rest of the system's include folder belongs to another architecture.
rm -f "$work/xsimd/xsimd"
ln -s "$xsimd/xsimd" "$work/xsimd/xsimd"
flags="-std=c++20 -O2 -Wall -Wextra -Werror -ffp-contract=off -I$source/include -I$source/src -I$source/tests/unit/kernels"
for file in src/kernels/isa_baseline src/kernels/dispatch src/kernels/row_plan tests/gates/neon_runner; do
    $(command -v ccache) "$compiler" $flags -isystem "$work/xsimd" -c "$source/$file.cpp" -o "$work/$(basename "$file").o" &
    pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
"$compiler" -static "$work/isa_baseline.o" "$work/dispatch.o" "$work/row_plan.o" "$work/neon_runner.o" -o "$work/neon_runner"
"$emulator" "$work/neon_runner"
