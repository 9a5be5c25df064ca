"""What a service refuses, in words that a support agent understands.

Each carries the sentence for the person and the HTTP status of interface.md, Pages. The domain
knows no HTTP otherwise; the web layer turns these into a page or a fragment.
"""


class Problem(Exception):
    """A refusal with its `sentence`: what was wrong and what to do next."""

    status = 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Invalid(Problem):
    """The input can't be used as it is."""


class NotAllowed(Problem):
    """The person's role, or the four-eyes rule, forbids it."""

    status = 403


class Stale(Problem):
    """Someone was faster, or the contacts changed since they were shown."""

    status = 409


class TooLate(Stale):
    """Nobody was faster: time passed, and what was begun went on."""
