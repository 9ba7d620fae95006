from itertools import combinations, product

from gateway.operations.blob import headers as h
from gateway.operations.blob.spec import Level, Variant
from gateway.operations.blob.table import OPERATIONS


def test_no_request_has_the_form_of_two_operations() -> None:
    forms = {
        (method, level, spec.restype, spec.comp)
        for spec in OPERATIONS
        for method, level in product(spec.methods, spec.levels)
    }
    deciding = sorted({name for spec in OPERATIONS for name in spec.needs | spec.lacks})
    present = [set(c) for size in range(5) for c in combinations(deciding, size)]
    for method, level, restype, comp in forms:
        same = [
            spec
            for spec in OPERATIONS
            if method in spec.methods
            and level in spec.levels
            and (spec.restype, spec.comp) == (restype, comp)
        ]
        for headers in present:
            fitting = [
                spec.name
                for spec in same
                if spec.needs <= headers
                and not spec.lacks & headers
                and not (headers - spec.headers)
            ]
            assert len(fitting) <= 1, (fitting, headers)


def test_an_operation_takes_the_headers_that_it_needs() -> None:
    for spec in OPERATIONS:
        assert spec.needs <= spec.headers <= h.EFFECTS, spec.name
        assert spec.lacks <= h.EFFECTS - spec.headers, spec.name
        assert spec.required <= spec.parameters, spec.name


def test_every_operation_grants_something_or_has_a_variant_that_does() -> None:
    for spec in OPERATIONS:
        assert spec.grants or spec.variant is Variant.DELETE_BLOB, spec.name


def test_reads_disclose_and_do_not_change() -> None:
    for spec in OPERATIONS:
        if spec.methods <= {"GET", "HEAD"}:
            assert all(grant.effect.value == "read" for grant in spec.grants), spec.name


def test_data_actions_are_those_of_blobs() -> None:
    for spec in OPERATIONS:
        for grant in spec.grants:
            assert grant.data_action is ("/containers/blobs/" in grant.action), spec.name


def test_levels_are_all_covered() -> None:
    assert {level for spec in OPERATIONS for level in spec.levels} == set(Level)
