"""Whether this worker is to stop, as its main process tells the processes of its pool.

A job that keeps a cursor need not be waited for: it gives its run back after the batch in hand, and another worker goes
on from there. Celery tells the pool nothing of a warm shutdown, so a byte of shared memory does.
"""

import mmap

_asked = mmap.mmap(-1, 1)  # Anonymous and shared: made before the pool is forked, seen by all of it.


def ask() -> None:
    """Have every process of this worker give back what can go on elsewhere."""
    _asked[0] = 1


def asked() -> bool:
    """Whether the worker is to stop."""
    return _asked[0] == 1
