"""What reviewers read: a held request in words, the form to decide it, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.ingress.page import document, outside_ascii, shown
from gateway.model.connection import WITHHELD_MARK
from gateway.ports import TicketView

MAX_REASON_CHARS = 500

_DOES = {
    "read": "read",
    "write": "write to",
    "delete": "delete",
    "action": "act on",
}
# Every word of `gateway.approvals.ticket.TicketState`.
_STATES = {
    "opening": "Being prepared. Reload in a moment.",
    "deciding": "Somebody is deciding at this moment. Reload to see it.",
    "claimed": "Approved. The gateway is about to carry it out; reload to see the end.",
    "pending": "Waiting for a decision.",
    "approved": "Approved. The gateway carries it out now, once; reload to see the end.",
    "executing": "Approved, and being carried out. Reload to see the end.",
    "done": "Approved and carried out. The agent receives what the service answered.",
    "rejected": "Rejected. It will not be carried out.",
    "expired": "Nobody decided in time. It will not be carried out.",
    "refused": "Refused after the decision: the rules of this moment do not allow it any more.",
    "indeterminate": "It was interrupted while it was carried out: whether it took effect is not "
    "known, and it is not tried again. Look at the resource, then close the matter by hand.",
}
_WAITING = "Requests that wait for you"
_TITLES = {
    400: "The page was not understood",
    401: "Please sign in",
    403: "This is not yours to decide",
    404: "No such request",
    409: "Not open in this form any more",
    503: "Not now",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What the page needs beside the ticket.

    Attributes:
        reviewer: display name of who is signed in.
        token: anti-forgery token of this form.
        leave_token: of the form that signs out.
        reason: what was typed already, when the page comes back with a complaint.
        complaint: what was wrong with the form, "" for nothing.
    """

    reviewer: str
    token: str
    leave_token: str
    reason: str = ""
    complaint: str = ""


def ticket(view: TicketView, form: Form, now: datetime) -> bytes:
    """The page of one held request."""
    is_open = view.state == "pending" and now < view.expires_at
    parts = [
        f"<h1>{shown(view.operation)}</h1>",
        f'<p class="alert" role="alert">{shown(form.complaint)}</p>' if form.complaint else "",
        f'<p class="state" role="status">{_state(view, now)}</p>',
        f'<p class="lead">{_sentence(view)}</p>',
        _accesses(view),
        _agent_says(view),
        _facts(view),
        _decision(view, form) if is_open else _decided(view),
    ]
    title = f"{view.operation} by {view.agent}"
    return document(title, "\n".join(part for part in parts if part), foot=_foot(form))


def tickets(views: Sequence[TicketView], form: Form, now: datetime) -> bytes:
    """The page of what waits for one reviewer."""
    if not views:
        none = "<p>Nothing waits for a decision of yours.</p>"
        return document(_WAITING, f"<h1>{_WAITING}</h1>\n{none}", foot=_foot(form))
    items = "".join(
        f'<li><a href="/approvals/{shown(view.id)}">{shown(view.operation)}</a>: {_sentence(view)}'
        f'<br><span class="hint">{_state(view, now)} Workflow {shown(view.workflow)}, connection '
        f"{shown(view.connection)}.</span></li>"
        for view in views
    )
    hint = '<p class="hint">Open a request to read all of it and to decide.</p>'
    return document(_WAITING, f"<h1>{_WAITING}</h1>\n{hint}\n<ul>{items}</ul>", foot=_foot(form))


