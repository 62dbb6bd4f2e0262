"""Anti-infective advice: the cause is treated first, by its type. One file per pathogen in `pathogens/`."""

from cards.anti_infective import infection, no_pathogen, safety_check
from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = (infection.ADVICE, no_pathogen.ADVICE, safety_check.ADVICE)
