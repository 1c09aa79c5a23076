#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo: learn from the flights of January to March 2013, then judge April to December, month by month.
# usage: demo.sh VEDETTE-BINARY OUT-DIR
set -eu

if [ $# -ne 2 ]; then
    echo "usage: demo.sh VEDETTE-BINARY OUT-DIR" >&2
    exit 2
fi
vedette=$1
out=$2
data=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

echo "1. Learn what is normal: 6,000 flights from New York City, January to March 2013."
echo
"$vedette" baseline build "$data/flights_2013_q1.csv" -o "$out/flights.vedette" --ignore month \
    --name "Flights from New York, January to March 2013"
echo
"$vedette" baseline show "$out/flights.vedette"
echo
echo "2. Judge what came after: 1,000 flights of each month from April to December, one window per month."
echo
status=0
"$vedette" check --baseline "$out/flights.vedette" "$data/flights_2013_april_december.csv" --window-by month \
    --title "Flights from New York, April to December 2013" \
    --format table --format "html=$out/flights.html" --format "json=$out/flights.json" || status=$?
case $status in
    0) verdict="0: pass" ;;
    1) verdict="1: the gate failed, because traffic drifted beyond tolerance; a pipeline would stop here" ;;
    *) exit "$status" ;;
esac
cat <<END

Exit status $verdict.

How to read it: "moved share" is the part of a feature's values that would have to change to look like the reference
again, with its confidence interval. An alarm needs both evidence (adjusted p-value at or below 0.01) and a share surely
above the tolerance of 5 %. Nothing was injected: temperatures follow the seasons, and timetables and airlines change.

The report, one file for any browser: $out/flights.html
The same for programs:                $out/flights.json
END
