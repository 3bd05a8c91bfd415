"""What all tables share: names of keys and indexes, the type of a moment, the type of an id."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from forum.clock import from_microseconds, to_microseconds

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment, stored as whole microseconds since 1970: same order, same precision on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Moment(), dict[str, Any]: sa.JSON}


Key = Annotated[int, mapped_column(BigId, primary_key=True)]


def only_where(condition: str) -> dict[str, Any]:
    """Arguments of an Index that holds only the rows where a plain boolean column is true, on both databases."""
    return {"sqlite_where": sa.text(f"{condition} = 1"), "postgresql_where": sa.text(condition)}


def ref(target: str, **keywords: Any) -> Any:
    """A column type and foreign key to another table's id."""
    return mapped_column(BigId, sa.ForeignKey(target), **keywords)
