"""Directives: written by the policy team, read and commented on by everybody, and what they make of each idea."""

from forum.domain.directives.matrices import Became, about
from forum.domain.directives.publishing import batch
from forum.domain.directives.views import CitedBy, check

__all__ = ["Became", "CitedBy", "about", "batch", "check"]
