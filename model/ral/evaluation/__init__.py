"""What is measured on predictions, whatever network and data set they come from; `ral.evaluate` puts it together.

A row is one labelled frame, a plain dict that JSON can hold (see `ral.evaluation.frames`); all tables, curves and
comparisons are made from rows.
"""
