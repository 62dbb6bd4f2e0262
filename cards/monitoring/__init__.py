"""The course of the counts: grade, fall, recovery; how often to count, what to look at, what follows a therapy."""

from cards.monitoring import count_grade, cure_check, follow_up, rapid_fall, recovery, tests_due, workup
from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = (
    count_grade.ADVICE,
    rapid_fall.ADVICE,
    workup.ADVICE,
    recovery.ADVICE,
    follow_up.ADVICE,
    cure_check.ADVICE,
    tests_due.ADVICE,
)
