"""Writes the SQL of the first migration from forum/models. Only until the first release: then add migrations."""

from pathlib import Path
from typing import cast

from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from forum.models import Base
from forum.models.search import SearchDocument, create_index

FOLDER = Path(__file__).resolve().parent.parent / "migrations" / "sql"
DIALECTS: dict[str, Dialect] = {name: make_url(f"{name}://").get_dialect()() for name in ("sqlite", "postgresql")}


def statements(name: str) -> list[str]:
    """What makes an empty database of this kind a whole one."""
    dialect, found = DIALECTS[name], []
    for table in Base.metadata.sorted_tables:
        found.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        found += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
        if table is SearchDocument.__table__:
            create_index(cast("Connection", _Recorder(dialect, found)))
    return [_tidied(statement) for statement in found]


class _Recorder:
    """Takes down what it is to execute."""

    def __init__(self, dialect: Dialect, into: list[str]) -> None:
        self.dialect, self._into = dialect, into

    def exec_driver_sql(self, statement: str) -> None:
        self._into.append(statement)


def _tidied(statement: str) -> str:
    return "\n".join(line.replace("\t", "    ").rstrip() for line in statement.strip().splitlines())


if __name__ == "__main__":
    for name in DIALECTS:
        (FOLDER / f"0001_{name}.sql").write_text(";\n\n".join(statements(name)) + ";\n", encoding="utf-8")
