"""Values for spreadsheets that no program takes for a formula."""

from datetime import UTC, datetime

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: object) -> str | int | float:
    """One cell of a CSV file: numbers stay numbers, None is empty, truth is `true` or `false`, times are ISO 8601 in
    UTC, and a text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV Injection)."""
    kind = type(value)
    if kind is int or kind is float:
        return value  # type: ignore[return-value]  # known from the line above
    if kind is str and value[:1].isalnum():  # type: ignore[index]
        return value  # type: ignore[return-value]  # no formula begins with a letter or a digit
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    words = str(value)
    # Some programs drop spaces and full-width forms before they look for a formula.
    return f"'{words}" if words.startswith(_FORMULA_STARTS) or _is_formula(words) else words


def _is_formula(words: str) -> bool:
    return words.lstrip()[:1] in ("=", "+", "@", "-", "\uff1d", "\uff0b", "\uff0d", "\uff20")
