import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli.operation import operation

app = typer.Typer()
app.command()(operation)

HOST = "https://clinic.blob.core.windows.net"


def _run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def _one(*arguments: str) -> dict[str, Any]:
    result = _run(*arguments)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def _code(*arguments: str) -> str:
    result = _run(*arguments)
    assert result.exit_code == 1, result.output
    assert set(json.loads(result.stdout)) == {"error"}
    code: str = json.loads(result.stdout)["error"]["code"]
    return code


def test_one_request_is_answered_with_one_object() -> None:
    answer = _one("GET", f"{HOST}/phi/a.json?snapshot=2024-05-06T07:08:09Z")
    facts = answer.pop("facts")
    assert facts["container"] == "phi"
    assert answer == {
        "kind": "blob",
        "operation": "Get Blob",
        "effect": "read",
        "accesses": [
            {
                "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "dataAction": True,
                "resource": "clinic/phi/a.json",
                "effect": "read",
                "version": "2024-05-06T07:08:09Z",
            }
        ],
        "shape": "content",
        "refused": "",
    }


def test_the_answer_is_indented_unless_one_line_is_asked_for() -> None:
    assert _run("GET", f"{HOST}/phi/a").stdout.count("\n") > 10
    assert _run("GET", f"{HOST}/phi/a", "--json").stdout.count("\n") == 1


def test_headers_and_a_body_count(tmp_path: Path) -> None:
    body = tmp_path / "acl.xml"
    body.write_text("<SignedIdentifiers><SignedIdentifier/></SignedIdentifiers>")
    answer = _one(
        "put",
        f"{HOST}/phi?restype=container&comp=acl",
        "--kind",
        "blob",
        "--header",
        "X-MS-Blob-Public-Access: container",
        "--header",
        "x-ms-version:2024-11-04",
        "--body",
        str(body),
    )
    assert answer["operation"] == "Set Container ACL"
    assert answer["facts"]["public_access"] == "container"
    assert answer["facts"]["stored_access_policies"] == 1


def test_a_copy_source_of_the_same_account_is_its_resource_and_others_are_foreign() -> None:
    def source(url: str) -> str:
        answer = _one("PUT", f"{HOST}/public/b", "--header", f"x-ms-copy-source: {url}")
        resource: str = answer["accesses"][-1]["resource"]
        return resource

    assert source(f"{HOST}/phi/a.json") == "clinic/phi/a.json"
    assert source("https://evil.example/phi/a.json") == "//evil.example/phi/a.json"
    path_style = _one(
        "PUT",
        "http://127.0.0.1:10000/devstoreaccount1/public/b",
        "--header",
        "x-ms-copy-source: http://127.0.0.1:10000/devstoreaccount1/phi/a",
    )
    assert path_style["accesses"][-1]["resource"] == "devstoreaccount1/phi/a"


@pytest.mark.parametrize(
    ("url", "resource"),
    [
        (f"{HOST}?comp=list", "clinic"),
        (f"{HOST}:443/?comp=list", "clinic"),
        ("https://CLINIC.blob.core.windows.net/?comp=list", "clinic"),
        ("http://127.0.0.1:10000/dev?comp=list", "dev"),
        ("http://127.0.0.1:10000/dev/?comp=list", "dev"),
        ("http://localhost/dev/?comp=list", "dev"),
        ("https://[::1]:10000/dev/?comp=list", "dev"),
    ],
)
def test_the_account_stands_in_the_host_or_in_the_path(url: str, resource: str) -> None:
    assert _one("GET", url)["accesses"][0]["resource"] == resource


@pytest.mark.parametrize(
    "url",
    [
        "clinic/phi",
        "ftp://clinic/phi",
        "https://user@clinic.example/phi",
        f"{HOST}/phi/a#x",
        f"{HOST}/phi/a b\n",
        f"{HOST}/phi/ä",
        f"{HOST}:0/phi",
        f"{HOST}:99999/phi",
        "http://127.0.0.1:10000/",
        "http://127.0.0.1:10000",
        "https://.blob.core.windows.net/phi",
    ],
)
def test_a_url_that_is_none_is_an_error_with_a_code(url: str) -> None:
    assert _code("GET", url) == "TargetInvalid"


def test_an_unknown_operation_is_an_error_with_a_code() -> None:
    assert _code("PATCH", f"{HOST}/phi/a") == "OperationUnknown"


@pytest.mark.parametrize("header", ["x-ms-version", "a b: c", ": c", "a: b\nc: d"])
def test_a_header_that_is_none_is_an_error(header: str) -> None:
    assert _code("GET", f"{HOST}/phi/a", "--header", header) == "RequestInvalid"


def test_what_is_refused_is_still_classified() -> None:
    answer = _one("POST", f"{HOST}/?comp=batch")
    assert "not carried out" in answer["refused"]


@pytest.mark.parametrize("arguments", [("GET",), ("-", "", "--header", "a: b")])
def test_half_a_request_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert _run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_many_requests_are_answered_line_by_line(arguments: tuple[str, ...]) -> None:
    put = {
        "id": 1,
        "method": "PUT",
        "url": f"{HOST}/phi/a",
        "headers": {"x-ms-blob-type": "BlockBlob", "x-ms-tags": ["a=b"]},
        "body": "ä",
    }
    get = {"method": "GET", "url": f"{HOST}/phi/a", "headers": None, "body": None}
    result = _run(*arguments, stdin=f"{json.dumps(put)}\n\n{json.dumps(get)}")
    first, second = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert (first["operation"], first["facts"]["size"]) == ("Put Blob", 2)
    assert second["operation"] == "Get Blob"


def test_one_bad_line_does_not_keep_the_others_from_an_answer() -> None:
    good = json.dumps({"method": "GET", "url": f"{HOST}/phi/a", "headers": {}})
    bad = [
        "{",
        "[]",
        '{"method": "GET"}',
        '{"method": 1, "url": "x"}',
        json.dumps({"method": "GET", "url": HOST, "body": {"a": 1}}),
        json.dumps({"method": "GET", "url": HOST, "headers": ["a"]}),
        json.dumps({"method": "GET", "url": HOST, "headers": {"a": 1}}),
        json.dumps({"method": "GET", "url": f"{HOST}/phi/a?x=1"}),
    ]
    result = _run(stdin="\n".join([*bad, good]))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        *["RequestInvalid"] * 7,
        "OperationUnknown",
        None,
    ]
    assert all(set(answer["error"]) == {"code", "message"} for answer in answers[:-1])
