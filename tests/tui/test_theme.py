"""Theme files: checked one by one, errors named, the fallback always there."""

from pathlib import Path

import pytest

from tests.tui.flight import flying
from tui.app import Cockpit
from tui.theme import (
    DEFAULT_THEME,
    fallback,
    load_theme,
    load_themes,
    shipped_folder,
    textual_theme,
)

GOOD = 'name = "mine"\ntitle = "Mine"\n[colors]\nbid = "#00ff00"\n'


def test_three_themes_are_shipped() -> None:
    """The default, a light one, and the red-up convention."""
    themes, faults = load_themes([shipped_folder()])
    assert set(themes) == {"wingman-dark", "wingman-light", "wingman-redup"}
    assert faults == ()
    redup = themes["wingman-redup"].colors
    assert redup["profit"] == redup["bid"]
    red = int(redup["profit"][1:3], 16)
    assert red > int(redup["profit"][3:5], 16)


def test_the_default_file_is_the_built_in_fallback() -> None:
    """The fallback in the code and the shipped default do not drift apart."""
    themes, _ = load_themes([shipped_folder()])
    assert themes[DEFAULT_THEME].colors == fallback().colors


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\n', "title"),
        (GOOD + 'bidd = "#fff"\n', "bidd"),
        (GOOD + 'ask = "#zzz"\n', "colors.ask"),
        (GOOD + 'ask = "red 20%"\n', "colors.ask"),
        (GOOD + "ask = 3\n", "ask"),
        ("\udc80", "not valid TOML"),
    ],
)
def test_a_bad_file_is_skipped_with_its_reason(tmp_path: Path, content: str, reason: str) -> None:
    """The others still load; the fault names file and place."""
    (tmp_path / "bad.toml").write_bytes(content.encode("utf-8", "surrogateescape"))
    (tmp_path / "good.toml").write_text(GOOD)
    themes, faults = load_themes([tmp_path])

    assert "mine" in themes
    assert len(faults) == 1
    assert "bad.toml" in str(faults[0])
    assert reason in str(faults[0])


def test_a_theme_file_may_be_partial(tmp_path: Path) -> None:
    """What is not given comes from the default; tints are mixed from what is given."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    theme = load_theme(path)

    assert theme.colors["bid"] == "#00ff00"
    assert theme.colors["ask"] == fallback().colors["ask"]
    assert theme.colors["bid_bar"] != fallback().colors["bid_bar"]


def test_every_role_is_a_style_sheet_variable() -> None:
    """$bid, $ask, $profit, $loss, $stale, $danger, $spread exist in every theme."""
    variables = textual_theme(fallback()).variables
    assert {"bid", "ask", "profit", "loss", "stale", "danger", "spread"} <= set(variables)


async def test_an_unknown_theme_falls_back_and_says_so() -> None:
    """The name that is not known and the ones that are."""
    async with flying(theme="no-such") as flight:
        assert flight.app.theme == DEFAULT_THEME
        assert "no theme 'no-such'" in flight.screen_text


async def test_bad_user_themes_are_told_in_one_toast(tmp_path: Path) -> None:
    """All failures together, at start."""
    folder = tmp_path / "wingman" / "themes"
    folder.mkdir(parents=True)
    (folder / "one.toml").write_text("name = ")
    (folder / "two.toml").write_text(GOOD)
    async with flying() as flight:
        assert "one.toml" in flight.screen_text
        assert "mine" in flight.app.themes


def test_given_themes_keep_the_fallback() -> None:
    """A cockpit is never without its default theme."""
    from tests.tui.fake_link import FakeLink

    app = Cockpit(FakeLink(), themes={}, frame_hz=0)
    assert list(app.themes) == [DEFAULT_THEME]
