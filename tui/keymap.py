"""Checks of a person's own keys before Textual sees them: it unbinds the loser silently."""

from collections.abc import Mapping

from tui.actions import BY_ID, Place


def keymap_faults(keymap: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with a mapping of action id to keys, in words.

    Unknown ids, keys used twice in one place, and dangerous actions on a single letter.
    """
    faults = [f"no action is called {name[:40]!r}" for name in keymap if name not in BY_ID]
    known = {name: keys for name, keys in keymap.items() if name in BY_ID}
    faults += [
        f"{name} is dangerous and needs more than the single key {key!r}"
        for name, keys in known.items()
        for key in keys.split(",")
        if BY_ID[name].is_dangerous and len(key) == 1
    ]
    return (*faults, *duplicate_keys(known))


def duplicate_keys(keymap: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that would run two actions in one place, in words."""
    owners: dict[tuple[Place, str], str] = {}
    faults = []
    for action in BY_ID.values():
        place = Place.COCKPIT if action.place is Place.REPLAY else action.place
        for key in keymap.get(action.id, action.keys).split(","):
            owner = owners.setdefault((place, key), action.id)
            if owner != action.id:
                faults.append(f"key {key!r} would run both {owner} and {action.id}")
    return tuple(faults)
