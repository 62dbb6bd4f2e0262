"""Rules on the selected orders (rulebook F): what a draft order meets in this patient."""

from cards.orders import allergy, antibacterial, antiplatelet, nsaid, platelets, tpo_ra, unmapped
from cards.outcome import Advice

ADVICE: tuple[Advice, ...] = (
    antiplatelet.ADVICE,
    nsaid.ADVICE,
    platelets.ADVICE,
    antibacterial.ADVICE,
    allergy.ADVICE,
    tpo_ra.ADVICE,
    unmapped.ADVICE,
)
"""In the order of the rulebook's section F."""
