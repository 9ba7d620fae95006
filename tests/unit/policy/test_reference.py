import json
from pathlib import Path

import jsonschema
import yaml

from gateway.policy.facts import COMMON, EXTRA
from gateway.policy.profiles import BUILT_IN
from gateway.policy.reference import json_schema, markdown
from gateway.policy.scalars import Part

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_is_in_step_with_the_schema() -> None:
    page = (ROOT / "docs" / "manifest.md").read_text("utf-8")

    assert page == markdown(), "run `chaperone manifest schema --markdown > docs/manifest.md`"


def test_the_page_has_every_key_fact_and_profile() -> None:
    page = markdown()

    for model in Part.__subclasses__():
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}` |" in page
    for name in (*COMMON, *EXTRA, *BUILT_IN):
        assert f"| `{name}` |" in page


def test_the_schema_accepts_the_example_and_refuses_unknown_keys() -> None:
    schema = json_schema()
    example = yaml.safe_load((ROOT / "examples" / "manifest.yaml").read_text("utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(example, schema)
    wrong = jsonschema.Draft202012Validator(schema).iter_errors({**example, "agnets": {}})
    assert [error.validator for error in wrong] == ["additionalProperties"]


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(json_schema()))["title"] == "Document"
