#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures the drift tests against their oracles and writes the table of PARITY.md.
# usage: parity.sh [BUILD_DIR]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
cmake --build "$build" --target parity
"$build/tests/oracle/parity" --write "$here/PARITY.md"
