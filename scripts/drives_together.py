"""What goes on between people, files and weights."""
