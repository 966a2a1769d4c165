#!/bin/sh
# Trains a set of weights by its whole course, calibrates it and puts it in its place; run it again to go on.
# (The sets that ship grew stage by stage, as docs/network.md tells; this is the way to make their like anew.)
# Usage: scripts/train_weights.sh ral-lite-camus|ral-lite-phantom RUNS [more options of `ral train`]
# Needs CAMUS in ECHOVIEW_DATA for the first. A course has 12,000 to 15,000 steps of 1 to 4 seconds of one core.
set -eu
name=${1:?name a recipe}
runs=${2:?name a folder for the runs}
shift 2
.venv/bin/ral train "$name" --out "$runs/$name" --seed 0 "$@"
.venv/bin/ral calibrate "$runs/$name/weights"
mkdir -p "resources/weights/$name"
cp "$runs/$name/weights/weights.safetensors" "$runs/$name/weights/card.json" "resources/weights/$name/"
