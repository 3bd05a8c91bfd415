"""Importers: one frame (tables → rows → runs) for all formats. A format is a module that gives rows, as `ideascale`."""
