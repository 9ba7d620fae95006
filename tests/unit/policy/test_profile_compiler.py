from typing import get_args

import pytest

from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.profile import Profile, Scope, TextUse
from gateway.policy.compiler import compile_manifest
from gateway.policy.faults import ManifestInvalid
from gateway.policy.lint import lint
from gateway.policy.manifest import parse
from gateway.policy.profile_document import KindWord, OperatorWord

HEAD = """\
version: 1
agents:
  triage-bot:
    application: 5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11
    sponsor: {name: dr.lee@example.org, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82}
"""


def faults(profiles: str) -> list[str]:
    try:
        parse(f"{HEAD}\nprofiles: {profiles}\n".encode())
    except ManifestInvalid as error:
        return [f"{fault.path}: {fault.message}" for fault in error.faults]
    return []


def compiled(profiles: str, name: str = "a") -> Profile:
    policy = compile_manifest(parse(_with(profiles)))
    definition = policy.connections["x"].masking.definition
    assert isinstance(definition, Profile)
    assert definition.name == name
    return definition


def _with(profiles: str) -> bytes:
    return (
        f"{HEAD}\nprofiles: {profiles}\nconnections:\n  x:\n    kind: blob\n"
        "    upstream: https://clinicdata.blob.core.windows.net\n"
        "    credential: {kind: account-key, secret: s}\n    masking: {profile: a, ephi: true}\n"
    ).encode()


def test_the_schema_and_the_engine_know_the_same_words() -> None:
    assert list(get_args(KindWord)) == [kind.value for kind in Kind]
    assert set(get_args(OperatorWord)) == {word.value for word in Operator} - {"structure"}


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        ("operators: {nmae: redact}", "is not one of name"),
        ("operators: {name: redcat}", 'did you mean "redact"?'),
        ("operators: {text: redact}", "said with `text`"),
        ("operators: {secret: keep}", "secrets are always removed"),
        ("operators: {id: drop}", "stays a valid id"),
        ("operators: {name: generalise}", "generalise is for"),
        ("operators: {name: replace}", "needs a text"),
        ("operators: {name: {do: redact, with: x}}", "only `replace`"),
        ("fields: [{path: a..b, do: keep}]", "between full stops"),
        ("fields: [{path: a}]", "`as`"),
        ("fields: [{path: a, do: date-shift}]", "needs `as`"),
        ("fields: [{path: a, as: name, do: generalise}]", "generalise is for"),
        ("fields: [{path: a, ass: name}]", 'unknown key "ass"; did you mean "as"?'),
        ("text: shown", "is not one of"),
        ("patterns: [{kind: mrn, pattern: 'a*'}]", "empty string"),
        ("patterns: [{kind: mrn, pattern: '(?=a)'}]", "RE2"),
        ("patterns: [{kind: text, pattern: 'a'}]", "not text"),
        ("operators: {mrn: keep}", "has a rank from 10 to 19"),
        ("fields: [{path: '**.note', do: keep}]", "has a rank from 1 to 9"),
    ],
)
def test_a_fault_of_a_profile_names_its_place(profile: str, fault: str) -> None:
    found = faults(f"{{a: {{extends: safe-harbor, rank: 41, {profile}}}}}")

    assert len(found) == 1
    assert found[0].startswith("profiles.a")
    assert fault in found[0]


def test_the_line_of_a_fault_is_its_own() -> None:
    with pytest.raises(ManifestInvalid) as caught:
        parse(f"{HEAD}\nprofiles:\n  a:\n    rank: 41\n    fields:\n      - {{path: a}}\n".encode())

    (fault,) = caught.value.faults
    assert fault.position.line == HEAD.count("\n") + 6
    assert fault.path == "profiles.a.fields[0]"


