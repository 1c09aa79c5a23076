# SPDX-License-Identifier: Apache-2.0
"""The streams of the monitors' oracle, as tests/unit/drift/monitor_streams.hpp makes them too: from whole numbers and
exactly rounded operations, so that no file need hold them."""
import csv
import pathlib

MASK = (1 << 64) - 1


class SplitMix:
    """Steele, Lea and Flood (2014)."""

    def __init__(self, seed):
        self.state = seed

    def word(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self):
        return (self.word() >> 11) * 2.0**-53

    def bell(self):
        """A sum of twelve uniform numbers less 6: about standard normal."""
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0


def levels(count):
    """The mean jumps by one, half and two standard deviations."""
    random = SplitMix(1)
    steps = [0.0, 1.0, 0.5, -1.5]
    return [random.bell() + steps[4 * i // count] for i in range(count)]


def spreads(count):
    """Tied values, whose spread and place change."""
    random = SplitMix(2)
    steps = [(0.0, 1.0), (0.0, 3.0), (2.0, 3.0), (2.0, 0.25)]
    values = []
    for i in range(count):
        place, spread = steps[4 * i // count]
        values.append(float(int((random.uniform() * spread + place) * 8.0)) / 8.0)
    return values


def errors(count):
    """Errors whose rate jumps."""
    random = SplitMix(3)
    rates = [0.125, 0.3125, 0.0625, 0.25, 0.5]
    return [1.0 if random.uniform() < rates[5 * i // count] else 0.0 for i in range(count)]


def rare_errors(count):
    """None at first, then ever more."""
    random = SplitMix(4)
    return [1.0 if random.uniform() < 0.25 * max(0.0, i / count - 0.125) else 0.0 for i in range(count)]


def shares(count):
    """Values in [0, 1] whose mean drifts slowly."""
    random = SplitMix(5)
    values = []
    for i in range(count):
        u = random.uniform()
        values.append(u * u if random.uniform() > i / count else u)
    return values


def flights():
    """Arrival delays of tests/data, in order of time; without those that are missing."""
    folder = pathlib.Path(__file__).parent.parent / "data"
    values = []
    for name in ("flights_2013_q1.csv", "flights_2013_april_december.csv"):
        with open(folder / name, newline="", encoding="utf-8") as file:
            values += [float(row["arrival_delay"]) for row in csv.DictReader(file) if row["arrival_delay"]]
    return values


def late_flights():
    return [1.0 if delay > 15.0 else 0.0 for delay in flights()]


def stream(name):
    kind, _, count = name.partition(":")
    made = {"levels": levels, "spreads": spreads, "errors": errors, "rare_errors": rare_errors, "shares": shares}
    if kind in made:
        return made[kind](int(count))
    return {"flights": flights, "late_flights": late_flights}[kind]()
