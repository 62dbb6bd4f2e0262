"""Whether the data can carry a decision: counts that are missing, old, implausible, clumped or in conflict."""

from cards.data_quality import clumping, conflict, missing, units
from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = (missing.ADVICE, units.ADVICE, clumping.ADVICE, conflict.ADVICE)
