"""Bleeding by site, grade and activity; signs that can be an intracranial bleed."""

from cards.bleeding import activity, red_flags
from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = (red_flags.ADVICE, activity.ADVICE)
