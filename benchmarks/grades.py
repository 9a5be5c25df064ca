"""`python -m benchmarks.grades`: how often each grade of a link is right, on a made-up million.

Prints the table of docs/grades.md. The pairs come from people.py, seeded; a slice is a test.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.people import Assumptions, Case, Generator
from mergeui.review.names import Agreement, names_agree

WORDS = {
    Agreement.FULL: "channel and full name agree",
    Agreement.PART: "channel and part of the name agree",
    Agreement.MISSING: "channel, a name missing or incomplete",
    Agreement.CONFLICT: "channel, names conflict",
}


@dataclass
class Tally:
    """How many pairs of each grade are one person, and where the surprises come from."""

    right: Counter[Agreement] = field(default_factory=Counter)
    wrong: Counter[Agreement] = field(default_factory=Counter)
    why: Counter[tuple[Agreement, str]] = field(default_factory=Counter)

    def count(self, cases: Iterable[Case]) -> "Tally":
        """Grades all of them."""
        for case in cases:
            grade = names_agree(case.one, case.other)
            (self.right if case.same else self.wrong)[grade] += 1
            if case.same is (grade is Agreement.CONFLICT):
                why = " / ".join(sorted(case.forms)) if case.same else case.kind
                self.why[grade, why] += 1
        return self

    def share_of_one_person(self, grade: Agreement) -> float:
        """How often two of this grade are one person, from 0 to 1."""
        return self.right[grade] / max(1, self.right[grade] + self.wrong[grade])


def cases(pairs: int, seed: int, assumed: Assumptions | None = None) -> Iterable[Case]:
    """So many pairs."""
    generator = Generator(seed, assumed)
    return (generator.case() for _ in range(pairs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--same", type=float, default=Assumptions.same, help="share of one person")
    parser.add_argument("--odd", type=float, default=1.0, help="odd names, so many times as often")
    parser.add_argument("--why", action="store_true", help="where the wrong ones come from")
    wished = parser.parse_args()
    assumed = Assumptions(same=wished.same).with_odd_names(wished.odd)
    tally = Tally().count(cases(wished.pairs, wished.seed, assumed))
    print("| grade | pairs | one person | two people | one person in 1,000 |")
    print("|---|---:|---:|---:|---:|")
    for grade, words in WORDS.items():
        right, wrong = tally.right[grade], tally.wrong[grade]
        share = f"{tally.share_of_one_person(grade) * 1000:.1f}"
        print(f"| {words} | {right + wrong:,} | {right:,} | {wrong:,} | {share} |")
    if wished.why:
        for (grade, why), count in tally.why.most_common(40):
            print(f"{count:>8,}  {grade.value:9} {why}")


if __name__ == "__main__":
    main()
