"""Themes: TOML files to Textual themes and to the palette the panes draw with.

A theme names about twenty colours; tints are mixed from them unless the file gives them. A bad
file is skipped and named; the built-in fallback is always there.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.render.palette import Palette

DEFAULT_THEME: Final = "wingman-dark"
_SUFFIX: Final = ".toml"


class Colors(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """Colours of a theme by role; the tints of the second half may be left out."""

    background: str = "#0a0d13"
    panel: str = "#0e131b"
    text: str = "#d7dee8"
    text_soft: str = "#a9b4c2"
    muted: str = "#76839a"
    faint: str = "#4d5a70"
    accent: str = "#5cc8e8"
    border: str = "#243041"
    border_focus: str = "#5cc8e8"
    key: str = "#e9c46a"
    bid: str = "#2fc48d"
    ask: str = "#f0616d"
    profit: str = "#2fc48d"
    loss: str = "#f0616d"
    warning: str = "#f2b544"
    danger: str = "#ff5f6b"
    stale: str = "#8a7a55"
    info: str = "#6fa8ff"
    own: str = "#f2d45c"
    ok: str = "#2fc48d"
    """Health, which is not a direction of prices."""
    spread: str = "#c3a6ff"
    ema_fast: str = "#6fa8ff"
    """Curves over candles."""
    ema_slow: str = "#c58bf2"
    vwap: str = "#f0a35e"
    band: str = "#61728c"
    bid_bar: str | None = None
    bid_depth: str | None = None
    ask_bar: str | None = None
    ask_depth: str | None = None
    profit_soft: str | None = None
    loss_soft: str | None = None
    cursor: str | None = None
    last: str | None = None
    last_line: str | None = None
    gauge: str | None = None
    grid: str | None = None
    spread_ground: str | None = None
    header: str | None = None
    sheet: str | None = None
    study: str | None = None
    """Curves under candles."""
    study_second: str | None = None
    close_line: str | None = None
    alert_level: str | None = None
    """Where a person set alerts, on chart and ladder."""
    own_line: str | None = None
    """Of a working order on the chart."""
    support: str | None = None
    resistance: str | None = None
    volume: str | None = None
    """Volume by price; the peak is the row where most was traded."""
    volume_peak: str | None = None
    heat_low: str | None = None
    """The heat scale runs from the panel over these four to the hottest."""
    heat_mid: str | None = None
    heat_high: str | None = None
    heat_top: str | None = None
    heat_buy: str | None = None
    """Prints on the heatmap must be read on every step of the scale."""
    heat_sell: str | None = None


_TINTS: Final = {
    "bid_bar": ("bid", 0.34),
    "bid_depth": ("bid", 0.17),
    "ask_bar": ("ask", 0.34),
    "ask_depth": ("ask", 0.17),
    "profit_soft": ("profit", 0.60),
    "loss_soft": ("loss", 0.60),
    "cursor": ("accent", 0.17),
    "last": ("accent", 0.26),
    "last_line": ("accent", 0.45),
    "gauge": ("border", 0.70),
    "grid": ("border", 0.85),
    "spread_ground": ("border", 0.55),
    "header": ("border", 0.60),
    "sheet": ("warning", 0.09),
    "study": ("accent", 1.0),
    "study_second": ("spread", 0.90),
    "close_line": ("text", 0.95),
    "alert_level": ("key", 0.80),
    "own_line": ("own", 0.50),
    "ema_fast_ground": ("ema_fast", 0.20),
    "ema_slow_ground": ("ema_slow", 0.20),
    "vwap_ground": ("vwap", 0.20),
    "support": ("bid", 0.55),
    "resistance": ("ask", 0.55),
    "volume": ("info", 0.42),
    "volume_peak": ("info", 0.80),
    "heat_low": ("info", 0.28),
    "heat_mid": ("accent", 0.58),
    "heat_high": ("warning", 0.92),
    "heat_top": ("text", 1.0),
    "heat_buy": ("bid", 1.0),
    "heat_sell": ("ask", 1.0),
}
"""Each tint is its colour laid over the panel with this strength."""
HEAT_STEPS: Final = 16
"""Roles `heat_0` (the panel) to `heat_15`."""
_HEAT_STOPS: Final = ("panel", "heat_low", "heat_mid", "heat_high", "heat_top")


class ThemeFile(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """One theme as it stands in a file."""

    name: str
    title: str
    is_dark: bool = True
    colors: Colors = Colors()


class LoadedTheme(msgspec.Struct, frozen=True, gc=False):
    """A theme that passed: every colour is an opaque `#rrggbb`."""

    name: str
    title: str
    is_dark: bool
    colors: dict[str, str]


class ThemeFault(msgspec.Struct, frozen=True, gc=False):
    """A theme file that was skipped, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"theme file {Path(self.path).name} is skipped: {self.reason}"


