"""A citizen idea forum: ideas, votes, communities of interest, answers, and a policy desk."""

__version__ = "0.1.0"
