#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Peers, in an environment of their own that is made again only when their list changes: prints its interpreter.
# usage: environment.sh BUILD_DIR [LIST]   (LIST: requirements, the default, or another .txt here; what LIST-alone.txt names is
# installed without what it asks for, where two peers ask for different versions)
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
list=${2:-requirements}
venv=$1/versus-$list-venv
wanted=$(cat "$folder/$list.txt" "$folder/$list-alone.txt" 2>/dev/null || cat "$folder/$list.txt")
if [ "$wanted" != "$(cat "$venv/wanted" 2>/dev/null || true)" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    install="$venv/bin/python -m pip install --quiet --disable-pip-version-check"
    $install -r "$folder/$list.txt" >&2
    [ ! -f "$folder/$list-alone.txt" ] || $install --no-deps -r "$folder/$list-alone.txt" >&2
    printf '%s' "$wanted" >"$venv/wanted"
fi
echo "$venv/bin/python"
