# SPDX-License-Identifier: Apache-2.0
"""Builds and runs one consumer of Vedette, in one of the ways in which a project can use it.
usage: run.py WAY --cmake ... --generator ... --cc ... --cxx ... --source ... --build ... --work ..."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys


def run(command, **keywords):
    print("+", " ".join(map(str, command)), flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords)
    if done.returncode:
        print(done.stdout)
        raise SystemExit(1)
    return done.stdout


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def install(o):
    """Installs to one place and moves everything to another: an absolute path in any file breaks what follows."""
    stage = fresh(o.work / "stage")
    shutil.rmtree(o.prefix, ignore_errors=True)
    run([o.cmake, "--install", o.build, "--prefix", stage])
    stage.rename(o.prefix)
    for path in o.prefix.rglob("*"):
        if path.suffix in (".cmake", ".pc") and path.is_file():
            text = path.read_text(encoding="utf-8")
            for place in (stage, o.build, o.source):
                if str(place) in text:
                    raise SystemExit(f"{path} contains the path {place}: the installation cannot be moved")
    leaked = [path for path in o.prefix.rglob("*.hpp") if "vedette" not in path.parts]
    if leaked:
        raise SystemExit(f"headers outside include/vedette are installed: {leaked}")


def build_with_cmake(o, project, *options, executable=True):
    folder = o.work / f"build_{o.way}"
    if project == "embedded":
        # Both ways compile the same library: one folder, whose objects stay, saves minutes. The cache does not stay.
        # Where ccache writes paths as they look from the build folder, only one beside the tested build shares objects.
        folder = o.build.with_name(f"{o.build.name}-embedded") if "CCACHE_BASEDIR" in os.environ else o.work / "build_embedded"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "consumer").unlink(missing_ok=True)
    else:
        fresh(folder)
    # An option that the surrounding environment sets must not reach the consumer.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CMAKE_", "CXXFLAGS", "CFLAGS"))}
    launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={o.launcher}", f"-DCMAKE_C_COMPILER_LAUNCHER={o.launcher}"]
    run([o.cmake, "--fresh", "-S", o.here / project, "-B", folder, "-G", o.generator, f"-DCMAKE_C_COMPILER={o.cc}",
         f"-DCMAKE_CXX_COMPILER={o.cxx}", "--no-warn-unused-cli", *(launcher if o.launcher else []), *options],
        env=environment)
    if executable:
        run([o.cmake, "--build", folder, "--target", "consumer", "--parallel", "2"], env=environment)
        print(run([folder / "consumer"], cwd=folder))
    return folder


def embedded(o, *options):
    # With the options of the build that is tested, so that a compiler cache has what they share.
    cache = (o.build / "CMakeCache.txt").read_text()
    wanted = re.findall(r"^((?:CMAKE_BUILD_TYPE|VEDETTE_WERROR):[A-Z]+=.*)$", cache, re.MULTILINE)
    return build_with_cmake(o, "embedded", f"-DVEDETTE_SOURCE={o.source}", *(f"-D{option}" for option in wanted), *options)


def installed(o, project, executable=True):
    # Only the moved copy may be found, no registry and no system installation.
    return build_with_cmake(o, project, f"-DCMAKE_PREFIX_PATH={o.prefix}", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF",
                            "-DCMAKE_BUILD_TYPE=Release", executable=executable)


def needed_libraries(program):
    lines = run(["readelf", "-d", program]).splitlines()
    return [line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line]


def c_consumer(o):
    program = installed(o, "c") / "consumer"
    wanted = needed_libraries(program)
    print("needs", wanted)
    if any("stdc++" in name or "sodium" in name or "crypto" in name or "re2" in name or "utf8proc" in name for name in wanted):
        raise SystemExit("a C program is linked with more than the C library")


def cxx_consumer(o):
    wanted = needed_libraries(installed(o, "cxx") / "consumer")
    print("needs", wanted)
    foreign = [name for name in wanted if not name.startswith(("libsodium", "libcrypto", "libre2", "libutf8proc", "libstdc++", "libc++", "libm.", "libgcc_s",
                                                               "libc.", "libpthread", "ld-linux"))]
    if foreign:
        raise SystemExit(f"a C++ program needs more than libsodium, libcrypto, RE2 and utf8proc: {foreign}")


def with_pkg_config(o, package, compiler, standard, source):
    folder = fresh(o.work / f"build_{o.way}")
    library_folder = next(o.prefix.rglob("vedette.pc")).parent
    search = os.pathsep.join(filter(None, [str(library_folder), os.environ.get("PKG_CONFIG_PATH", "")]))
    environment = dict(os.environ, PKG_CONFIG_PATH=search)
    flags = run(["pkg-config", "--cflags", "--libs", package], env=environment).split()
    program = folder / "consumer"
    run([compiler, standard, "-Wall", "-Wextra", o.here / source, "-o", program, *flags,
         f"-Wl,-rpath,{library_folder.parent}"])
    print(run([program], cwd=folder))


WAYS = {
    "install": install,
    "cxx": cxx_consumer,
    "c": c_consumer,
    "unknown_component": lambda o: installed(o, "unknown_component", executable=False),
    "pkg_config_cxx": lambda o: with_pkg_config(o, "vedette", o.cxx, "-std=c++20", "cxx/main.cpp"),
    "pkg_config_c": lambda o: with_pkg_config(o, "vedette-capi", o.cc, "-std=c99", "c/main.c"),
    "add_subdirectory": embedded,
    "fetch_content": lambda o: embedded(o, "-DFETCH=ON"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    for name in ("cmake", "generator", "cc", "cxx", "launcher", "source", "build", "work"):
        parser.add_argument(f"--{name}")
    o = parser.parse_args()
    o.source, o.build, o.work = pathlib.Path(o.source), pathlib.Path(o.build), pathlib.Path(o.work)
    o.here = o.source / "tests" / "consumer"
    o.prefix = o.work / "moved" / "vedette"
    o.prefix.parent.mkdir(parents=True, exist_ok=True)
    WAYS[o.way](o)
    return 0


if __name__ == "__main__":
    sys.exit(main())
