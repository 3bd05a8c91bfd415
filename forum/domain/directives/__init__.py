"""Directives: written by the policy team, read and commented on by everybody, and what they make of each idea."""

from forum.domain.directives.matrices import Became, become_of
from forum.domain.directives.publishing import batch
from forum.domain.directives.views import CitedBy, check, cited_by

__all__ = ["Became", "CitedBy", "batch", "become_of", "check", "cited_by"]
