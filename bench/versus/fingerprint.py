# SPDX-License-Identifier: Apache-2.0
"""Fingerprints beside Blacklight's pipeline as published, in NumPy and hashlib, in one process: salt, cells of 50 levels,
windows, SHA-256 of each, the 50 greatest of the reversed digests. Look-ups are left out there: a dictionary that grows.
usage: python fingerprint.py --benches BUILD/bench   (VEDETTE_ISA as you like; needs NumPy)"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import time

import numpy


def blacklight(image, salt, window, stride):
    cells = (numpy.round(((image.astype(numpy.int16) + salt) % 255) / 50) * 50).astype(numpy.int16)
    hashes = {hashlib.sha256(cells[i:i + window].tobytes()).hexdigest()[::-1]
              for i in range(0, len(cells) - window + 1, stride)}
    return sorted(hashes, reverse=True)[:50]


def least_time(call, inputs, runs=7):
    least = float("inf")
    for _ in range(runs):
        begin = time.process_time()
        for x in inputs:
            call(x)
        least = min(least, (time.process_time() - begin) / len(inputs))
    return least * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", required=True)
    benches = pathlib.Path(parser.parse_args().benches)
    out = subprocess.run([benches / "bench_fingerprint", "--benchmark_format=json", "--benchmark_repetitions=5"],
                         check=True, capture_output=True, text=True).stdout
    ours = {}
    for row in json.loads(out)["benchmarks"]:
        if row["run_type"] != "iteration":
            continue
        name = row["name"].removesuffix("/iterations:4000")
        scale = 1e-3 if row["time_unit"] == "ns" else 1.0
        known = ours.setdefault(name, dict(row, time=float("inf")))
        known["time"] = min(known["time"], row["cpu_time"] * scale)
        for key in ("p50_us", "p99_us"):
            if key in row:
                known[key] = min(known[key], row[key])
    rng = numpy.random.default_rng(1)
    print("| work | vedette | Blacklight's pipeline | ratio |\n|---|--:|--:|--:|")
    for side, window, stride in ((32, 20, 1), (224, 50, 25)):
        images = rng.integers(0, 256, (8, side * side * 3), dtype=numpy.uint8)
        salt = rng.integers(0, 255, side * side * 3, dtype=numpy.int16)
        theirs = least_time(lambda x: blacklight(x, salt, window, stride), images)
        mine = ours[f"fingerprint_u8/{side}"]["time"]
        print(f"| fingerprint of {side}×{side}×3 bytes, windows of {window}, stride {stride} | {mine:.3g} µs | "
              f"{theirs:,.0f} µs | {theirs / mine:.3g}× |")
        print(f"| the same of floats | {ours[f'fingerprint_f32/{side}']['time']:.3g} µs |  |  |")
    for name, label in (("fingerprint_row/30/0", "fingerprint of a row of 30 features"),
                        ("fingerprint_row/768/1", "of an embedding of 768, normalised"),
                        ("look_up_and_remember/0", "look-up among a million, and remembering"),
                        ("look_up_and_remember/1", "the same in a flood of near copies, the worst there is"),
                        ("observe_among_a_million", "224×224×3 bytes among a million, all of a request")):
        print(f"| {label} | {ours[name]['time']:.3g} µs |  |  |")
    whole = ours["observe_among_a_million"]
    print(f"\nA request of the last row: median {whole['p50_us']:.3g}, 99th percentile {whole['p99_us']:.3g} µs of "
          f"CPU time; {whole['bytes_per_query']:.1f} bytes for each input remembered.")


main()
