# SPDX-License-Identifier: Apache-2.0
"""Gate: who may include what. Layers point downwards, the families never touch each other, and each third-party
library stays where the design puts it.  usage: layering.py SOURCE_DIR"""

import pathlib
import re
import sys

FAMILIES = {"drift", "perturbation", "validation", "privacy"}
# What each layer may include besides itself. The kernels know nothing but themselves.
BELOW_FAMILIES = {"core", "stats", "kernels"}
ALLOWED = {
    "kernels": {"core"},
    "core": set(),
    "stats": {"core", "kernels"},
    **{family: BELOW_FAMILIES for family in FAMILIES},
    "guard": BELOW_FAMILIES | FAMILIES,
    "adapters": BELOW_FAMILIES | FAMILIES | {"guard"},
    "cli": BELOW_FAMILIES | FAMILIES | {"guard", "umbrella"},
    "capi": BELOW_FAMILIES | FAMILIES | {"guard", "umbrella"},
    "umbrella": BELOW_FAMILIES - {"kernels"} | FAMILIES | {"guard"},
}
# Library -> the places (path prefixes) whose files may include it.
THIRD_PARTY = {
    "xsimd": ("src/kernels/",),
    "Eigen": ("src/", "include/vedette/adapters/"),  # the adapters are opt-in
    "fmt": ("src/", "capi/src/"),
    "nlohmann": ("src/", "capi/src/"),
    "boost": ("src/",),
    "sodium.h": ("src/",),
    "openssl": ("src/privacy/",),
    "re2": ("src/",),
    "utf8proc.h": ("src/",),
    "CLI": ("src/cli/",),
}
# Heavy headers belong into translation units: a header that includes one makes every user of it slow to compile.
ONLY_IN_SOURCES = {"nlohmann", "boost", "fmt", "re2", "utf8proc.h"}
LIGHT = {"nlohmann/json_fwd.hpp"}  # declarations alone
STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat charconv chrono cinttypes
climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef
cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list
fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view
strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
valarray variant vector version
""".split())
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of_file(path):
    parts = path.split("/")
    if path.startswith("include/vedette/"):
        return parts[2] if len(parts) > 3 else "umbrella"
    if path.startswith("src/"):
        return parts[1] if len(parts) > 2 else "umbrella"
    if path.startswith("capi/"):
        return "capi"
    return None


def layer_of_include(name, path, root):
    """The layer of one of our own headers, or None for a foreign one."""
    parts = name.split("/")
    if parts[0] == "vedette":
        return parts[1] if len(parts) > 2 else "umbrella"
    if name == "vedette.h" or (root / "capi" / "abi" / name).exists():
        return "capi"
    if (root / path).parent.joinpath(name).exists():
        return layer_of_file(path)
    if (root / "src" / name).exists():
        return parts[0] if len(parts) > 1 else "umbrella"
    return None


def problems_of(path, root):
    layer = layer_of_file(path)
    public = path.startswith("include/")
    if layer not in ALLOWED:
        yield 0, f"no layer is called '{layer}'"
        return
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        target = layer_of_include(name, path, root)
        if target is not None:
            if target != layer and target not in ALLOWED[layer]:
                yield number, f"layer '{layer}' must not include '{name}' of layer '{target}'"
            elif public and not name.startswith("vedette/"):
                yield number, f"a public header includes the private '{name}'"
            continue
        library = next((key for key in THIRD_PARTY if name == key or name.startswith(key + "/")), None)
        if library is not None:
            if not path.startswith(THIRD_PARTY[library]):
                yield number, f"'{name}' may be included only in {', '.join(THIRD_PARTY[library])}"
            elif library in ONLY_IN_SOURCES and name not in LIGHT and not path.endswith((".cpp", ".cc")):
                yield number, f"'{name}' belongs into a .cpp file: headers with it make their users slow to compile"
        elif public and name not in STANDARD and "adapters/" not in path:
            yield number, f"'{name}' is neither the standard library nor ours"
        elif quote == '"':
            yield number, f"'{name}' is no header of ours"


def main():
    root = pathlib.Path(sys.argv[1])
    files = [path.relative_to(root).as_posix() for folder in ("include", "src", "capi/src", "capi/include")
             for path in sorted((root / folder).rglob("*")) if path.suffix in (".hpp", ".cpp", ".h", ".inc")]
    count = 0
    for path in files:
        for number, problem in problems_of(path, root):
            print(f"{path}:{number}: {problem}")
            count += 1
    print(f"{len(files)} files, {count} problems")
    if len(files) < 10:
        print("too few files found: the gate looks at the wrong folder")
        return 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
