"""Memory that is freed and asked for again at once stays with the process.

Whisper's encoder asks for 72 MB in each of its layers and frees them again. The C library of Linux
(glibc) gives so large a block back to the system each time and gets it anew, page by page: in a
third to a half of the encoder's time the kernel clears pages. Elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import platform

# The parameters of mallopt(3) that are used here, and their defaults in glibc.
_TRIM_THRESHOLD = -1
_MMAP_MAX = -4
_ARENA_MAX = -8
_DEFAULT_TRIM_THRESHOLD = 128 * 1024
_DEFAULT_MMAP_MAX = 65536


def keep_freed() -> None:
    """Keep large blocks for those who ask next; call it before the threads that do are started."""
    # Only the main arena holds blocks of any size, and only without mmap are they kept in it.
    _tune((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1))


def return_freed() -> None:
    """Give what is free back to the system, and handle memory as usual again."""
    library = _tune((_MMAP_MAX, _DEFAULT_MMAP_MAX), (_TRIM_THRESHOLD, _DEFAULT_TRIM_THRESHOLD))
    if library is not None:
        library.malloc_trim(0)


def _tune(*parameters: tuple[int, int]) -> ctypes.CDLL | None:
    """Set parameters of glibc; return it, or None where there is another C library."""
    if platform.libc_ver()[0] != "glibc":
        return None
    library = ctypes.CDLL(None)
    for name, value in parameters:
        library.mallopt(name, value)
    return library
