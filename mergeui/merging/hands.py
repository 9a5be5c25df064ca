"""How many threads of a worker are at one organisation: never all, while others are served too."""

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Hands:
    """The threads of one worker, lent to organisations for a turn.

    Invent may be slow for some, and whoever waits for its answers does nothing else. So one that
    has a thread gets a further one only while threads stay for those that have none: one for each
    of these, up to half of all. Used by several threads at once.
    """

    def __init__(self, all_of_them: int) -> None:
        self._all = all_of_them
        self._lent: Counter[int] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, organization: int, *, served: Collection[int]) -> Iterator[bool]:
        """Whether this thread may turn to one of the served organisations now, until the block
        ends."""
        with self._lock:
            without = sum(not self._lent[one] for one in served)
            left = self._all - self._lent.total() - 1
            granted = not self._lent[organization] or left >= min(without, self._all // 2)
            self._lent[organization] += granted
        try:
            yield granted
        finally:
            with self._lock:
                self._lent[organization] -= granted
