"""What the demo expects of each step: allowed, or refused with one certain reason."""

from dataclasses import dataclass

from gateway.errors import Reason

SESSION = "demo"
ALLOWED = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One agent process.

    Attributes:
        title: for the reader.
        task: of `gateway.local.demo_agent`.
        token: arguments for `chaperone token`.
        expected: reason code by step in the agent's order; ALLOWED for none.
    """

    title: str
    task: str
    token: tuple[str, ...]
    expected: dict[str, str]


_CLINIC = ("--agent", "triage-agent")

WORK = Act(
    title="An agent of the clinic works: ePHI arrives masked, free text not at all",
    task="work",
    token=(*_CLINIC, "--group", "phi-readers", "--group", "data-writers"),
    expected={
        "list the containers": ALLOWED,
        "list blobs in public": ALLOWED,
        "write public/summary.txt": ALLOWED,
        "read public/summary.txt": ALLOWED,
        "list blobs in phi": ALLOWED,
        "read a patient's record in phi": ALLOWED,
        "read a note in notes": Reason.CONTENT_WITHHELD,
    },
)


def _refused(title: str, token: tuple[str, ...], reason: Reason) -> Act:
    steps = ("list the containers", "read public/guide.md")
    return Act(title, "glance", token, dict.fromkeys(steps, reason))


STRANGERS = (
    _refused(
        "a group that no rule names",
        (*_CLINIC, "--group", "outsiders"),
        Reason.NO_RULE_ALLOWS,
    ),
    _refused(
        "an expired token",
        (*_CLINIC, "--group", "phi-readers", "--expired"),
        Reason.TOKEN_EXPIRED,
    ),
    _refused(
        "a token for another audience",
        (*_CLINIC, "--group", "phi-readers", "--audience", "https://storage.azure.com"),
        Reason.AUDIENCE_NOT_ACCEPTED,
    ),
)

_ADMIN = ("--agent", "platform-agent", "--group", "platform-admins")

RECORD = Act(
    title="A patient's record is read, and written back as it was read",
    task="record",
    token=_ADMIN,
    expected={
        "download a patient's record": ALLOWED,
        "upload it over the original": Reason.MASKED_WRITEBACK,
    },
)

DELETIONS = Act(
    title="An administrators' agent deletes containers: a person is asked first",
    task="delete",
    token=_ADMIN,
    expected={
        "delete exports-2021": Reason.APPROVAL_PENDING,
        "delete exports-2022": Reason.APPROVAL_PENDING,
        "delete scratch": Reason.APPROVAL_PENDING,
    },
)
"""Their ends: `APPROVED`, `REJECTED` and `LATE`, in this order."""

APPROVED = Act("approved", "delete-approved", _ADMIN, {"delete exports-2021": ALLOWED})
REJECTED = Act(
    "rejected", "delete-rejected", _ADMIN, {"delete exports-2022": Reason.APPROVAL_REJECTED}
)
LATE = Act("expired", "delete-late", _ADMIN, {"delete scratch": Reason.APPROVAL_EXPIRED})

EXFILTRATION = Act(
    title="An administrators' agent tries to get data out; a rule allows it everything",
    task="exfiltrate",
    token=_ADMIN,
    expected={
        "copy a foreign account's blob in": Reason.FOREIGN_SOURCE,
        "copy a record to another account": Reason.FOREIGN_SOURCE,
        "copy a record to a foreign account": Reason.CONNECTION_NOT_FOUND,
        "copy a record from phi to public": Reason.MASKED_LESS,
        "make phi public": Reason.PUBLIC_ACCESS,
        "get a user delegation key": Reason.DELEGATION_KEY,
        "store an access policy on phi": Reason.STORED_ACCESS_POLICY,
        "read with a signature of its own": Reason.CREDENTIAL_NOT_ACCEPTED,
    },
)

RECORDED = (WORK, RECORD, STRANGERS[0], EXFILTRATION)
"""Acts whose agent is identified; requests without a good token are counted, not journalled."""
