#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel two-sample test beside alibi-detect's, by PyTorch and by KeOps: sh bench/versus/alibi.sh [build folder]. The
# peers' environment is large and is made once, with the network. KeOps takes some minutes.
targets="bench_mmd"
. "$(dirname "$0")/begin.sh"
"$(sh "$root/bench/versus/environment.sh" "$build" alibi)" "$root/bench/versus/alibi.py" "$build/bench/bench_mmd"
