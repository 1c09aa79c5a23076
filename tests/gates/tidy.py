# SPDX-License-Identifier: Apache-2.0
"""Gate: clang-tidy 14 finds nothing in the library, the C library and the tool.

Most of its time goes into headers, over and over, so sources of a folder are checked joined into one unit; where they do
not compile together (a name that two of them give to different things) or clang-tidy dies, the unit is halved.
usage: tidy.py SOURCE_DIR BUILD_DIR [FILE...]   (BUILD_DIR holds compile_commands.json; default: all files)"""

import bisect
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

# The static analyzer explores a fifth of the states that it would by default: its whole budget costs more than all else
# here together and found nothing more.
ANALYZER = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000")]
MOST_FILES, MOST_LINES = 12, 2500
INCLUDE = re.compile(r"\s*#\s*include\s*[<\"].*[>\"]")
LOCATION = re.compile(r"^(\S+):(\d+):(\d+): ")


class Unit:
    """Some sources, joined; each header is asked for once."""

    def __init__(self, files, flags, folder, scratch):
        self.files, self.flags, self.folder = files, flags, folder
        self.starts, lines, seen = [], [], set()
        for file in files:
            self.starts.append(len(lines))
            for line in file.read_text().splitlines():
                is_again = INCLUDE.match(line) and line.strip() in seen
                if INCLUDE.match(line):
                    seen.add(line.strip())
                lines.append("" if is_again else line)
        name = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:16]
        self.path = scratch / f"{name}.cpp"
        self.path.write_text("\n".join(lines) + "\n")
        self.command = [*flags, "-I", str(files[0].parent)]

    def compiles(self):
        if len(self.files) == 1:
            return True
        command = [*self.command, "-w", "-fsyntax-only", str(self.path)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=False).returncode == 0

    def halves(self, scratch):
        middle = (len(self.files) + 1) // 2
        return [Unit(part, self.flags, self.folder, scratch) for part in (self.files[:middle], self.files[middle:])]

    def located(self, text):
        """The text with the places that a reader knows."""

        def place(match):
            if match[1] != str(self.path):
                return match[0]
            line = int(match[2]) - 1
            which = bisect.bisect_right(self.starts, line) - 1
            return f"{self.files[which]}:{line - self.starts[which] + 1}:{match[3]}: "

        return "\n".join(LOCATION.sub(place, line) for line in text.splitlines())


def tidied(tool, unit, options):
    command = [tool, "--quiet", "--warnings-as-errors=*", *options, str(unit.path), "--", *unit.command[1:]]
    return subprocess.run(command, cwd=unit.folder, capture_output=True, text=True, check=False)


def check(tool, root, scratch, unit):
    """Texts of findings, and remarks."""
    config = f"--config-file={root / '.clang-tidy'}"
    if unit.compiles():
        done = tidied(tool, unit, [config, *ANALYZER])
        if done.returncode >= 0:
            return [unit.located(done.stdout + done.stderr)] if done.returncode else [], []
        # The analyzer of version 14 dies on a function that returns a class it can move only.
        if len(unit.files) == 1:
            done = tidied(tool, unit, [config, "--checks=-clang-analyzer-*"])
            remark = f"{unit.files[0]}: checked without the static analyzer, which crashed on it"
            return [unit.located(done.stdout + done.stderr)] if done.returncode else [], [remark]
    findings, remarks = [], []
    for half in unit.halves(scratch):
        more_findings, more_remarks = check(tool, root, scratch, half)
        findings += more_findings
        remarks += more_remarks
    return findings, remarks


def units(root, database, scratch, wanted):
    """All sources once: the wide kernels are one template compiled three times, of which one is enough."""
    groups = {}
    for entry in sorted(json.loads((database / "compile_commands.json").read_text()), key=lambda e: e["file"]):
        file = pathlib.Path(entry["file"])
        place = file.relative_to(root).as_posix() if file.is_relative_to(root) else ""
        if not place.startswith(("src/", "capi/src/")) or file.name.startswith(("isa_avx", "isa_neon")):
            continue
        if file.suffix != ".cpp" or (wanted and place not in wanted):
            continue
        words = shlex.split(entry["command"])
        while not pathlib.Path(words[0]).name.startswith("clang"):  # a launcher
            words = words[1:]
        output = words.index("-o")
        words = [word for word in words[:output] + words[output + 2:] if word not in ("-c", entry["file"])]
        # How well it is optimised changes nothing here.
        key = (file.parent, *(word for word in words if not re.fullmatch(r"-O\d", word)))
        groups.setdefault(key, {})[file] = (words, entry["directory"])
    for key, files in groups.items():
        flags, folder = list(key[1:]), next(iter(files.values()))[1]
        part, lines = [], 0
        for file in files:
            size = file.read_text().count("\n")
            if part and (len(part) == MOST_FILES or lines + size > MOST_LINES):
                yield Unit(part, flags, folder, scratch)
                part, lines = [], 0
            part.append(file)
            lines += size
        yield Unit(part, flags, folder, scratch)


def main():
    root, database, wanted = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    tool = shutil.which("clang-tidy-14")
    if not tool:
        print("clang-tidy-14 is not installed")
        return 77
    scratch = database / "tidy"
    scratch.mkdir(exist_ok=True)
    jobs = list(units(root, database, scratch, wanted))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for findings, remarks in pool.map(lambda unit: check(tool, root, scratch, unit), jobs):
            failed += len(findings)
            for text in findings + remarks:
                print(text, flush=True)
    print(f"{sum(len(unit.files) for unit in jobs)} files in {len(jobs)} units, {failed} with findings")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
