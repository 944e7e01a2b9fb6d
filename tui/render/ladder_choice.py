"""Which set of columns a person chose, kept for the session whatever the market."""

from typing import Final

import msgspec

from tui.render.ladder_columns import PRESETS, Column

AUTO: Final = "auto"
OWN_CHOICE: Final = "own choice"


class ColumnChoice(msgspec.Struct, frozen=True, gc=False):
    """A preset or a person's own choice; the next ones come in turn."""

    name: str = AUTO
    wanted: frozenset[Column] = PRESETS[AUTO]
    picked: frozenset[Column] | None = None
    """What was picked by hand last; it stays one of the sets in turn."""

    def next(self) -> "ColumnChoice":
        """Return the set after this one."""
        sets = {**PRESETS, **({} if self.picked is None else {OWN_CHOICE: self.picked})}
        names = list(sets)
        name = names[(names.index(self.name) + 1) % len(names)]
        return ColumnChoice(name, sets[name], self.picked)

    def with_picked(self, columns: frozenset[Column]) -> "ColumnChoice":
        """Return the choice made by hand."""
        return ColumnChoice(OWN_CHOICE, columns, columns)
