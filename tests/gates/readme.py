# SPDX-License-Identifier: Apache-2.0
"""Gate: what README.md shows works. Its fenced blocks run in document order, in one scratch copy of the project:
`cpp` and `c` blocks are compiled against the built libraries and run, `sh` blocks are run with the tool on the PATH.
A block right after `<!-- not run: reason -->` is skipped and counted.
usage: readme.py README SOURCE_DIR --cxx COMPILER --cc COMPILER [--cxx-library FILE] [--c-library FILE] [--tool FILE]"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```\s*([A-Za-z+]*)")
NOT_RUN = re.compile(r"^<!--\s*not run:\s*(.*?)\s*-->\s*$")
RUNNABLE = ("cpp", "c", "sh")


def blocks_of(text):
    """(language, first line number, code, reason why it is not run or None) of each fenced block."""
    language, start, lines, reason = None, 0, [], None
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if language is None:
            skip = NOT_RUN.match(line)
            if skip:
                reason = skip.group(1)
            elif fence:
                language, start, lines = fence.group(1), number + 1, []
            elif line.strip():
                reason = None
        elif fence:
            yield language, start, "\n".join(lines) + "\n", reason
            language, reason = None, None
        else:
            lines.append(line)
    if language is not None:
        raise SystemExit(f"the block that opens before line {start} never closes")


def as_program(code):
    """A fragment becomes a program: includes stay on top, the rest goes into main."""
    if re.search(r"\bint\s+main\s*\(", code):
        return code
    lines = code.splitlines()
    top = [line for line in lines if line.startswith("#include")]
    rest = [line for line in lines if not line.startswith("#include")]
    return "\n".join([*top, "int main() {", *rest, "return 0;", "}"]) + "\n"


class Runner:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.environment = dict(os.environ)
        if options.tool:
            folder = scratch.parent / "bin"
            folder.mkdir()
            (folder / "vedette").symlink_to(options.tool)
            self.environment["PATH"] = f"{folder}{os.pathsep}{self.environment['PATH']}"

    def run(self, command):
        done = subprocess.run(command, cwd=self.scratch, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300)
        return done.returncode, done.stdout

    def compile_and_run(self, code, compiler, suffix, flags, link):
        source = self.scratch.parent / f"block{suffix}"
        program = self.scratch.parent / "block"
        source.write_text(code, encoding="utf-8")
        status, output = self.run([*compiler.split(), *flags, str(source), "-o", str(program), *link])
        if status:
            return status, output
        return self.run([str(program)])

    def run_block(self, language, code):
        o = self.options
        if language == "cpp":
            return self.compile_and_run(as_program(code), o.cxx, ".cpp",
                                        ["-std=c++20", "-Wall", "-Wextra", "-I", f"{o.source}/include"],
                                        [o.cxx_library, "-lsodium", "-lcrypto", "-lre2", "-lutf8proc", "-lpthread"])
        if language == "c":
            folder = os.path.dirname(o.c_library)
            return self.compile_and_run(as_program(code), o.cc, ".c",
                                        ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-I", f"{o.source}/capi/include"],
                                        [o.c_library, f"-Wl,-rpath,{folder}"])
        return self.run(["sh", "-eu", "-c", code])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("readme")
    parser.add_argument("source")
    for name in ("cxx", "cc", "cxx-library", "c-library", "tool"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    needs = {"cpp": options.cxx_library, "c": options.c_library, "sh": options.tool}
    ran, skipped, failed = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder) / "vedette"
        shutil.copytree(options.source, scratch, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build", "build-*", "__pycache__"))
        runner = Runner(options, scratch)
        for language, line, code, reason in blocks_of(pathlib.Path(options.readme).read_text(encoding="utf-8")):
            if language not in RUNNABLE:
                continue
            if reason is not None:
                print(f"line {line}: {language} block not run: {reason}")
                skipped += 1
                continue
            if not needs[language]:
                print(f"line {line}: {language} block not run: this build has no such target")
                skipped += 1
                continue
            status, output = runner.run_block(language, code)
            ran += 1
            if status:
                failed += 1
                print(f"line {line}: {language} block failed with status {status}\n{output}")
    print(f"{ran} blocks run, {failed} failed, {skipped} not run")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
