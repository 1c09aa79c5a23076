# SPDX-License-Identifier: Apache-2.0
"""Gate: every public header compiles alone, twice in one unit, and without warnings; the C header as C99 and as C++.
usage: headers.py SOURCE_DIR C_COMPILER CXX_COMPILER [INCLUDE_DIR_OF_ADAPTED_LIBRARIES...]"""

import concurrent.futures
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]


def compile_alone(job):
    command, include = job
    text = f"#include {include}\n" * 2
    done = subprocess.run(command + ["-fsyntax-only", "-"], input=text, text=True, capture_output=True)
    return include, " ".join(command), done.returncode, done.stderr


def main():
    root, c_compiler, cxx_compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    cxx = [cxx_compiler, "-x", "c++", "-std=c++20", *WARNINGS, "-I", str(root / "include")]
    jobs = [(cxx, f"<{path.relative_to(root / 'include').as_posix()}>")
            for path in sorted((root / "include").rglob("*.hpp")) if "adapters" not in path.parts]
    # Only the opt-in adapters may see another library.
    adapted = [word for folder in sys.argv[4:] for word in ("-isystem", folder)]
    jobs += [(cxx + adapted, f"<{path.relative_to(root / 'include').as_posix()}>")
             for path in sorted((root / "include" / "vedette" / "adapters").glob("*.hpp"))]
    c_folder = root / "capi" / "include"
    if (c_folder / "vedette.h").exists():
        include = ["-I", str(c_folder)]
        jobs.append(([c_compiler, "-x", "c", "-std=c99", "-pedantic-errors", *WARNINGS, *include], "<vedette.h>"))
        jobs.append(([cxx_compiler, "-x", "c++", "-std=c++11", "-pedantic-errors", *WARNINGS, *include], "<vedette.h>"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for include, command, status, errors in pool.map(compile_alone, jobs):
            if status:
                failed += 1
                print(f"{include} does not compile alone: {command}\n{errors}")
    print(f"{len(jobs)} headers, {failed} failed")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
