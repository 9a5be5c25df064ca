"""The list of groups as a reader sees it while the world moves on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mergeui.sandbox.state import Change, Org

if TYPE_CHECKING:
    from mergeui.sandbox.app import Sandbox


@dataclass(slots=True)
class _Ghost:
    """A merged group that is still listed, as it was."""

    body: bytes
    reads_left: int
    until: float


class Listing:
    """Ghosts of merged groups, and the switches that change contacts between two reads."""

    def __init__(self) -> None:
        self._ghosts: dict[tuple[str, int], _Ghost] = {}
        self._reads = 0

    def positions(self, app: Sandbox, org: Org) -> list[int]:
        """The positions of all groups to list, those of ghosts too."""
        self.churn(app, org)
        now = app.world.monotonic()
        for key, ghost in list(self._ghosts.items()):
            if ghost.reads_left <= 0 and ghost.until <= now:
                del self._ghosts[key]
        ghosts = {position for org_id, position in self._ghosts if org_id == org.id}
        known = org.directory.group_positions
        return sorted({*known, *ghosts}) if ghosts else known

    def group_json(self, org: Org, position: int) -> bytes:
        """The group at a position, or its ghost."""
        ghost = self._ghosts.get((org.id, position))
        return ghost.body if ghost else org.directory.group_json(position)

    def keep_ghost(self, app: Sandbox, org: Org, contact_id: str) -> None:
        """Let the group of a contact that is about to be merged linger, by a switch."""
        reads, seconds = app.faults.linger_reads, app.faults.linger_seconds
        position = org.directory.position_of_group(contact_id)
        if position is None or not (reads or seconds):
            return
        until = app.world.monotonic() + seconds
        self._ghosts[org.id, position] = _Ghost(org.directory.group_json(position), reads, until)

    def after_reading(self, app: Sandbox, org: Org, page: int) -> None:
        """Count the read for the ghosts, and merge a group as someone else, by a switch."""
        for ghost in self._ghosts.values():
            ghost.reads_left -= 1
        groups = org.directory.group_positions
        if page == app.faults.shift_after_page and groups:
            app.faults.shift_after_page = None
            primary, *sources = org.directory.group(groups[0])
            any_flag_wins = app.faults.any_flag_wins
            app.world.merge(org.id, primary, sources, any_flag_wins=any_flag_wins)

    def churn(self, app: Sandbox, org: Org) -> None:
        """Let one contact of a group change its name at each so many reads, by a switch."""
        self._reads += 1
        every, groups = app.faults.churn_every, org.directory.group_positions
        if not every or not groups or self._reads % every:
            return
        position = groups[self._reads // every % len(groups)]
        contact = org.directory.contact(org.directory.group(position)[0])
        name = f"{contact.get('name') or 'Someone'} ({self._reads})"
        changed = contact | {"name": name, "updated_at": app.world.now()}
        app.world.apply(Change(org.id, put=(changed,)))
