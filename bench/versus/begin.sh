# SPDX-License-Identifier: Apache-2.0
# How scripts of this folder begin: targets="NAMES"; . "$(dirname "$0")/begin.sh"
# Takes the build folder, if there is one, off the arguments (else BUILD_DIR, else build), makes it what benchmarks need, and
# builds the targets there. Sets `root` and `build`.
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
log=$build/$(basename "$0" .sh).log
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$log"
# shellcheck disable=SC2086 # a list of names
cmake --build "$build" --target $targets >>"$log" || { cat "$log" >&2; exit 1; }
