"""What a file says, what memo wrote there and what the log says now, compared field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from memo.pipeline.reading_back.marks import Told

Side = Literal["file", "log"]
_Key = Callable[[Told], Hashable]
_SEPARATORS = {"considered": "; ", "decided_by": ", "}


@dataclass(frozen=True)
class Clash:
    """A field that says one thing in a file and another in the log, both changed.

    `origin` is the file and the line; `wrote` is what memo wrote in the file, None if nobody
    knows; `why` is set where the file cannot be understood.
    """

    origin: str
    number: str
    field: str
    wrote: str | None
    file: str | None
    log: str | None
    why: str | None = None


@dataclass
class Compared:
    """What comes of comparing one entry: what the log shall take over, and what clashes."""

    changes: dict[str, Any] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


def compare(
    told: Told,
    base: Told | None,
    ours: Told,
    *,
    origin: str,
    past: Iterable[Told] = (),
    take: Side | None = None,
) -> Compared:
    """Compare what a file says of an entry.

    Args:
        told: What the file says.
        base: What memo wrote there; None if nobody knows.
        ours: What memo would write there now.
        origin: The file and the line.
        past: What memo wrote there once.
        take: Whose word counts where both have changed.
    """
    done = Compared()
    number, written = ours.number or "", base or ours
    sides = [_flat(one, written) for one in (told, written, ours)]
    former = [_flat(one, written) for one in past]
    if len(_new_wordings(told, written)) > 1:
        told.doubts["statement"] = "it stands there in two new wordings"
    for name in dict.fromkeys((*sides[0], *sides[2])):
        theirs, wrote, now = (side.get(name) for side in sides)
        if name not in sides[0] or theirs == now or (base is not None and theirs == wrote):
            continue
        doubt = told.doubts.get(name)
        clash = Clash(origin, number, name, wrote if base else None, theirs, now, doubt)
        if doubt:
            done.clashes += [] if take == "log" else [clash]
        elif base is not None and any(one.get(name) == theirs for one in former):
            done.stale.append(name)
        elif (base is not None and wrote == now) or take == "file":
            done.changes[name] = _value(name, theirs, told, written)
        elif take is None:
            done.clashes.append(clash)
    return done


def pair(told: Sequence[Told], written: Sequence[Told]) -> dict[int, int]:
    """Return which of what memo wrote each part of a page is, by their places.

    A part is known by its quotes and times and by what it says; what is known by neither, or
    could be one of several, has no partner.
    """
    pairs: dict[int, int] = {}
    keys: tuple[_Key, ...] = (
        lambda one: (one.kind, one.marks, one.text) if one.marks else None,
        lambda one: (one.kind, one.marks) if one.marks else None,
        lambda one: (one.kind, one.text),
        lambda one: (one.kind, one.marks[:1]) if one.marks else None,
    )
    for key in keys:
        left = [i for i in range(len(told)) if i not in pairs]
        free = [i for i in range(len(written)) if i not in pairs.values()]
        ours = _places(written, free, key)
        for value, places in _places(told, left, key).items():
            partners = ours.get(value, [])
            # Two that are alike in all are as good as each other, and stand in the same order.
            if len(places) == len(partners) and (len(places) == 1 or key is keys[0]):
                pairs.update(zip(places, partners, strict=True))
    return pairs


def _places(told: Sequence[Told], which: Iterable[int], key: _Key) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for i in which:
        value = key(told[i])
        if value is not None:
            found.setdefault(value, []).append(i)
    return found


def _flat(told: Told, written: Told) -> dict[str, str | None]:
    """Return what is said of an entry as one text for each field."""
    fields = dict(told.fields)
    if "options" in told.lists:
        del fields["chosen"]
        new = _new_wordings(told, written)
        fields["statement"] = " / ".join(new) if new else written.text
        fields["considered"] = "; ".join(_others(told, written)[1]) or None
        fields["decided_by"] = ", ".join(told.lists["decided_by"]) or None
    return fields


def _others(told: Told, written: Told) -> tuple[str | None, list[str]]:
    """Return the option that is the decision itself, if it is there, and the others."""
    rest = list(told.lists.get("options", ()))
    if written.text in rest:
        rest.remove(written.text)
        return written.text, rest
    if rest and len(rest) >= len(written.lists.get("options", ())):
        return rest[0], rest[1:]
    return None, rest


def _new_wordings(told: Told, written: Told) -> list[str]:
    """Return what a page that says a decision three times says otherwise than memo wrote it."""
    if "options" not in told.lists:
        return []
    said = (told.fields.get("statement"), _others(told, written)[0], told.fields.get("chosen"))
    return list(dict.fromkeys(text for text in said if text and text != written.text))


def _value(name: str, text: str | None, told: Told, written: Told) -> object:
    """Return a field's value as an edit has it."""
    if name not in _SEPARATORS:
        return text
    if "options" in told.lists:
        return told.lists[name] if name in told.lists else _others(told, written)[1]
    return _parts(name, text, written.parts.get(name, ()))


def _parts(name: str, text: str | None, known: Iterable[str]) -> list[str]:
    """Split a list, but not within a part that memo wrote, whatever stands in it."""
    whole = sorted(filter(None, known), key=len, reverse=True)
    sign = _SEPARATORS[name].strip()
    pattern = "|".join([*map(re.escape, whole), f"[^{sign}]+"])
    return [part.strip() for part in re.findall(pattern, text or "") if part.strip()]
