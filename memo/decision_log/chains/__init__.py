"""What a meeting does to what was decided, taken on and asked before it.

    relate(new, standing, talk) ──▶ Relationship ──weaving──▶ Link

`relating` is the door: findings of a meeting and older ones in, relationships out, nothing read or
written. Behind it, `told` holds what is compared, `subjects` tells which findings are about the
same thing, `signs` reads what is said about the older ones, in the words of `languages/*.toml`.
`weaving` brings entries from the database and takes links back to it, `stories` follows the links
from an entry, and `trees` draws them.
"""

from __future__ import annotations
