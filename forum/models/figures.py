"""The table of figures that are too costly to count for every look: counted now and then, kept with their moment."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from forum.models.base import Base, Column, column


class Figure(Base):
    """What was counted under one name, as of when. Made anew by the housekeeping; nothing hangs on a row."""

    __tablename__ = "figures"
    name: Column[str] = column(primary_key=True)
    made_at: Column[datetime]
    data: Column[dict[str, Any]] = column(sa.JSON)
