"""One self-contained HTML file of an evaluation, and a JSON with the same numbers.

Needs matplotlib (the extra `report`), which is loaded when a report is written; the app's bundle leaves this room out.
"""

from ral.report.comparison import compare
from ral.report.write import write

__all__ = ["compare", "write"]
