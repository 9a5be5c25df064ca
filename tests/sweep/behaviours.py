"""What the vendor does with the merge calls of one run: invent-api.md, as switches of the stand-in.

Two calls are planned (three sources, two a call). `calls` are the switches at the first, the second
call and so on; a call without any goes well.
"""

from dataclasses import dataclass
from typing import Any

from mergeui.sandbox.faults import Fault

# States of a request, in words: whoever chooses behaviours has no need for Django.
MERGED, PARTIAL, NOT_APPLIED, REFUSED = "merged", "partial", "not_applied", "refused"
CONFLICT = "conflict"
# A worker that dies between writing an attempt down and its answer leaves one that is never sent
# again (design.md, rule 3): whatever the vendor would have done, it may not have been asked.
AFTER_CRASH = frozenset({MERGED, PARTIAL, NOT_APPLIED})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`ends` is how a run without a crash ends. Seconds: how long the client waits for answers.

    `ticked` of the three sources are asked for.

    A known `limit` shows that the desk says the opposite of the truth; it is no part of the sweep.
    """

    ends: str
    calls: tuple[dict[str, Any], ...] = ()
    merge_timeout: float = 60.0
    refuse_from: int | None = None
    ticked: int = 3
    limit: bool = False

    def may_end(self, *, crashed: bool) -> frozenset[str]:
        """The final states that tell the truth about some run with this vendor."""
        return frozenset({self.ends}) | (AFTER_CRASH if crashed else frozenset())


def _fault(fault: Fault, *, applied: bool = False, **more: Any) -> dict[str, Any]:
    return {"merge": fault, "merge_applied": applied, **more}


def _status(status: int, *, applied: bool = False, **more: Any) -> dict[str, Any]:
    return _fault(Fault.STATUS, applied=applied, merge_status=status, **more)


# A request stops at the first call that is not plainly merged; its second call is then not made.
BEHAVIOURS: dict[str, Behaviour] = {
    "plain": Behaviour(MERGED),
    "applied-then-dropped": Behaviour(PARTIAL, (_fault(Fault.DROP, applied=True),)),
    "dropped-before": Behaviour(NOT_APPLIED, (_fault(Fault.DROP),)),
    "applied-then-timeout": Behaviour(
        PARTIAL, (_fault(Fault.HANG, applied=True, hang_seconds=0.4),), merge_timeout=0.2
    ),
    "timeout-before": Behaviour(
        NOT_APPLIED, (_fault(Fault.HANG, hang_seconds=0.4),), merge_timeout=0.2
    ),
    "500-after": Behaviour(PARTIAL, (_status(500, applied=True),)),
    "500-before": Behaviour(NOT_APPLIED, (_status(500),)),
    "429-retry-after": Behaviour(MERGED, (_status(429, merge_retry_after="20"),)),
    "429-bare": Behaviour(MERGED, (_status(429),)),
    # Sent twice on the way: found when the contacts are read again before the next try.
    "429-after": Behaviour(CONFLICT, (_status(429, applied=True),)),
    # A firewall that looks at answers, or at calls: no refusal that is documented.
    "403-after": Behaviour(PARTIAL, (_status(403, applied=True),)),
    "403-before": Behaviour(NOT_APPLIED, (_status(403),)),
    "400": Behaviour(REFUSED, (_status(400),)),
    "404": Behaviour(REFUSED, (_status(404),)),
    # Somebody on the way sent it twice: the first was carried out, the second refused.
    "404-after": Behaviour(CONFLICT, (_status(404, applied=True),)),
    "partial": Behaviour(PARTIAL, (_fault(Fault.PARTIAL),)),
    # All three at the first call, which named two: the third was asked for, or it was not.
    "more": Behaviour(MERGED, (_fault(Fault.MORE),)),
    "more-than-asked": Behaviour(PARTIAL, (_fault(Fault.MORE),), ticked=2),
    "wrong-id": Behaviour(PARTIAL, (_fault(Fault.WRONG_ID),)),
    "html-after": Behaviour(PARTIAL, (_fault(Fault.HTML, applied=True),)),
    "html-before": Behaviour(NOT_APPLIED, (_fault(Fault.HTML),)),
    "cut-json": Behaviour(PARTIAL, (_fault(Fault.CUT_JSON, applied=True),)),
    "cut-body": Behaviour(PARTIAL, (_fault(Fault.CUT_BODY, applied=True),)),
    "empty": Behaviour(NOT_APPLIED, (_fault(Fault.EMPTY),)),
    "redirect": Behaviour(NOT_APPLIED, (_fault(Fault.REDIRECT),)),
    # Done 30 s after an answer that promised nothing: between the second look and the third.
    "late": Behaviour(PARTIAL, (_fault(Fault.DROP, apply_late=30),)),
    # Longer than all looks take: the one thing that reading can't rule out (see Behaviour.limit).
    "too-late": Behaviour(NOT_APPLIED, (_fault(Fault.DROP, apply_late=2000),), limit=True),
    "unreachable": Behaviour(MERGED, refuse_from=2),
    "then-unreadable": Behaviour(
        PARTIAL, (_fault(Fault.DROP, applied=True, read=Fault.STATUS, read_times=6),)
    ),
    "second-applied-then-dropped": Behaviour(MERGED, ({}, _fault(Fault.DROP, applied=True))),
    "second-dropped-before": Behaviour(PARTIAL, ({}, _fault(Fault.DROP))),
    "second-429": Behaviour(MERGED, ({}, _status(429))),
    "second-400": Behaviour(PARTIAL, ({}, _status(400))),
}
