"""Importers: one frame (tables → rows → runs) for every format; a format is a module that gives rows, as `ideascale` does."""
