"""The look of a report: one set of colours and sizes for page and plots."""

from __future__ import annotations

# Okabe and Ito: told apart by all common kinds of colour vision. Lines differ in their dashes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (3, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, QUIET, LINE = "#1b2733", "#5b6b7a", "#d9e0e6"

PAGE = """
:root { --ink: #1b2733; --quiet: #5b6b7a; --line: #d9e0e6; --wash: #f4f7f9; --accent: #0072b2; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.01em; }
h2 { font-size: 22px; margin: 56px 0 6px; padding-top: 14px; border-top: 3px solid var(--ink); }
h3 { font-size: 17px; margin: 36px 0 4px; }
h4 { font-size: 14px; margin: 26px 0 6px; color: var(--quiet); font-weight: 600; }
p { margin: 6px 0; max-width: 76ch; }
.quiet, caption, figcaption { color: var(--quiet); font-size: 13px; }
.notice { background: #fff6e0; border-left: 4px solid #e69f00; padding: 10px 14px; margin: 12px 0; max-width: none; }
.wide { overflow-x: auto; margin: 12px 0 20px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { text-align: left; caption-side: bottom; padding-top: 6px; }
th { font-weight: 600; text-align: right; vertical-align: bottom; padding: 6px 9px; color: var(--quiet);
  border-bottom: 1.5px solid var(--ink); white-space: nowrap; }
td { text-align: right; padding: 6px 9px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; padding-left: 2px; }
tbody th { border-bottom: 1px solid var(--line); color: var(--ink); text-align: left; font-weight: 600; }
tr.group td { background: var(--wash); font-weight: 600; text-align: left; padding-left: 8px; }
.sd { color: var(--quiet); font-size: 11.5px; font-weight: 400; }
td.best { font-weight: 700; }
td.warn { color: #a33c00; font-weight: 700; }
figure { margin: 14px 0 22px; break-inside: avoid; }
figure svg { width: 100%; height: auto; display: block; }
.side { display: flex; flex-wrap: wrap; gap: 0 48px; }
.key { vertical-align: middle; margin-right: 6px; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 18px; }
.pictures figure { margin: 0; }
.pictures svg { width: 100%; border-radius: 4px; background: #000; }
.confusion td, .confusion th { text-align: center; min-width: 62px; }
.confusion td.right { outline: 2px solid var(--ink); outline-offset: -2px; font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 13.5px; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
nav { margin: 20px 0 0; font-size: 13.5px; } nav a { color: var(--accent); margin-right: 18px; text-decoration: none; }
nav a:hover { text-decoration: underline; }
@media print {
  main { max-width: none; padding: 0; } body { font-size: 11px; } nav { display: none; }
  h2 { break-before: page; } h2:first-of-type { break-before: auto; } table, figure { break-inside: avoid; }
  h3, h4 { break-after: avoid; } .wide { overflow: visible; } td, th { padding: 3px 7px; }
}
"""
