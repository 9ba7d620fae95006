"""Addresses of networks and devices in text, and what people call themselves in networks."""

from gateway.masking.kinds import Kind
from gateway.masking.recognition import checks
from gateway.masking.recognition.recogniser import Recogniser

_DOMAINS = "com|org|net|edu|gov|mil|info|biz|health"
_OTHER_DOMAINS = (
    "me|io|co|us|uk|ca|de|fr|nl|ly|gl|gd|be|ee|tv|ai|app|dev|link|page|site|blog|online|social"
    "|name|family|care|clinic|doctor|eu|au|in"
)
CONTACTS: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.EMAIL,
        r"[A-Za-z0-9._%+\x80-\xff-]{1,64}@(?:[A-Za-z0-9\x80-\xff-]{1,63}\.){1,8}[A-Za-z\x80-\xff-]{2,24}",
        needle="@",
        lead=r"[A-Za-z0-9._%+\x80-\xff-]{1,64}",
    ),
    # In a query, where the sign may be all that is encoded.
    Recogniser(
        Kind.EMAIL,
        r"[A-Za-z0-9._+\x80-\xff-]{1,64}%40(?:[A-Za-z0-9\x80-\xff-]{1,63}\.){1,8}[A-Za-z\x80-\xff-]{2,24}",
        needle="%40",
        lead=r"[A-Za-z0-9._+\x80-\xff-]{1,64}",
    ),
    # A document of its own inside a text: nobody knows what it shows.
    Recogniser(Kind.URL, r"\b(?i:data):[A-Za-z0-9!#$&.+/;=_-]{0,200}[,][^\s\"'<>\\\x00\[\]]+"),
    Recogniser(
        Kind.URL, r"\b(?i:https?|ftps?|sftp)://[^\s\"'<>\\\x00\[\]]{1,900}", checks.personal_url
    ),
    Recogniser(
        Kind.URL, r"\bwww\.[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}(?:/[^\s\"'<>\\\x00]*)?"
    ),
    Recogniser(
        Kind.URL,
        rf"\b(?:[A-Za-z0-9-]{{1,63}}\.){{1,5}}(?:{_DOMAINS})\b(?:/[^\s\"'<>\\\x00\[\]]*)?",
        checks.personal_host,
        needle=rf"\.(?:{_DOMAINS})\b",
        lead="[A-Za-z0-9.-]{1,319}",
    ),
    # Of other domains a path says that a host is meant: `t.me/jane`, `linktr.ee/jane`.
    Recogniser(
        Kind.URL,
        rf"\b(?:[A-Za-z0-9-]{{1,63}}\.){{1,5}}(?:{_OTHER_DOMAINS})"
        r"/[A-Za-z0-9~@][^\s\"'<>\\\x00\[\]]*",
        checks.personal_host,
        needle=rf"\.(?:{_OTHER_DOMAINS})/",
        lead="[A-Za-z0-9.-]{1,319}",
    ),
    Recogniser(Kind.IP, r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3,40}\b", checks.ip),
    Recogniser(
        Kind.IP,
        r"\b[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b",
        checks.ip,
        needle=":[0-9A-Fa-f]{0,4}:",
        lead="[0-9A-Fa-f]{0,4}",
    ),
    Recogniser(Kind.IP, r"::(?:[0-9A-Fa-f]{1,4}:){0,5}[0-9A-Fa-f.]{1,15}\b", checks.ip),
    Recogniser(Kind.DEVICE, r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b"),
    Recogniser(Kind.DEVICE, r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b"),
    Recogniser(
        Kind.ID,
        r"(?i:\b(?:user ?name|user ?id|login|log-in|screen ?name|twitter|instagram|facebook|tiktok"
        r"|snapchat|linkedin|skype|handle|whatsapp)\b)(?: (?:is|id|handle))?[ \t]{0,2}[:=@]{1,2}"
        r"[ \t]{0,2}@?(?P<id>[A-Za-z0-9_.-]{3,40})",
    ),
    # Without a sign between, it is a word that no sentence goes on with.
    Recogniser(
        Kind.ID,
        r"(?i:\b(?:user ?name|user ?id|login|screen ?name|handle|gamer ?tag|account name))(?: is)? "
        r"[\"']?@?(?P<id>[A-Za-z0-9_.-]{3,40})\b",
        checks.handle,
    ),
    Recogniser(
        Kind.ID,
        r"\B@[A-Za-z][A-Za-z0-9_.-]{2,29}[A-Za-z0-9_]\b",
        checks.handle,
        needle="@[A-Za-z]",
    ),
)
