"""What comes from outside, checked: anyone can send anything to any handler.

A handler's values are a ``Payload``, a pydantic model whose types say in one sentence what is wrong.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

import gradio as gr
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

RELOAD = "This page does not offer that choice; reload it."
MAX_SEED = 2**31 - 1
"""Largest seed of a draw."""
LONGEST_NUMBER = 16
"""Characters of a number that comes as text."""


class Refused(gr.Error, ValueError):
    """What was sent cannot be used; the message says why, for the person who sent it.  Gradio shows it and logs nothing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, print_exception=False)

    def __str__(self) -> str:
        return self.message


class Payload(BaseModel):
    """Values from outside.  ``of`` makes one; the types of the fields say what is wrong.

    Attributes:
        nonsense: said of what is no mapping at all.
    """

    nonsense: ClassVar[str] = RELOAD
    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    @classmethod
    def of(cls, values: Any, **offered: Any) -> Self:
        """The values, checked.

        Args:
            values: anything; a mapping of the fields where it is as it should be.
            offered: what may be chosen here, by the names in the types ``offered``.

        Raises:
            Refused: the first thing that is wrong, in a sentence.
        """
        try:
            return cls.model_validate(dict(values) if isinstance(values, Mapping) else values, context=offered)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise Refused({"said": first["msg"], "model_type": cls.nonsense}.get(first["type"], RELOAD)) from None


def wrong(words: str) -> PydanticCustomError:
    """What a validator raises."""
    return PydanticCustomError("said", "{words}", {"words": words})


def says(words: str) -> WrapValidator:
    """The sentence for whatever is wrong with a field."""

    def check(value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except (ValidationError, OverflowError):
            raise wrong(words) from None

    return WrapValidator(check)


def number_as_sent(value: Any) -> Any:
    """A number, or the text that controls of the browser send; pydantic alone would take booleans too."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and value.isascii():
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(RELOAD)
    return value


def whole_number(low: int, high: int, words: str) -> Any:
    """The type of a whole number in [low, high]."""
    return Annotated[int, Field(ge=low, le=high), BeforeValidator(number_as_sent), says(words)]


def real_number(low: float, high: float, words: str) -> Any:
    """The type of a number in [low, high]."""
    return Annotated[float, Field(ge=low, le=high, allow_inf_nan=False), BeforeValidator(number_as_sent), says(words)]


def one_of(choices: Collection[str], words: str = RELOAD) -> Any:
    """The type of one of the choices, known beforehand."""

    def check(value: str) -> str:
        if value not in choices:
            raise wrong(words)
        return value

    return Annotated[str, AfterValidator(check), says(words)]


def offered(name: str, words: str = RELOAD) -> Any:
    """The type of one of the choices that ``Payload.of`` is given under this name: they depend on the model or the visitor."""

    def check(value: str, info: ValidationInfo) -> str:
        if value not in info.context[name]:
            raise wrong(words)
        return value

    return Annotated[str, AfterValidator(check), says(words)]


def flag_as_sent(value: Any) -> bool:
    """A checkbox, which is on or off whatever stands for it."""
    return bool(value)


Seed = whole_number(0, MAX_SEED, f"The seed must be a whole number from 0 to {MAX_SEED}.")
Flag = Annotated[bool, BeforeValidator(flag_as_sent)]


def sentence(error: Exception) -> str:
    """An error's message with a capital and a full stop."""
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
