from gateway.masking.codecs.json_codec import Node
from gateway.masking.kinds import Kind
from gateway.masking.learning import learn
from gateway.masking.recognition.known import Known


def text(node: Node, words: str) -> str:
    known = Known()
    learn(node, known)
    return known.mask(words.encode(), lambda kind, _: f"[{kind}]".encode()).decode()


def test_fields_of_people_are_learned() -> None:
    node: Node = {
        "name": [{"family": "Doe", "given": ["Jane"]}],
        "telecom": [{"value": "617-555-0100"}],
        "identifier": [{"value": "A-4711"}],
        "address": [{"line": ["1 Main St"], "city": "Boston"}],
        "subject": {"reference": "Patient/1", "display": "Roe"},
        "participant": {"display": "Somebody"},
        "asserterString": "Moe",
        "specimen": {"display": "Nobody"},
        "managingOrganization": {"display": "Nobody", "reference": "Organization/1"},
        "coding": [{"code": "1", "display": "Nobody"}],
        "lastName": "Poe",
        "count": 3,
    }
    words = "Doe Poe 617-555-0100 A-4711 1 Main St Boston"

    assert text(node, words) == "[name] [phone] [mrn] [address] [city]"
    assert text(node, "Roe, Somebody, Moe") == "[name]"
    assert text(node, "Nobody") == "Nobody"


def test_organisations_and_long_texts_are_not() -> None:
    node: Node = {"name": "General Hospital", "lastName": "word " * 100, "status": "Doe"}

    assert text(node, "General word Doe") == "General word Doe"


def test_learned_kinds_are_those_of_their_fields() -> None:
    known = Known()
    learn({"email": "jane@example.com"}, known)

    assert (
        known.mask(b"jane@example.com", lambda kind, _: kind.value.encode()) == Kind.EMAIL.encode()
    )
