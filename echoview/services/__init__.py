"""Slow work: plain functions and generators, and the lanes that run them off the GUI thread."""
