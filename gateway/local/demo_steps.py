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
    title="An agent of the clinic works: reading ePHI is withheld until masking exists",
    task="work",
    token=(*_CLINIC, "--group", "phi-readers", "--group", "data-writers"),
    expected={
        "list the containers": ALLOWED,
        "list blobs in public": ALLOWED,
        "write public/summary.txt": ALLOWED,
        "read public/summary.txt": ALLOWED,
        "list blobs in phi": ALLOWED,
        "read a patient's record in phi": Reason.CONTENT_WITHHELD,
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

EXFILTRATION = Act(
    title="An administrators' agent tries to get data out; a rule allows it everything",
    task="exfiltrate",
    token=("--agent", "platform-agent", "--group", "platform-admins"),
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

RECORDED = (WORK, STRANGERS[0], EXFILTRATION)
"""Acts whose agent is identified; requests without a good token are counted, not journalled."""
