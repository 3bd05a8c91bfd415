"""Forms: what was typed, what is wrong with it in plain words, and the checked data."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

Shape = TypeVar("Shape", bound=BaseModel)
MOST_FIELDS = 1_000
MOST_BYTES = 400_000

_SENTENCES = {
    "missing": "Please fill this in.",
    "string_too_short": "Please write at least {min_length} characters.",
    "string_too_long": "This is too long. Please keep it to {max_length:,} characters.",
    "too_long": "Please choose at most {max_length}.",
    "int_parsing": "Please give a whole number.",
    "date_from_datetime_parsing": "Please give a date like 2009-05-21.",
    "date_parsing": "Please give a date like 2009-05-21.",
    "literal_error": "Please choose one of the options.",
    "enum": "Please choose one of the options.",
}


class BadForm(Exception):
    """A form that can't be read at all: too many fields."""


class FormData:
    """The fields of a request, in the order in which they came; a name may come several times."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self._pairs = pairs or []

    @classmethod
    def read(cls, body: bytes) -> "FormData":
        """From an urlencoded body or query. BadForm past MOST_FIELDS fields."""
        if not body:
            return cls()
        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise BadForm(str(error)) from None
        return cls([(name, value.replace("\x00", "").replace("\r\n", "\n")) for name, value in pairs])

    def get(self, name: str, default: str = "") -> str:
        """The last value of this name."""
        for key, value in reversed(self._pairs):
            if key == name:
                return value
        return default

    def all(self, name: str) -> list[str]:
        """Every value of this name."""
        return [value for key, value in self._pairs if key == name]

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def items(self) -> list[tuple[str, str]]:
        """All names and values."""
        return list(self._pairs)


@dataclass
class Form(Generic[Shape]):
    """A form on its way: `data` is there when nothing is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    data: Shape | None = None

    @property
    def summary(self) -> list[tuple[str, str]]:
        """What is wrong, in the order of the fields: (name, sentence)."""
        order = {name: index for index, name in enumerate(self.values)}
        return sorted(self.errors.items(), key=lambda item: order.get(item[0], len(order)))

    def refuse(self, errors: dict[str, str]) -> "Form[Shape]":
        """The same form with these errors added."""
        return Form(self.values, {**self.errors, **errors}, None)


def read(shape: type[Shape], form: FormData, **given: Any) -> Form[Shape]:
    """Check a form against its shape; unknown fields are ignored. `given` fills in what no form carries."""
    values: dict[str, Any] = {}
    for name, info in shape.model_fields.items():
        if name in given:
            values[name] = given[name]
        elif name in form:
            is_list = "list" in str(info.annotation) or "tuple" in str(info.annotation)
            values[name] = form.all(name) if is_list else form.get(name)
    try:
        return Form(values, {}, shape(**values))
    except ValidationError as error:
        return Form(values, explain(error), None)


def explain(error: ValidationError) -> dict[str, str]:
    """pydantic's errors as sentences: field → message, the first for each field."""
    errors: dict[str, str] = {}
    for detail in error.errors():
        name = str(detail["loc"][0]) if detail["loc"] else "form"
        context = detail.get("ctx") or {}
        if detail["type"] == "value_error":
            sentence = str(context.get("error", "This can't be right."))
        elif detail["type"] == "string_too_short" and context.get("min_length") == 1:
            sentence = _SENTENCES["missing"]
        else:
            sentence = _SENTENCES.get(detail["type"], "This can't be right.").format(**context)
        errors.setdefault(name, sentence)
    return errors
