"""What the organisation runs: five domains and their systems. A system's name is its namespace."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.config.demo.people import DEPARTMENTS
from flagstone.config.demo.titles import title_of

DOMAINS = DEPARTMENTS  # each department looks after one domain of the same name

# system: domain, the squad that owns it, what it is
_SYSTEMS = """
payments | money-movement | payments-platform | Taking a payment, from the basket to the receipt
cards | money-movement | cards | Authorising cards and keeping their numbers out of everything else
transfers | money-movement | funds-transfer | Moving money between accounts
pricing | money-movement | quote | Rates and fees
ledger | money-movement | ledger | The double-entry books
merchants | merchants | merchant-onboarding | Who sells through us
payouts | merchants | payouts | What merchants are owed
identity | customers | identity | Sign-in, sessions, consent
accounts | customers | statements | What customers have and what they did with it
messaging | customers | notifications | Messages to customers
risk | risk | risk-scoring | Scoring payments and acting on fraud
compliance | risk | financial-crime | Sanctions screening, monitoring, reports to the regulator
developer-tools | foundations | developer-platform | What engineers use
data | foundations | data-platform | Event stream and warehouse
"""


@dataclass(frozen=True, slots=True)
class System:
    name: str
    domain: str
    squad: str
    purpose: str

    @property
    def title(self) -> str:
        return title_of(self.name)


def _systems() -> dict[str, System]:
    rows = ([cell.strip() for cell in row.split("|")] for row in _SYSTEMS.strip().splitlines())
    return {row[0]: System(*row) for row in rows}


SYSTEMS = _systems()
