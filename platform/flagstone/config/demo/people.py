"""Who works here: 18 squads in five departments, 60 people. All of them are invented."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from flagstone.config.demo.titles import title_of

VICE_PRESIDENT = "Ngozi Adeyemi"

DEPARTMENTS = {
    "money-movement": "Money movement",
    "merchants": "Merchants",
    "customers": "Customers",
    "risk": "Risk and compliance",
    "foundations": "Foundations",
}

# squad: department, what it looks after, its people; the first one leads it
_SQUADS = """
payments-platform | money-movement | Checkout and everything a payer touches | Maria Oliveira, Tomasz Wrona, Aiko Tanabe, Samuel Okafor
cards | money-movement | Card authorisation, tokens, disputes | Priya Raman, Lukas Brandt, Fatima Zahrani, Diego Fuentes
funds-transfer | money-movement | Account to account, now and on a date | Hana Kovář, Kwame Mensah, Sofia Lindqvist
cross-border | money-movement | Money in other currencies and other countries | Yusuf Demir, Chloe Martin, Ivan Petkov
quote | money-movement | What a payment will cost, before it is made | Leila Farahani, Noah Whitfield, Mei Zhou, Björn Halvorsen
ledger | money-movement | The books: every movement, twice | Amara Diallo, Stefan Ilić, Grace Tembo, Rin Sato
merchant-onboarding | merchants | From the first form to the first sale | Camila Rojas, Ahmed Nasser, Zofia Malinowska
payouts | merchants | Paying merchants what they sold | Viktor Hansen, Nadia Rahman, Owen Price
identity | customers | Who somebody is, and what they agreed to | Ingrid Solberg, Rahul Deshpande, Thandiwe Nkosi, Mateo Vargas
statements | customers | What happened on an account, for years | Elena Popescu, Jonas Weber, Wanjiru Kamau
savings | customers | Pots, goals and interest | Oksana Shevchuk, Liam Donnelly, Farid Hosseini
notifications | customers | Telling people, once and at the right time | Minh Tran, Beatriz Sousa, Caleb Stone
customer-app | customers | What the app on the phone talks to | Aisha Bello, Florian Keller, Yuna Park
risk-scoring | risk | How likely a payment is fraud, in 40 ms | Ravi Menon, Greta Nyström, Hugo Lefèvre
fraud-response | risk | What happens when it was fraud | Tariq Haddad, Isabel Moreno, Dmitri Volkov
financial-crime | risk | Sanctions, monitoring, what the regulator asks for | Siobhan Byrne, Kofi Asante, Lena Hoffmann
developer-platform | foundations | The paved path and the platform under it | Emeka Obi, Astrid Dahl, Jun Nakagawa
data-platform | foundations | Events and the warehouse | Paulo Mendes, Sanna Virtanen, Omar Khalil
"""  # noqa: E501 - a table reads best with one row a line


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody; the user name is the first name, which nobody shares."""

    full_name: str

    @property
    def user_name(self) -> str:
        return _ascii(self.full_name.split()[0]).lower()

    @property
    def ref(self) -> str:
        return f"user:default/{self.user_name}"

    @property
    def email(self) -> str:
        return ".".join(_ascii(part).lower() for part in self.full_name.split()) + "@example.com"


@dataclass(frozen=True, slots=True)
class Squad:
    name: str
    department: str
    purpose: str
    people: tuple[Person, ...]

    @property
    def ref(self) -> str:
        return f"group:default/{self.name}"

    @property
    def title(self) -> str:
        return title_of(self.name)

    @property
    def lead(self) -> Person:
        return self.people[0]


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def _squads() -> tuple[Squad, ...]:
    rows = ([cell.strip() for cell in row.split("|")] for row in _SQUADS.strip().splitlines())
    return tuple(
        Squad(name, department, purpose, tuple(Person(full) for full in people.split(", ")))
        for name, department, purpose, people in rows
    )


SQUADS = _squads()
PEOPLE = (Person(VICE_PRESIDENT), *(person for squad in SQUADS for person in squad.people))

# printed by `make up`: a demo on one machine
PASSWORD = "flagstone-demo"  # noqa: S105

# Who to sign in as to see each role at work.
SIGN_INS = {
    "platform_admin": "user:default/emeka",
    "squad_lead": "user:default/maria",
    "member": "user:default/tomasz",
    "viewer": "user:default/ngozi",
}
