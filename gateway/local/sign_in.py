"""How people sign in to the development provider: a page that lists them, and the code flow.

Authorization endpoint, codes and refresh tokens as OpenID Connect Core §3.1 and RFC 7636 want
them; in place of a password there is one button per person.
"""

import base64
import hashlib
import hmac
import html
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import orjson

from gateway.local import directory
from gateway.local.directory import Person
from gateway.local.issuer import LIFETIME_SECONDS, Issuer, Login, RefusedError

CODE_SECONDS = 60
CALLBACK = "/signin/callback"

_S256 = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "claims",
)
METHODS = {"mfa": ("pwd", "mfa"), "password": ("pwd",)}

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that was given out, and what it is bound to."""

    login: Login
    redirect_uri: str
    challenge: str
    given: datetime


@dataclass(slots=True)
class CodeFlow:
    """Codes and refresh tokens of one run, and changes to the directory during it."""

    issuer: Issuer
    _codes: dict[str, _Code] = field(default_factory=dict)
    _used: dict[str, str] = field(default_factory=dict)
    _refresh: dict[str, Login] = field(default_factory=dict)
    _groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _disabled: set[str] = field(default_factory=set)

    def page(self, query: Form) -> str:
        """The sign-in page for a good authorization request.

        Raises:
            RefusedError: it is not good; the browser is not sent anywhere.
        """
        _authorization(query)
        carried = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(one(query, name))}">'
            for name in _CARRIED
        )
        people = "".join(
            f'<p><button name="dev_person" value="{name}">{name}</button> '
            f"{', '.join(self._groups_of(person)) or 'no group'}</p>"
            for name, person in directory.PERSONS.items()
        )
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<title>Development sign-in</title><link rel='icon' href='data:,'></head>"
            "<body><h1>Development sign-in</h1>"
            "<p>Nobody here is real, and there are no passwords. Who are you?</p>"
            f'<form method="post" action="authorize">{carried}'
            '<p><label for="methods">Signed in with</label> <select id="methods" '
            'name="dev_methods"><option value="mfa">password and second factor</option>'
            '<option value="password">password only</option></select></p>'
            f"{people}</form></body></html>"
        )

    def chosen(self, form: Form, now: datetime) -> str:
        """Where to send the browser of the person who was chosen, with a code.

        Raises:
            RefusedError: no such person, or the request is not good.
        """
        _authorization(form)
        person = directory.PERSONS.get(one(form, "dev_person"))
        methods = METHODS.get(one(form, "dev_methods") or "mfa")
        if person is None or methods is None:
            raise RefusedError("invalid_request", "no such person, or no such way to sign in")
        if person.name in self._disabled:
            return _back(form, error="access_denied")
        login = Login(
            person=person,
            client=one(form, "client_id"),
            nonce=one(form, "nonce"),
            authenticated=int(now.timestamp()),
            methods=methods,
            contexts=_contexts(one(form, "claims")) if "mfa" in methods else (),
        )
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(
            login, one(form, "redirect_uri"), one(form, "code_challenge"), now
        )
        return _back(form, code=code)

    def tokens(self, form: Form, now: datetime) -> Mapping[str, object]:
        """The token endpoint's answer to a code or a refresh token.

        Raises:
            RefusedError: with the OAuth error code.
        """
        _check_client(form)
        if one(form, "grant_type") == "refresh_token":
            token = one(form, "refresh_token")
            login = self._refresh.get(token)
            if login is None:
                raise RefusedError("invalid_grant", "no such refresh token")
            return self._answer(login, token, now, renewed=True)
        login = self._redeem(form, now)
        token = secrets.token_urlsafe(32)
        self._refresh[token] = login
        self._used[one(form, "code")] = token
        return self._answer(login, token, now)

    def change(self, form: Form) -> None:
        """Give a person other groups (`groups`), or disable them (`disabled`), for this run.

        Raises:
            RefusedError: no such person.
        """
        name = one(form, "person")
        if name not in directory.PERSONS:
            raise RefusedError("invalid_request", "no such person")
        self._groups.pop(name, None)
        self._disabled.discard(name)
        if "groups" in form:
            words = (word.strip() for value in form["groups"] for word in value.split(","))
            self._groups[name] = tuple(word for word in words if word)
        if one(form, "disabled") == "true":
            self._disabled.add(name)

    def _redeem(self, form: Form, now: datetime) -> Login:
        code = one(form, "code")
        if code in self._used:
            # RFC 6749 §4.1.2: who uses a code twice loses what the first use gave.
            self._refresh.pop(self._used[code], None)
        known = self._codes.pop(code, None)
        if known is None or not 0 <= (now - known.given).total_seconds() < CODE_SECONDS:
            raise RefusedError("invalid_grant", "no such code, or not any more")
        digest = hashlib.sha256(one(form, "code_verifier").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, known.challenge):
            raise RefusedError("invalid_grant", "the code verifier does not fit")
        if one(form, "redirect_uri") != known.redirect_uri:
            raise RefusedError("invalid_grant", "the redirect URI is not that of the code")
        return known.login

    def _answer(
        self, login: Login, refresh: str, now: datetime, *, renewed: bool = False
    ) -> Mapping[str, object]:
        if login.person.name in self._disabled:
            raise RefusedError("invalid_grant", "the account is disabled")
        groups = self._groups_of(login.person)
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "scope": "openid profile",
            "id_token": self.issuer.id_token(login, groups, now, renewed=renewed),
            "access_token": self.issuer.access_token(login, groups, now),
            "refresh_token": refresh,
        }

    def _groups_of(self, person: Person) -> tuple[str, ...]:
        return self._groups.get(person.name, person.groups)


def one(form: Form, name: str) -> str:
    """The one value of a field, "" where it is missing.

    Raises:
        RefusedError: it was given more than once.
    """
    values = form.get(name, ("",))
    if len(values) != 1:
        raise RefusedError("invalid_request", f"{name} is given more than once")
    return values[0]


def _authorization(fields: Form) -> None:
    """Refuse an authorization request that Entra would refuse, or that leaves out a protection."""
    if one(fields, "client_id") != directory.SIGN_IN_ID:
        raise RefusedError("unauthorized_client", "no such sign-in application")
    target = urlsplit(one(fields, "redirect_uri"))
    if target.scheme != "https" or target.hostname not in _LOOPBACK or target.path != CALLBACK:
        raise RefusedError("invalid_request", "the redirect URI is not registered")
    if one(fields, "response_type") != "code":
        raise RefusedError("unsupported_response_type", "the only response type is code")
    if "openid" not in one(fields, "scope").split():
        raise RefusedError("invalid_scope", "the scope openid is missing")
    s256 = one(fields, "code_challenge_method") == "S256"
    if not s256 or not _S256.fullmatch(one(fields, "code_challenge")):
        raise RefusedError("invalid_request", "PKCE with S256 is required")
    if not one(fields, "state") or not one(fields, "nonce"):
        raise RefusedError("invalid_request", "state and nonce are required")


def _check_client(form: Form) -> None:
    """Public, or confidential with the right secret."""
    secret = one(form, "client_secret")
    known = one(form, "client_id") == directory.SIGN_IN_ID
    if not known or (secret and secret != directory.CLIENT_SECRET):
        raise RefusedError("invalid_client", "no such sign-in application, or a wrong secret")


def _contexts(claims: str) -> tuple[str, ...]:
    """The authentication context of a `claims` parameter, satisfied as soon as it is asked for."""
    if not claims:
        return ()
    try:
        return (str(orjson.loads(claims)["id_token"]["acrs"]["value"]),)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise RefusedError("invalid_request", "the claims parameter is malformed") from None


def _back(form: Form, **fields: str) -> str:
    return f"{one(form, 'redirect_uri')}?{urlencode({**fields, 'state': one(form, 'state')})}"
