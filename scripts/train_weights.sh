#!/bin/sh
# Trains one of the sets of weights that ship, calibrates it and puts it in its place; run it again to go on.
# Usage: scripts/train_weights.sh ral-lite-camus|ral-lite-phantom RUNS [more options of `ral train`]
# Needs CAMUS in ECHOVIEW_DATA for the first; each takes about 90 minutes on one core.
set -eu
name=${1:?name a recipe}
runs=${2:?name a folder for the runs}
shift 2
.venv/bin/ral train "$name" --out "$runs/$name" --seed 0 "$@"
.venv/bin/ral calibrate "$runs/$name/weights"
mkdir -p "resources/weights/$name"
cp "$runs/$name/weights/weights.safetensors" "$runs/$name/weights/card.json" "resources/weights/$name/"
