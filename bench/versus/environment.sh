#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The peers, in an environment of their own that is made again only when the list changes: prints its interpreter.
# usage: environment.sh BUILD_DIR
set -eu
requirements=$(cd "$(dirname "$0")" && pwd)/requirements.txt
venv=$1/versus-venv
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
