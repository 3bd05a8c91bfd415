"""Meanings: latent semantic analysis, by which texts are alike that say the same in other words.

Deerwester and others, Indexing by Latent Semantic Analysis, 1990. The truncated singular value decomposition is the
randomized one with subspace iteration of Halko, Martinsson and Tropp, Finding Structure with Randomness, 2011 (4.4).
"""

import numpy as np

from forum.domain.duplicates.matrices import Array, Rows, of_length_one

MOST = 100
"""Directions of meaning."""
TEXTS_EACH = 10
"""Texts there must be for each direction: of too few texts nothing is learned but the texts themselves."""
LEAST = 5
LEARNED_FROM = 20_000
"""Texts that are learned from, taken evenly; the others are placed by what these taught."""
SPARE, ROUNDS, SEED = 20, 2, 2009


def learn(texts: Rows) -> Array | None:
    """The directions of meaning (stems by directions) of weighted texts; None for too few texts. Deterministic."""
    if len(texts) > LEARNED_FROM:
        texts = texts.chosen(np.arange(LEARNED_FROM) * len(texts) // LEARNED_FROM)
    directions = min(MOST, len(texts) // TEXTS_EACH)
    if directions < LEAST or not len(texts.columns):
        return None
    by_stem = texts.turned()
    start = np.random.default_rng(SEED).standard_normal((texts.width, directions + SPARE), np.float32)
    basis = np.linalg.qr(texts.times(start))[0]
    for _ in range(ROUNDS):
        stems = np.linalg.qr(by_stem.times(basis))[0]
        basis = np.linalg.qr(texts.times(stems))[0]
    small = by_stem.times(basis)  # stems by directions: the matrix as the basis sees it, turned
    values, turns = np.linalg.eigh(small.T @ small)
    best = np.argsort(-values, kind="stable")[:directions]
    best = best[values[best] > 1e-6 * values.max()]
    return np.ascontiguousarray((small @ turns[:, best]) / np.sqrt(values[best]), np.float32)


def place(texts: Rows, directions: Array) -> Array:
    """Where texts lie among the directions, as vectors of length 1."""
    return of_length_one(texts.times(directions))
