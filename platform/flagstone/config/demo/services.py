"""What the organisation runs: 45 services, who owns them and what they call."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.config.demo.titles import title_of

# service | squad | system | tier | calls | what it does
_SERVICES = """
checkout | payments-platform | payments | 1 | quote ledger card-authorisation risk-scoring | Takes a basket and a way to pay and turns them into a paid order.
partner-gateway | payments-platform | payments | 1 | card-tokens | Speaks the twelve dialects of our partner banks, so that nobody else has to.
payment-links | payments-platform | payments | 2 | checkout | Makes a link that can be paid, for merchants without a shop.
payment-webhooks | payments-platform | payments | 2 | event-relay | Tells merchants about their payments until they say that they heard it.
card-authorisation | cards | cards | 1 | partner-gateway risk-scoring | Asks the card's bank whether it pays, in under a second.
card-tokens | cards | cards | 1 | | Keeps card numbers; everybody else gets a token.
disputes | cards | cards | 2 | ledger | Charge-backs, from the bank's letter to the decision.
funds-transfer | funds-transfer | transfers | 1 | ledger sanctions-screening | Moves money between two accounts, exactly once.
standing-orders | funds-transfer | transfers | 2 | funds-transfer | The transfers that people set up once and forget.
payee-directory | funds-transfer | transfers | 2 | | Whom somebody paid before, and whether the name fits the account.
swift-bridge | cross-border | transfers | 1 | ledger sanctions-screening | Sends and receives SWIFT messages.
fx-settlement | cross-border | transfers | 2 | fx-rates ledger | Settles currency trades at the end of the day.
quote | quote | pricing | 1 | fx-rates fee-schedule | What a payment costs and how long the price holds.
fx-rates | quote | pricing | 2 | | The exchange rates of the moment, from three sources.
fee-schedule | quote | pricing | 2 | | Which fee applies to whom, and since when.
ledger | ledger | ledger | 1 | | The double-entry books of every account.
reconciliation | ledger | ledger | 2 | ledger | Compares our books with the banks' and opens a case for every difference.
ledger-export | ledger | ledger | 3 | ledger | The nightly books for the accountants.
merchant-onboarding | merchant-onboarding | merchants | 2 | kyb-checks | From the first form to the first sale.
merchant-portal | merchant-onboarding | merchants | 2 | payouts | The website where merchants look after themselves.
kyb-checks | merchant-onboarding | merchants | 2 | sanctions-screening | Checks that a business is what it says.
payouts | payouts | payouts | 1 | ledger partner-gateway | Pays merchants what they sold.
payout-schedule | payouts | payouts | 2 | payouts | Decides each night who is paid in the morning.
identity | identity | identity | 1 | | Sign-in, second factors, recovery.
sessions | identity | identity | 1 | identity | Who is signed in on which device.
consent | identity | identity | 2 | identity | What somebody agreed to, in which words, when.
statements | statements | accounts | 2 | ledger | Statements on the screen and on paper.
statement-archive | statements | accounts | 3 | | Ten years of statements, because the law says so.
savings-pots | savings | accounts | 2 | ledger funds-transfer | Money put aside, with a name and a goal.
interest-accrual | savings | accounts | 2 | ledger | Works out the day's interest for every pot.
notifications | notifications | messaging | 2 | push-gateway | Decides who is told what, and when it is too late to ring.
push-gateway | notifications | messaging | 2 | | Push messages, letters and text messages.
mobile-bff | customer-app | accounts | 1 | sessions checkout savings-pots statements | What the app on the phone talks to.
customer-profile | customer-app | accounts | 2 | identity | Names, addresses, preferences.
risk-scoring | risk-scoring | risk | 1 | feature-store velocity-rules | How likely a payment is fraud, in 40 ms.
feature-store | risk-scoring | risk | 2 | | What the models know about a customer.
velocity-rules | risk-scoring | risk | 1 | | Too many, too much, too fast.
fraud-alerts | fraud-response | risk | 2 | notifications | Holds a payment and asks the customer.
case-desk | fraud-response | risk | 3 | customer-profile | Where analysts decide about held payments.
sanctions-screening | financial-crime | compliance | 1 | | Compares every name with every list, before money moves.
transaction-monitoring | financial-crime | compliance | 1 | ledger | Finds patterns that somebody has to look at.
regulatory-reports | financial-crime | compliance | 2 | ledger transaction-monitoring | What the regulator gets, on the day it is due.
service-index | developer-platform | developer-tools | 3 | | Search over every service's documentation.
event-relay | data-platform | data | 2 | | Carries events from the services to whoever listens.
warehouse-loader | data-platform | data | 3 | event-relay | Loads the day into the warehouse.
"""  # noqa: E501 - a table reads best with one row a line

OBJECTIVES = {"1": "99.95", "2": "99.9", "3": "99.5"}


@dataclass(frozen=True, slots=True)
class DemoService:
    name: str
    squad: str
    system: str
    tier: str
    calls: tuple[str, ...]
    description: str

    @property
    def title(self) -> str:
        return title_of(self.name)

    @property
    def image(self) -> str:
        return f"registry.example.com/{self.system}/{self.name}"


def _services() -> tuple[DemoService, ...]:
    rows = ([cell.strip() for cell in row.split("|")] for row in _SERVICES.strip().splitlines())
    return tuple(
        DemoService(name, squad, system, tier, tuple(calls.split()), description)
        for name, squad, system, tier, calls, description in rows
    )


SERVICES = _services()
