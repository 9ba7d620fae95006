"""What is known of a synthetic patient."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """One encounter with a diagnosis, measurements and a prescription.

    Pressures are mmHg, glucose is mg/dL, times are timezone aware.
    """

    number: str
    begins: datetime
    ends: datetime
    physician: str
    icd10: str
    snomed: str
    condition: str
    drug: str
    rxnorm: str
    systolic: int
    diastolic: int
    glucose: int


@dataclass(frozen=True, slots=True)
class Patient:
    """A person who does not exist. `id` says nothing about them; everything else does."""

    id: str
    given: str
    family: str
    gender: str
    birth_date: date
    ssn: str
    mrn: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    zip: str
    visit: Visit

    @property
    def note(self) -> str:
        """The progress note of the visit, in plain text."""
        visit = self.visit
        title = "Ms." if self.gender == "female" else "Mr."
        return f"""PROGRESS NOTE
Patient: {self.family}, {self.given}    MRN: {self.mrn}    DOB: {self.birth_date:%m/%d/%Y}
Seen: {visit.begins:%B %d, %Y} by Dr. {visit.physician}

{title} {self.family} returns for follow-up of {visit.condition.lower()}. {self.given} reports no
new complaints and lives at {self.street} in {self.city}. Blood pressure today is
{visit.systolic}/{visit.diastolic}, fasting glucose {visit.glucose} mg/dL. Continue {visit.drug}.

Reach {self.given[0]}. {self.family} at {self.phone} or {self.email} with the results. Coverage
was verified against SSN {self.ssn}.
"""

    @property
    def canaries(self) -> tuple[str, ...]:
        """Values that must not appear where ePHI is withheld or masked, each long enough to search.

        A city, state or first name by itself is left out: such words also stand in ordinary text.
        """
        return (
            self.ssn,
            self.mrn,
            self.phone,
            self.email,
            self.street,
            f"{self.given} {self.family}",
            f"{self.family}, {self.given}",
            f"{self.family}^{self.given}",
            self.birth_date.isoformat(),
            f"{self.birth_date:%m/%d/%Y}",
            self.visit.number,
        )
