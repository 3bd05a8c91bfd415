"""Measurements of speed and memory against the goals of the project: `make bench`."""
