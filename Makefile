# Every target sets up what it needs; the set-up returns at once when nothing has changed.
.PHONY: setup run demo test check soak bench bundle screenshots

PYTEST = .venv/bin/python -m pytest $(ARGS)
# `make test SIDE_BY_SIDE= ARGS="-s -k name"` shows what a test prints.
SIDE_BY_SIDE = -n 2 --dist loadfile
test soak bench screenshots: export QT_QPA_PLATFORM ?= offscreen

setup:
	@scripts/setup.sh

run: setup
	@.venv/bin/echoview

demo: setup
	@.venv/bin/echoview demo

test: setup
	$(PYTEST) $(SIDE_BY_SIDE)

check: setup
	.venv/bin/ruff check .
	.venv/bin/pyright

soak: setup
	$(PYTEST) -m soak

bench: setup
	$(PYTEST) -m benchmark -s tests/benchmarks

bundle:
	@VENV=build/venv EXTRA=bundle scripts/setup.sh
	build/venv/bin/pyinstaller --noconfirm --log-level ERROR echoview.spec
	build/venv/bin/python scripts/check_bundle.py

screenshots: setup
	.venv/bin/python scripts/screenshots.py
