"""What a pane can say of its numbers when asked: the value, what it was made of, its age."""

import msgspec


class Explained(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One number of a pane.

    Attributes:
        key: Its entry in `core.domain.glossary`, which has formula, unit and source.
        value: As it stands on the screen.
        inputs: What it was computed from, with values, in words.
        age_ms: Age of the youngest input; None where it has none.
    """

    key: str
    value: str
    inputs: str = ""
    age_ms: int | None = None
