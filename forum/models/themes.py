"""Tables of themes: runs that group ideas, the themes they found or found again, and which ideas are in them."""

from datetime import datetime

import sqlalchemy as sa

from forum.models.base import Base, BigId, Column, column, key, only_where, ref

WORDS = list[list[str | float]]


class ThemeRun(Base):
    """One grouping of the ideas of everybody (scope 0) or of one community (its id). One a scope is shown."""

    __tablename__ = "theme_runs"
    id: Column[int] = key()
    scope: Column[int] = column(BigId)
    is_making: Column[bool] = column(default=True)
    is_shown: Column[bool] = column(default=False)
    version: Column[int]  # of the method
    begun_at: Column[datetime]
    touched_at: Column[datetime]  # when the process that makes it last gave a sign of life
    made_at: Column[datetime | None]
    last_id: Column[int] = column(BigId, default=0)  # the newest idea that took part
    idea_count: Column[int] = column(default=0)
    learned_count: Column[int] = column(default=0)  # ideas that themes were learned from
    placed_count: Column[int] = column(default=0)  # ideas with a theme
    __table_args__ = (
        sa.Index("uq_theme_runs_making", "scope", unique=True, **only_where("is_making")),
        sa.Index("uq_theme_runs_shown", "scope", unique=True, **only_where("is_shown")),
    )


class Theme(Base):
    """A theme, the same through many runs while its ideas mostly stay. Its figures are those of its last run."""

    __tablename__ = "themes"
    id: Column[int] = key()
    scope: Column[int] = column(BigId)
    run_id: Column[int] = ref("theme_runs.id")  # the last one that found it
    is_shown: Column[bool]
    slug: Column[str]
    words: Column[WORDS] = column(sa.JSON)  # (word, share of its ideas that say it, share of all others)
    central_id: Column[int] = ref("ideas.id")  # the idea that is most like all others of it
    idea_count: Column[int]
    strength: Column[float]  # mean of its ideas
    created_at: Column[datetime]
    successor_id: Column[int | None] = ref("themes.id", nullable=True)  # where most of its ideas went
    __table_args__ = (sa.Index("ix_themes_shown", "scope", **only_where("is_shown")),)


class IdeaTheme(Base):
    """An idea in a theme, as a run placed it; strength (0 to 1) says how typical of the theme it is."""

    __tablename__ = "idea_themes"
    run_id: Column[int] = ref("theme_runs.id", primary_key=True)
    idea_id: Column[int] = ref("ideas.id", primary_key=True)
    theme_id: Column[int] = ref("themes.id")
    strength: Column[float]
    __table_args__ = (
        sa.Index("ix_idea_themes_theme_id", "theme_id", "run_id", "idea_id"),
        sa.Index("ix_idea_themes_idea_id", "idea_id"),
        {"sqlite_with_rowid": False},
    )
