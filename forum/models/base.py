"""What all tables share: how a class becomes a table, names of keys and indexes, the types of a moment and an id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, ClassVar, TypeVar, cast, get_args

import sqlalchemy as sa

from forum.clock import from_microseconds, to_microseconds

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

Column = sa.ColumnClause
"""The type of a column of a class: what sa.Column is a kind of, as that one can't be named there."""

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment, stored as whole microseconds since 1970: same order, same precision on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


TYPES = {
    int: sa.Integer(),
    float: sa.Double(),
    str: sa.String(),
    bool: sa.Boolean(),
    bytes: sa.LargeBinary(),
    datetime: Moment(),
    dict[str, Any]: sa.JSON(),
}
"""How a value is stored, where the column itself says nothing else."""


class Base:
    """A table as a class: `id: Column[int]` in its body becomes the column `Idea.id`.

    There are no objects behind it and no session: statements are built from the columns, and rows come back. This is
    what SQLAlchemy's declarative classes look like, at a fraction of the time that their mappers take at every start.
    """

    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    __tablename__: ClassVar[str]
    __table_args__: ClassVar[Any] = ()
    __table__: ClassVar[sa.Table]

    def __init_subclass__(cls) -> None:
        arguments = cls.__table_args__
        options = arguments if isinstance(arguments, dict) else arguments[-1] if _ends_in_options(arguments) else {}
        items = [item for item in arguments if isinstance(item, sa.schema.SchemaItem)]
        columns = [
            _column(name, get_args(kind)[0], cls.__dict__.get(name, column()))
            for name, kind in cls.__annotations__.items()
        ]
        cls.__table__ = sa.Table(cls.__tablename__, cls.metadata, *columns, *items, **options)
        for one in columns:
            setattr(cls, one.key, one)

    @classmethod
    def __clause_element__(cls) -> sa.Table:
        """What SQLAlchemy takes the class for, wherever a statement wants a table."""
        return cls.__table__


def _ends_in_options(arguments: Sequence[Any]) -> bool:
    return bool(arguments) and isinstance(arguments[-1], dict)


@dataclass(frozen=True, slots=True)
class _Later:
    """What a column is told, until its class tells its name and kind."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


def _column(name: str, kind: Any, told: _Later) -> sa.Column[Any]:
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    is_nullable = NoneType in kinds
    arguments = told.arguments
    if not any(_is_type(one) for one in arguments):
        arguments = (TYPES[next(one for one in kinds if one is not NoneType)], *arguments)
    return sa.Column(name, *arguments, **{"nullable": is_nullable, **told.keywords})


def _is_type(one: Any) -> bool:
    return isinstance(one, sa.types.TypeEngine) or (isinstance(one, type) and issubclass(one, sa.types.TypeEngine))


def column(*arguments: Any, **keywords: Any) -> Any:
    """What a column is besides its name and kind: another type, a default, a key, an index. As of sa.Column."""
    return _Later(arguments, keywords)


def key() -> Any:
    """The number of a row, given by the database."""
    return column(BigId, primary_key=True)


def ref(target: str, **keywords: Any) -> Any:
    """A column type and foreign key to another table's id."""
    return column(BigId, sa.ForeignKey(target), **keywords)


M = TypeVar("M", bound=Base)


def aliased(model: type[M]) -> type[M]:
    """The same table under another name, for statements in which it takes part twice."""
    table = model.__table__.alias()
    columns = {one.key: one for one in table.columns}
    return cast("type[M]", SimpleNamespace(__clause_element__=lambda: table, **columns))


def only_where(condition: str) -> dict[str, Any]:
    """Arguments of an Index that holds only the rows where a plain boolean column is true, on both databases."""
    return {"sqlite_where": sa.text(f"{condition} = 1"), "postgresql_where": sa.text(condition)}
