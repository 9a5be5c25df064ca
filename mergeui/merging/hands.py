"""How many threads of a worker are at one organisation: never all, while others are served too."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Hands:
    """The threads of one worker, lent to organisations for a turn.

    Invent may be slow for one organisation, and whoever waits for its answers does nothing else: a
    last thread stays with the others. Used by several threads at once.
    """

    def __init__(self, all_of_them: int) -> None:
        self._most = max(1, all_of_them - 1)
        self._lent: Counter[int] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, organization: int, *, others: bool) -> Iterator[bool]:
        """Whether this thread may turn to the organisation now, until the block ends.

        `others` says that more than this one are served.
        """
        with self._lock:
            granted = not others or self._lent[organization] < self._most
            self._lent[organization] += granted
        try:
            yield granted
        finally:
            with self._lock:
                self._lent[organization] -= granted
