#!/bin/sh
# Trains the two sets of weights that ship, one after the other; run it again to go on where it stopped.
# Usage: scripts/train_weights.sh RUNS     (needs CAMUS in ECHOVIEW_DATA; about an hour and a half on two cores)
set -eu
runs=${1:?name a folder for the runs}
for name in ral-lite-camus ral-lite-phantom; do
    .venv/bin/ral train "$name" --out "$runs/$name" --seed 0
    mkdir -p "resources/weights/$name"
    cp "$runs/$name/weights/weights.safetensors" "$runs/$name/weights/card.json" "resources/weights/$name/"
done
