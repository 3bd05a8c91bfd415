"""Waves: organized surges, found while they rise, shown as one case each, and settled in one act."""
