"""How much more memory is in use than a moment ago."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Trace what is allocated; give what returns how many bytes of that are in use by now.

    What an interpreter allocates once, at the first use of a thing, counts: so use it before.
    """
    gc.collect()
    tracemalloc.start()

    def grown() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    try:
        yield grown
    finally:
        tracemalloc.stop()
