"""What the program is about, in plain values: standard library and numpy only."""
