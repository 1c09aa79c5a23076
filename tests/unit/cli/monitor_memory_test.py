#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`vedette monitor --state` takes no more resident memory the longer its stream is, and its state file is no longer.

usage: monitor_memory_test.py VEDETTE-BINARY   (VEDETTE_UPDATES values, 2,000,000 by default; standard library only)
"""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

CHUNK = 100_000  # values
MONITORS = ["adwin", "page_hinkley", "cusum:mean=0,sd=1", "e_detector", "kswin", "incremental_ks"]
ALLOWED = 256    # kB, what an allocator may take more once


def resident(pid):
    """Kilobytes, or None where the system does not say."""
    try:
        return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
    except OSError:
        return None


def measure(tool, monitors, chunk, chunks, folder):
    """Resident memory and length of the state in sixteen parts of a stream; (alarms, values seen) at its end."""
    state = pathlib.Path(folder) / "s.state"
    command = [tool, "monitor", "-", "--no-header", "--learn", "1000", "--state", state, "--save-every", str(CHUNK // 2)]
    for monitor in monitors:
        command += ["--monitor", monitor]
    seen = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        for part in range(16):
            for _ in range(part * chunks // 16, (part + 1) * chunks // 16):
                process.stdin.write(chunk)
            process.stdin.flush()
            if process.poll() is not None:
                raise SystemExit(f"it ended with {process.returncode}")
            seen.append((resident(process.pid), state.stat().st_size if state.exists() else 0))
        process.stdin.close()
        code = process.wait(timeout=600)
    return seen, code


def main():
    tool = sys.argv[1]
    values = int(os.environ.get("VEDETTE_UPDATES", 2_000_000))
    # One level, then another: alarm after alarm.
    draw = random.Random(1)
    chunk = "".join(f"{draw.gauss(0 if i < CHUNK // 2 else 1.5, 1):.3f}\n" for i in range(CHUNK)).encode()
    dear = {"kswin", "incremental_ks"}  # a twentieth of the values where they would take an hour
    with tempfile.TemporaryDirectory() as folder:
        for name, monitors, share in (("those of nanoseconds", [m for m in MONITORS if m not in dear], 1),
                                      ("those that sort", [m for m in MONITORS if m in dear], 20)):
            chunks = max(16, values // CHUNK // share)
            seen, code = measure(tool, monitors, chunk, chunks, folder)
            for file in pathlib.Path(folder).iterdir():
                file.unlink()
            print(f"{name}: {chunks * CHUNK:,} values, exit {code}; kB resident {[r for r, _ in seen]}, "
                  f"bytes of state {[s for _, s in seen]}")
            assert code in (0, 1), "the stream was refused"
            if seen[0][0] is None:
                return
            # Windows fill and pages are touched in the first quarter.
            assert max(r for r, _ in seen[4:]) <= max(r for r, _ in seen[:4]) + ALLOWED, "resident memory grows"
            assert max(s for _, s in seen[4:]) <= 1.25 * max(s for _, s in seen[:4]) + 256, "the state grows"


if __name__ == "__main__":
    main()
