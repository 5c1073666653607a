"""What every database can hold: text without NUL and halves of characters, numbers of 64 bits.

PostgreSQL's `text` refuses NUL (https://www.postgresql.org/docs/current/datatype-character.html),
UTF-8 has no lone surrogates; names from the command line may have both. All else is kept as it is;
who shows it escapes it.
"""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa

from memo.errors import DecisionLogError

_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
_LARGEST = 2**63 - 1


def hold(
    _connection: sa.Connection,
    _cursor: object,
    statement: str,
    parameters: Any,  # noqa: ANN401 (a tuple or a mapping, or a list of such)
    *_: object,
) -> tuple[str, Any]:
    """Make the parameters of a statement fit; SQLAlchemy's event `before_cursor_execute`.

    Raises:
        DecisionLogError: A number is too large.
    """
    return statement, _held(parameters)


def as_json(value: Any) -> str:  # noqa: ANN401 (whatever JSON has)
    """Return a value as JSON that every database can hold."""
    return json.dumps(_held(value), ensure_ascii=False)


def _held(value: Any) -> Any:  # noqa: ANN401 (any part of parameters, or of JSON)
    if isinstance(value, str):
        return _UNHOLDABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {name: _held(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_held, value))
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise DecisionLogError(
            f"{value} is more than a database can count", hint="give a smaller number"
        )
    return value
