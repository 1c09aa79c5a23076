#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a bare clone to a running result in one command: installs what is missing, configures, builds, runs.
set -eu

usage() {
    cat <<'TEXT'
usage: sh cmake/bootstrap.sh demo|test|bench|dev
  demo   build the command line tool and judge real traffic with it
  test   build everything and run the tests
  bench  build and run the benchmarks
  dev    install what developers and the continuous integration need
On Debian and Ubuntu, as root, missing packages are installed; elsewhere they are named.
BUILD_DIR (default: build), CC, CXX and VEDETTE_WERROR=ON are honoured.
TEXT
}

# The one list of packages. Columns: first command that needs it, a probe that tells whether it is there, and the
# package of Debian/Ubuntu, Fedora, Arch and Homebrew ("-": has none or comes with the system).
# Probes: c:COMMAND on the PATH, h:HEADER in an include folder, f:FILE (a pattern) on the disk.
packages='
demo  c:c++                          g++                    gcc-c++                  gcc            gcc
demo  c:cmake                        cmake                  cmake                    cmake          cmake
demo  c:ninja                        ninja-build            ninja-build              ninja          ninja
demo  c:pkg-config                   pkg-config             pkgconf-pkg-config       pkgconf        pkgconf
demo  h:Eigen/Core                   libeigen3-dev          eigen3-devel             eigen          eigen
demo  h:xsimd/xsimd.hpp              libxsimd-dev           xsimd-devel              xsimd          xsimd
demo  h:fmt/core.h                   libfmt-dev             fmt-devel                fmt            fmt
demo  h:nlohmann/json.hpp            nlohmann-json3-dev     json-devel               nlohmann-json  nlohmann-json
demo  h:boost/math/distributions.hpp libboost-dev           boost-devel              boost          boost
demo  h:sodium.h                     libsodium-dev          libsodium-devel          libsodium      libsodium
demo  h:re2/re2.h                    libre2-dev             re2-devel              re2            re2
demo  h:utf8proc.h                   libutf8proc-dev        utf8proc-devel         libutf8proc    utf8proc
demo  h:openssl/evp.h                libssl-dev             openssl-devel            openssl        openssl
demo  h:CLI/CLI.hpp                  libcli11-dev           cli11-devel              cli11          cli11
test  h:doctest/doctest.h            doctest-dev            doctest-devel            doctest        doctest
test  c:python3                      python3                python3                  python         python
test  c:ccache                       ccache                 ccache                   ccache         ccache
test  c:abidiff                      abigail-tools          libabigail               libabigail     -
bench h:benchmark/benchmark.h        libbenchmark-dev       google-benchmark-devel   benchmark      google-benchmark
dev   c:clang++-14                   clang-14               clang                    clang          llvm
dev   c:clang-tidy-14                clang-tidy-14          clang-tools-extra        clang          -
dev   c:clang-format-14              clang-format-14        clang-tools-extra        clang          clang-format
dev   f:/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-14-dev compiler-rt compiler-rt -
dev   c:qemu-aarch64                 qemu-user              qemu-user                qemu-user      qemu
dev   c:aarch64-linux-gnu-g++        g++-aarch64-linux-gnu  gcc-c++-aarch64-linux-gnu aarch64-linux-gnu-gcc -
'

is_there() {
    case $1 in
    c:*) command -v "${1#c:}" >/dev/null 2>&1 ;;
    h:*)
        for folder in /usr/include /usr/include/eigen3 /usr/include/doctest /usr/local/include \
            /usr/local/include/eigen3 /opt/homebrew/include /opt/homebrew/include/eigen3; do
            [ ! -e "$folder/${1#h:}" ] || return 0
        done
        return 1 ;;
    f:*)
        for file in ${1#f:}; do
            [ ! -e "$file" ] || return 0
        done
        return 1 ;;
    esac
}

# Which rows a command needs: demo < test < bench, dev.
level_of() {
    case $1 in demo) echo 1 ;; test) echo 2 ;; bench) echo 3 ;; dev) echo 4 ;; esac
}

# missing COLUMN: the packages, from that column, whose probes fail for the command at hand.
missing() {
    printf '%s\n' "$packages" | while read -r need probe debian fedora arch brew; do
        [ -n "$need" ] || continue
        [ "$(level_of "$need")" -le "$(level_of "$goal")" ] || continue
        is_there "$probe" && continue
        case $1 in debian) name=$debian ;; fedora) name=$fedora ;; arch) name=$arch ;; brew) name=$brew ;; esac
        [ "$name" = - ] || printf '%s\n' "$name"
    done | sort -u | tr '\n' ' '
}

install_packages() {
    wanted=$(missing debian)
    [ -n "$wanted" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing: $wanted"
        export DEBIAN_FRONTEND=noninteractive
        # The lists may be absent or stale; a first failure is what shows it.
        # shellcheck disable=SC2086  # a list of words
        apt-get install -y -q --no-install-recommends $wanted >"$log" 2>&1 || {
            apt-get update -q >"$log" 2>&1 &&
            apt-get install -y -q --no-install-recommends $wanted >"$log" 2>&1
        } || {
            cat "$log" >&2
            echo "bootstrap: apt-get could not install: $wanted" >&2
            exit 2
        }
        return 0
    fi
    # Only what a system offers can be asked for there.
    for system in debian fedora arch brew; do
        eval "list_$system=\$(missing $system)"
    done
    # shellcheck disable=SC2154  # set by the eval above
    cat >&2 <<TEXT
bootstrap: packages are missing, and only root on Debian or Ubuntu can have them installed from here. Please run
  Debian, Ubuntu:  sudo apt-get install $list_debian
  Fedora:          sudo dnf install $list_fedora
  Arch:            sudo pacman -S $list_arch
  Homebrew:        brew install $list_brew
TEXT
    exit 2
}

# configure OPTION...: one build folder for all commands, so that each reuses what another built.
configure() {
    if [ ! -f "$build/CMakeCache.txt" ]; then
        set -- -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
    fi
    if command -v ccache >/dev/null 2>&1; then
        set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache
    fi
    if [ -n "${VEDETTE_WERROR:-}" ]; then
        set -- "$@" "-DVEDETTE_WERROR=$VEDETTE_WERROR"
    fi
    cmake -S . -B "$build" "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

[ $# = 1 ] || { usage >&2; exit 2; }
goal=$1
case $goal in
demo | test | bench | dev) ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.."
build=${BUILD_DIR:-build}
mkdir -p "$build"
log=$build/bootstrap.log
install_packages

case $goal in
demo)
    # A first configuration leaves the tests out; a later one keeps what it has.
    if [ -f "$build/CMakeCache.txt" ]; then
        configure
    else
        configure -DVEDETTE_BUILD_TESTS=OFF
    fi
    cmake --build "$build" --target vedette_tool
    tool=$(find "$build/src/cli" -maxdepth 1 -name vedette -type f | head -n 1)
    sh tests/data/demo.sh "$tool" "$build/demo"
    ;;
test)
    configure -DVEDETTE_BUILD_TESTS=ON
    cmake --build "$build"
    ctest --test-dir "$build" --output-on-failure -j2
    ;;
bench)
    configure -DVEDETTE_BUILD_BENCH=ON
    cmake --build "$build"
    sh bench/run.sh "$build"
    ;;
dev)
    echo "Everything that developers need is installed."
    ;;
esac
