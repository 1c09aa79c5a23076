#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What monitors of a stream cost, line by line, beside their bars and their peers, in one run and one thread:
# sh bench/versus/stream_speed.sh [build folder] [--update-readme]. Needs the network once.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build}
case ${1:-} in
'' | -*) ;;
*)
    build=$1
    shift ;;
esac
[ -f "$build/CMakeCache.txt" ] || cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$build/stream_speed.log"
cmake --build "$build" --target bench_monitors bench_mmd_monitor bench_performance >>"$build/stream_speed.log" || {
    cat "$build/stream_speed.log" >&2
    exit 1
}
[ "${1:-}" != --update-readme ] || set -- --readme "$root/bench/README.md"
exec "$(sh "$root/bench/versus/environment.sh" "$build" streams)" "$root/bench/versus/stream_speed.py" \
    --benches "$build/bench" "$@"
