"""A digest for other programs: the value itself, and what can be counted from it."""

from __future__ import annotations

import json

from memo.digest import Digest
from memo.export.digest_page import DigestPage


def render_digest_json(digest: Digest, page: DigestPage) -> str:
    """Return a digest as JSON; what cannot be told from its fields stands before them."""
    counted = {
        "nothing_new": digest.nothing_new,
        "hours_of_calls": round(digest.seconds / 3600, 2),
        "minutes_to_read": page.minutes,
    }
    told = counted | digest.model_dump(mode="json")
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
