#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What monitors of a stream cost, line by line, beside their bars and their peers, in one run and one thread:
# sh bench/versus/stream_speed.sh [build folder] [--update-readme]. Needs the network once.
targets="bench_monitors bench_mmd_monitor bench_performance"
. "$(dirname "$0")/begin.sh"
[ "${1:-}" != --update-readme ] || set -- --readme "$root/bench/README.md"
exec "$(sh "$root/bench/versus/environment.sh" "$build" streams)" "$root/bench/versus/stream_speed.py" \
    --benches "$build/bench" "$@"