def resolved(theme: ThemeFile) -> LoadedTheme:
    """Check every colour and mix the tints that are not given.

    Raises:
        ValueError: for a colour that cannot be read, naming its role.
    """
    given = {key: value for key, value in msgspec.to_builtins(theme.colors).items() if value}
    colors = {role: _parsed(role, text) for role, text in given.items()}
    for role, (source, strength) in _TINTS.items():
        colors.setdefault(role, colors["panel"].blend(colors[source], strength))
    colors |= _heat_scale(colors)
    colors["on_accent"] = colors["background"] if theme.is_dark else Color.parse("#ffffff")
    opaque = {role: color.rgb for role, color in colors.items()}
    hexes = {role: f"#{r:02x}{g:02x}{b:02x}" for role, (r, g, b) in opaque.items()}
    return LoadedTheme(theme.name, theme.title, theme.is_dark, hexes)


def _heat_scale(colors: Mapping[str, Color]) -> dict[str, Color]:
    """Mix the steps of the heat scale from its stops."""
    stops = [colors[role] for role in _HEAT_STOPS]
    scale = {}
    for step in range(HEAT_STEPS):
        place = step / (HEAT_STEPS - 1) * (len(stops) - 1)
        index = min(int(place), len(stops) - 2)
        scale[f"heat_{step}"] = stops[index].blend(stops[index + 1], place - index)
    return scale


def _parsed(role: str, text: str) -> Color:
    try:
        color = Color.parse(text)
    except ColorParseError:
        raise ValueError(f"colors.{role} is no colour: {text[:40]!r}") from None
    if color.ansi is not None or color.a < 1:
        raise ValueError(f"colors.{role} must be an opaque RGB colour, was {text[:40]!r}")
    return color


def fallback() -> LoadedTheme:
    """Return the theme that needs no file."""
    return resolved(ThemeFile(name=DEFAULT_THEME, title="Wingman dark"))


def shipped_folder() -> Path:
    """Return the folder of the shipped themes: beside the package, or inside an installed one."""
    package = Path(__file__).resolve().parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def user_folder() -> Path:
    """Return the folder a person may add themes to."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "wingman" / "themes"


def load_theme(path: Path) -> LoadedTheme:
    """Read one theme file.

    Raises:
        ValueError: with what is wrong in words (not TOML, unknown key, bad colour).
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return resolved(msgspec.convert(content, ThemeFile))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not valid TOML: {error}") from error
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error


def load_themes(
    folders: Iterable[Path] | None = None,
) -> tuple[dict[str, LoadedTheme], tuple[ThemeFault, ...]]:
    """Read every theme file of the shipped and the user folder; later ones win by name.

    Returns:
        Themes by name, the fallback always among them, and the files that were skipped.
    """
    base = fallback()
    themes = {base.name: base}
    faults: list[ThemeFault] = []
    for folder in folders if folders is not None else (shipped_folder(), user_folder()):
        for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
            try:
                theme = load_theme(path)
            except ValueError as error:  # msgspec.ValidationError is one
                faults.append(ThemeFault(str(path), str(error)))
            else:
                themes[theme.name] = theme
    return themes, tuple(faults)


def known_themes(
    given: dict[str, LoadedTheme] | None,
) -> tuple[dict[str, LoadedTheme], tuple[ThemeFault, ...]]:
    """Return the given themes with the fallback among them, or all that can be loaded."""
    if given is None:
        return load_themes()
    base = fallback()
    return {base.name: base, **given}, ()


def textual_theme(theme: LoadedTheme) -> Theme:
    """Turn a theme into Textual's, with every role as a `$variable`."""
    colors = theme.colors
    return Theme(
        name=theme.name,
        primary=colors["accent"],
        secondary=colors["info"],
        accent=colors["accent"],
        warning=colors["warning"],
        error=colors["danger"],
        success=colors["profit"],
        foreground=colors["text"],
        background=colors["background"],
        surface=colors["panel"],
        panel=colors["header"],
        dark=theme.is_dark,
        variables=theme_variables(theme),
    )


def theme_variables(theme: LoadedTheme) -> dict[str, str]:
    """Name every role as a style sheet variable."""
    own = {role: color for role, color in theme.colors.items() if role not in _TEXTUAL_OWN}
    return {
        **own,
        "block-cursor-background": theme.colors["cursor"],
        "block-cursor-foreground": theme.colors["text"],
        "block-cursor-text-style": "bold",
        "border-blurred": theme.colors["border"],
    }


_TEXTUAL_OWN: Final = frozenset({"background", "panel", "text", "accent", "warning", "border"})
"""Roles whose names Textual computes itself."""


def palette_of(theme: LoadedTheme, *, is_plain: bool = False) -> Palette:
    """Build the palette of a theme."""
    return Palette(theme.colors, is_plain=is_plain)
