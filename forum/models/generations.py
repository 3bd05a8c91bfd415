"""The table that counts changes of communities and of accounts, and the triggers of SQLite that count them."""

import sqlalchemy as sa

from forum.models.base import Base, Column, column

COUNTED = {
    "places": ("communities", "community_phases", "community_agencies", "agencies"),
    "people": ("users", "sessions", "community_members"),
}


class Generation(Base):
    """A counter; what is kept in memory of its tables holds as long as it stands still (see forum/db/memory.py)."""

    __tablename__ = "generations"
    name: Column[str] = column(primary_key=True)
    number: Column[int] = column(sa.BigInteger)


ROW = "INSERT INTO generations VALUES ('{}', 1)"
TRIGGER = (
    "CREATE TRIGGER {}_{}_counts AFTER {} ON {} BEGIN UPDATE generations SET number = number + 1 WHERE name = '{}'; END"
)


def _ddl(statement: str) -> sa.DDL:
    return sa.DDL(statement)  # type: ignore[no-untyped-call]


def _count_changes() -> None:
    for name, tables in COUNTED.items():
        sa.event.listen(Base.metadata, "after_create", _ddl(ROW.format(name)))
        for counted in tables:
            for act in ("INSERT", "UPDATE", "DELETE"):
                trigger = _ddl(TRIGGER.format(counted, act.lower(), act, counted, name))
                sa.event.listen(Base.metadata, "after_create", trigger.execute_if(dialect="sqlite"))


_count_changes()
