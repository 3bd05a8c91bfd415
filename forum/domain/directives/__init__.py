"""Directives: written by the policy team, read and commented on by everybody, and what they make of each idea."""

from forum.domain.directives.answers import Answered, by_idea, of_snapshot
from forum.domain.directives.matrices import Became, about
from forum.domain.directives.publishing import batch
from forum.domain.directives.views import CitedBy, check

__all__ = ["Answered", "Became", "CitedBy", "about", "batch", "by_idea", "check", "of_snapshot"]
