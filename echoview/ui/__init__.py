"""Widgets, one idea a file. They draw the session and ask for edits; they change nothing themselves."""
