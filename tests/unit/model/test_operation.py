import pytest

from gateway.model.operation import Effect, Operation, Resource, Shape


def test_an_operation_that_touches_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Operation("blob", "Nothing", Effect.READ, (), Shape.NONE)


def test_resources_are_named_as_rules_name_them() -> None:
    assert str(Resource("clinic", "clinicdata", ("phi", "a/b.json"))) == "clinic/phi/a/b.json"
    assert str(Resource("", "evil.example", ("c", "b"))) == "//evil.example/c/b"
