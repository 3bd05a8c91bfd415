"""Merging and splitting: proposals, the author's answer, votes united by person, threads carried over, exact undo."""
