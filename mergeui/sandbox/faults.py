"""All that Invent might do where its reference is silent, each by a switch.

The rows are those of invent-api.md, What to assume where it is unknown.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """How an answer goes wrong. For a merge, whether it was done is another switch."""

    NONE = ""
    STATUS = "status"  # an error status
    DROP = "drop"  # the connection ends without an answer
    HANG = "hang"  # no answer for `hang_seconds`, then the connection ends
    HTML = "html"  # 200 with a page, as from a proxy
    EMPTY = "empty"  # 200 with nothing
    CUT_JSON = "cut_json"  # 200 with half of the JSON
    CUT_BODY = "cut_body"  # 200 and the connection ends in the middle
    REDIRECT = "redirect"  # 307 to the same address
    PARTIAL = "partial"  # merges only: half of the sources are merged
    MORE = "more"  # merges only: all that it has detected is merged, not only what was named
    WRONG_ID = "wrong_id"  # writes only: the answer speaks of another contact


class Drop(Exception):
    """Raised by the app where the server has to end the connection: WSGI has no word for it."""


class Hang(Drop):
    """Like Drop, after `seconds` of silence."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds} s")
        self.seconds = seconds


@dataclass(slots=True)
class Faults:
    """The switches, all off. `…_times` counts a fault down to off; None leaves it on."""

    merge: Fault = Fault.NONE
    merge_applied: bool = False
    merge_times: int | None = None
    merge_status: int = 500
    merge_retry_after: str | None = None
    merge_latency: float = 0.0
    apply_late: float = 0.0  # seconds after which a faulty merge that was not applied is, at last

    patch: Fault = Fault.NONE
    patch_applied: bool = False
    patch_times: int | None = None
    patch_status: int = 500
    patch_retry_after: str | None = None

    read: Fault = Fault.NONE
    read_times: int | None = None
    read_status: int = 500
    read_retry_after: str | None = None
    read_latency: float = 0.0

    hang_seconds: float = 30.0

    pagination_headers: bool = True
    ignore_page: bool = False
    most_per_page: int = 100
    unknown_enums: bool = False
    churn_every: int = 0  # each so many reads of contacts, one of them changes its name
    shift_after_page: int | None = None  # after this page of groups, someone merges the first
    linger_reads: int = 0  # for so many reads of the list, merged groups are still in it
    linger_seconds: float = 0.0

    any_flag_wins: bool = False
    contact_endpoint: bool = False  # whether GET …/contacts/{contact_id} exists
    limit_per_minute: int | None = None
    limit_retry_after: bool = True

    def next_merge(
        self, fault: Fault, *, applied: bool = False, times: int = 1, **more: Any
    ) -> None:
        """Let the next merge go wrong; `more` are other switches."""
        self.set(merge=fault, merge_applied=applied, merge_times=times, **more)

    def next_patch(
        self, fault: Fault, *, applied: bool = False, times: int = 1, **more: Any
    ) -> None:
        """Let the next change of a contact go wrong; `more` are other switches."""
        self.set(patch=fault, patch_applied=applied, patch_times=times, **more)

    def next_read(self, fault: Fault, *, times: int = 1, **more: Any) -> None:
        """Let the next read go wrong; `more` are other switches."""
        self.set(read=fault, read_times=times, **more)

    def set(self, **switches: Any) -> None:
        """Set switches by name, all or none; raises ValueError for a name or value it has not."""
        default = Faults()
        checked: dict[str, Any] = {}
        for name, value in switches.items():
            if name not in self.__slots__:
                raise ValueError(f"there is no switch {name!r}")
            checked[name] = _checked(name, value, getattr(default, name))
        for name, value in checked.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """All off."""
        self.set(**dataclasses.asdict(Faults()))

    def take_merge(self) -> Fault:
        """The fault of the merge at hand."""
        fault, self.merge, self.merge_times = _taken(self.merge, self.merge_times)
        return fault

    def take_patch(self) -> Fault:
        """The fault of the change of a contact at hand."""
        fault, self.patch, self.patch_times = _taken(self.patch, self.patch_times)
        return fault

    def take_read(self) -> Fault:
        """The fault of the read at hand."""
        fault, self.read, self.read_times = _taken(self.read, self.read_times)
        return fault


def _taken(fault: Fault, times: int | None) -> tuple[Fault, Fault, int | None]:
    """The fault now, and what is left of it."""
    if not fault or times is None:
        return fault, fault, times
    if times > 1:
        return fault, fault, times - 1
    return (fault if times else Fault.NONE), Fault.NONE, None


def _checked(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, Fault):
        return Fault(value)
    optional = default is None
    if optional and value is None:
        return None
    if isinstance(default, bool):
        fits = isinstance(value, bool)
    elif name.endswith("_retry_after"):
        fits = isinstance(value, str)
    elif isinstance(default, float):
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    else:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not fits:
        raise ValueError(f"{name} can't be {value!r}")
    return value
