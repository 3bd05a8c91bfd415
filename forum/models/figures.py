"""The table of figures that are too costly to count for every look: counted now and then, kept with their moment."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.models.base import Base


class Figure(Base):
    """What was counted under one name, as of when. Made anew by the housekeeping; nothing hangs on a row."""

    __tablename__ = "figures"
    name: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
