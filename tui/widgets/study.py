"""The base of the panes that picture a market study: one view, one market, honest about its age."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Final, Generic, TypeVar

from core.domain.ids import InstrumentId
from tui.actions import Place
from tui.render.numbers import age_text, market_name
from tui.render.palette import Palette, Runs
from tui.render.study import Block, FadedPalette, message
from tui.render.text import clean
from tui.widgets.pane import Pane, Titles

_View = TypeVar("_View")
_NS_PER_MS: Final = 1_000_000


class StudyPane(Pane, Generic[_View]):
    """A pane of one study; says what it waits for, and how old it is once that matters."""

    places: ClassVar[tuple[Place, ...]] = (Place.PANE,)
    stale_ms: ClassVar[int | None] = None
    """Age from which the view is called stale; None where a quiet market may stay as it is."""
    study: ClassVar[str] = ""
    """The pane's name in its frame."""
    waiting: ClassVar[str] = "waiting for the study"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.instrument: InstrumentId | None = None
        self.view: _View | None = None
        self.engine_at = 0
        """Engine time of the last view or tick; 0 before the first."""

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""
        if instrument != self.instrument:
            self.instrument, self.view = instrument, None
            self.begin()
            self.forget()
            self.redraw()

    def begin(self) -> None:
        """Forget what belonged to the market before."""

    def show(self, view: _View) -> None:
        """Draw a view of the market followed."""
        if self.is_ours(view):
            self.view = view
            self.engine_at = max(self.engine_at, self.made_at(view) or 0)
            self.took(view)
            self.redraw()

    def is_ours(self, view: Any) -> bool:
        """Whether the view is of the market followed."""
        return bool(view.instrument == self.instrument)

    def took(self, view: _View) -> None:
        """Adjust to a new view before it is drawn."""

    def made_at(self, view: _View) -> int | None:
        """Return the instant the view was made, where it says so."""
        del view
        return None

    def tick(self, engine_at: int) -> None:
        """Let ages and countdowns move on where no new view came."""
        before = self.clock_face()
        self.engine_at = max(self.engine_at, engine_at)
        if self.clock_face() != before:
            self.redraw()

    def clock_face(self) -> object:
        """Return what time alone changes on the pane."""
        return age_text(self.age_ms) if self.is_stale else None

    @property
    def age_ms(self) -> int | None:
        """Age of the view now."""
        made = self.made_at(self.view) if self.view is not None else None
        return None if made is None else max(0, self.engine_at - made) // _NS_PER_MS

    @property
    def is_stale(self) -> bool:
        """Whether the view is too old to be read as now."""
        age = self.age_ms
        return self.stale_ms is not None and age is not None and age >= self.stale_ms

    def title(self) -> Titles:
        """Return the study and its market."""
        name = clean(market_name(self.instrument), 40) if self.instrument else ""
        return [(self.study, "text"), (f" {name}", "muted")]

    def status(self) -> Titles:
        """Return whether the study waits or is old."""
        if self.view is None:
            return [("◌ waiting", "info")] if self.instrument else []
        if self.is_stale:
            return [(f"◍ STALE {age_text(self.age_ms)}", "warning")]
        return self.note(self.view)

    def note(self, view: _View) -> Titles:
        """Return what stands at the right of the upper line while all is well."""
        del view
        return []

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the view, or what it waits for."""
        if self.view is None:
            text = self.waiting if self.instrument else "no market chosen"
            yield from enumerate(message(text, width, height, self.palette))
            return
        yield from enumerate(self.pictured(self.view, width, height))

    @property
    def ink(self) -> Palette:
        """Return the palette to draw the view with: a faded one when it is stale."""
        return FadedPalette(self.palette) if self.is_stale else self.palette

    @abstractmethod
    def pictured(self, view: _View, width: int, height: int) -> Block:
        """Draw a view as rows of this size."""