def test_a_profile_has_what_it_extends_and_its_own_before_it() -> None:
    made = compiled(
        "{b: {extends: limited-data-set, rank: 20, text: structure, scope: tenant,"
        " operators: {name: {do: replace, with: Jane}, mrn: hash},"
        " fields: [{path: x, as: ssn}], patterns: [{kind: mrn, pattern: 'B[0-9]'}]},"
        " a: {extends: b, rank: 21, operators: {mrn: redact}, fields: [{path: y, do: drop}]}}"
    )

    assert made.operators[Kind.NAME] is Operator.REPLACE
    assert made.operators[Kind.MRN] is Operator.REDACT
    assert made.operators[Kind.TEXT] is Operator.STRUCTURE
    assert made.replacements == {Kind.NAME: "Jane"}
    assert [(rule.path.text, rule.level) for rule in made.rules.all] == [("y", 0), ("x", 1)]
    assert (made.text, made.scope) == (TextUse.STRUCTURE, Scope.TENANT)
    assert len(made.patterns) == 1


def test_a_profile_on_nothing_still_removes_secrets_and_withholds_text() -> None:
    made = compiled("{a: {extends: none, rank: 5}}")

    assert made.operators[Kind.SECRET] is Operator.REDACT
    assert made.operators[Kind.TEXT] is Operator.REDACT
    assert made.keeps(Kind.NAME)


@pytest.mark.parametrize(
    "changed",
    [
        "rank: 21",
        "operators: {name: drop}",
        "fields: [{path: a, do: drop}]",
        "text: drop",
        "patterns: [{kind: mrn, pattern: 'a'}]",
        "scope: tenant",
    ],
)
def test_the_digest_is_of_all_that_is_defined(changed: str) -> None:
    plain = compiled("{a: {extends: limited-data-set, rank: 20}}")
    key = changed.split(":", maxsplit=1)[0]
    other = "rank: 20, " if key != "rank" else ""

    assert plain.digest.startswith("sha256:")
    assert (
        compiled(f"{{a: {{extends: limited-data-set, {other}{changed}}}}}").digest != plain.digest
    )
    assert compiled("{a: {rank: 20, extends: limited-data-set}}").digest == plain.digest


@pytest.mark.parametrize("word", ["mrn: tokenise", "mrn: hash"])
def test_codes_on_safe_harbor_come_with_a_warning_and_its_citation(word: str) -> None:
    manifest = parse(_with(f"{{a: {{extends: safe-harbor, rank: 35, operators: {{{word}}}}}}}"))
    found = [
        item for item in lint(manifest, compile_manifest(manifest)) if item.id == "derived-codes"
    ]

    assert len(found) == 1
    assert "164.514(c)" in found[0].message
    assert found[0].line == manifest.line("profiles", "a")


def test_date_shifts_on_safe_harbor_too_and_tokens_elsewhere_not() -> None:
    shifting = "{a: {extends: safe-harbor, rank: 25, operators: {date: date-shift}}}"
    tokens = "{a: {extends: pseudonymous, rank: 35, operators: {zip: redact}}}"

    for profiles, expected in ((shifting, 1), (tokens, 0)):
        manifest = parse(_with(profiles))
        ids = [item.id for item in lint(manifest, compile_manifest(manifest))]
        assert ids.count("derived-codes") == expected


def test_a_pattern_of_a_kind_that_is_kept_has_no_effect() -> None:
    profiles = "{a: {extends: limited-data-set, rank: 20, patterns: [{kind: city, pattern: 'x'}]}}"
    manifest = parse(_with(profiles))

    assert "pattern-without-effect" in [
        item.id for item in lint(manifest, compile_manifest(manifest))
    ]


def test_inherited_patterns_count_too() -> None:
    many = ", ".join("{kind: mrn, pattern: 'x[0-9]'}" for _ in range(30))
    own = f"{{extends: limited-data-set, rank: 20, patterns: [{many}]}}"
    found = faults(f"{{b: {own}, a: {{extends: b, rank: 20, patterns: [{many}]}}}}")

    assert len(found) == 1
    assert "at most 50 patterns" in found[0]
