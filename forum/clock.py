"""The time, asked for in one place."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds from 1970 to an aware moment. Naive moments are a programming error (TypeError)."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC moment so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=microseconds)