def trouble(status: int, sentences: str, links: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A page that says what went wrong; `links` are (path, words)."""
    title = _TITLES.get(status, "Something went wrong")
    items = "".join(f'<li><a href="{shown(path)}">{shown(words)}</a></li>' for path, words in links)
    more = f"<ul>{items}</ul>" if items else ""
    alert = f'<p class="alert" role="alert">{shown(_sentence_case(sentences))}</p>'
    return document(title, f"<h1>{title}</h1>\n{alert}\n{more}")


def notice(title: str, sentences: str) -> bytes:
    """A page that only says something."""
    return document(title, f"<h1>{shown(title)}</h1>\n<p>{shown(sentences)}</p>")


def _state(view: TicketView, now: datetime) -> str:
    if view.state == "pending":
        if now >= view.expires_at:
            return shown(_STATES["expired"])
        left = _span(view.expires_at - now)
        return f"{_STATES['pending']} {left} left, until {_moment(view.expires_at)}."
    return shown(_STATES.get(view.state, f"State: {view.state}."))


def _sentence(view: TicketView) -> str:
    if view.asks:
        return (
            f"<strong>{shown(view.agent)}</strong> asks for <strong>the values</strong> of "
            f"{shown(view.asks)}. Who asks will read them."
        )
    target = view.accesses[0].resource if view.accesses else view.connection
    does = _DOES.get(view.effect, view.effect)
    more = len(view.accesses) - 1
    others = f" and touch {more} more" if more > 0 else ""
    return (
        f"The agent <strong>{shown(view.agent)}</strong> asks to <strong>{shown(does)}</strong> "
        f"{_code(target)}{others}."
    )


def _accesses(view: TicketView) -> str:
    items = "".join(
        f"<li><strong>{shown(access.effect)}</strong> {_code(access.resource)}<br>"
        f'<span class="hint">{_code(access.action)}</span></li>'
        for access in view.accesses
    )
    warning = (
        '<p class="hint">A name holds letters outside A to Z: letters of different alphabets can '
        "look the same.</p>"
        if outside_ascii(access.resource for access in view.accesses)
        else ""
    )
    return (
        '<h2>What will run</h2>\n<p class="hint">Everything that the request touches, with the '
        f"Azure action.</p>\n<ul>{items}</ul>{warning}"
    )


def _agent_says(view: TicketView) -> str:
    words = [
        f"<h3>{label}</h3>{_quoted(text)}"
        for label, text in (("Purpose", view.purpose), ("Reason", view.reason))
        if text
    ]
    if not words:
        return "<h2>The agent says</h2>\n<p>The agent gave no reason.</p>"
    return (
        "<h2>The agent says</h2>\n"
        '<p class="hint">In the agent\'s own words, with what looks like patient data masked. '
        f"Nobody has checked them, and links in them lead nowhere.</p>{''.join(words)}"
    )


def _decision(view: TicketView, form: Form) -> str:
    invalid = ' aria-invalid="true"' if form.complaint else ""
    return (
        '<section class="decide"><h2>Your decision</h2>\n'
        f'<form method="post" action="/approvals/{shown(view.id)}" autocomplete="off">\n'
        f'<input type="hidden" name="token" value="{shown(form.token)}">\n'
        f'<input type="hidden" name="page_digest" value="{shown(view.page_digest)}">\n'
        '<label for="reason">Reason</label>\n<p class="hint" id="reason-hint">Needed to reject. '
        f"At most {MAX_REASON_CHARS} characters; it goes on record with your name, so no patient "
        "data.</p>\n"
        f'<textarea id="reason" name="reason" maxlength="{MAX_REASON_CHARS}" rows="3" '
        f'aria-describedby="reason-hint"{invalid}>{shown(form.reason, lines=True)}</textarea>\n'
        '<div class="choices">'
        '<button class="go" type="submit" name="decision" value="approve">Approve</button>'
        '<button class="stop" type="submit" name="decision" value="reject">Reject</button>'
        "</div>\n</form></section>"
    )


def _decided(view: TicketView) -> str:
    if not view.decided_by:
        return ""
    at = f" on {_moment(view.decided_at)}" if view.decided_at else ""
    verdict = shown(view.verdict or "decided").capitalize()
    reason = _quoted(view.decision_reason) or "<p>No reason was given.</p>"
    return (
        f"<h2>The decision</h2>\n<p>{verdict} by <strong>{shown(view.decided_by)}</strong>{at}."
        f"</p>{reason}"
    )


def _quoted(text: str) -> str:
    """Somebody's own words; "" for none."""
    if text == WITHHELD_MARK:
        return "<p>Withheld: free text could hold patient data.</p>"
    return f"<blockquote>{shown(text, lines=True)}</blockquote>" if text else ""


def _facts(view: TicketView) -> str:
    rule = f"<code>{shown(view.rule)}</code>"
    if view.rule_description:
        rule += f": {shown(view.rule_description)}"
    rows = (
        ("Agent", f"{shown(view.agent)} (<code>{shown(view.principal)}</code>)"),
        ("Sponsor", f"{shown(view.sponsor)}, who answers for the agent"),
        ("Request", _code(f"{view.method} {view.target}")),
        ("Connection", shown(view.connection)),
        ("Data sent", _size(view.size)),
        ("Asked by rule", rule),
        ("Workflow", shown(view.workflow)),
        ("Manifest", f"<code>{shown(view.manifest)}</code>"),
        ("Asked", _moment(view.held_at)),
        ("Decide until", _moment(view.expires_at)),
        ("Ticket", f"<code>{shown(view.id)}</code>"),
    )
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f"<h2>Details</h2>\n<dl>{items}</dl>"


def _foot(form: Form) -> str:
    return (
        f"Signed in as {shown(form.reviewer or 'a person without a name')}. "
        '<a href="/approvals">What waits for you</a>. '
        '<form method="post" action="/signout">'
        f'<input type="hidden" name="token" value="{shown(form.leave_token)}">'
        '<button type="submit">Sign out</button></form>'
    )


def _code(text: str) -> str:
    """A name that may be long: it breaks after slashes."""
    return f"<code>{shown(text).replace('/', '/<wbr>')}</code>"


def _size(size: int) -> str:
    if size == 0:
        return "none"
    kib = size / 1024
    if kib < 1:
        return f"{size} bytes"
    amount = f"{kib:.1f} KiB" if kib < 1024 else f"{kib / 1024:.1f} MiB"  # noqa: PLR2004
    return f"{amount} ({size:,} bytes)"


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}">{utc:%d %B %Y, %H:%M:%S} UTC</time>'


def _span(span: timedelta) -> str:
    """Whole minutes, rounded down: nobody is promised time that is not there."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return "Less than a minute"
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    words = [_count(days, "day"), _count(hours, "hour"), _count(rest, "minute")]
    return " ".join(word for word in words if word)


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'s' if number > 1 else ''}" if number else ""


def _sentence_case(text: str) -> str:
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "!", "?")) else f"{start}."
