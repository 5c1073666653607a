"""`python -m memo` is the `memo` command."""

from __future__ import annotations

from memo.cli import main

if __name__ == "__main__":
    main()
