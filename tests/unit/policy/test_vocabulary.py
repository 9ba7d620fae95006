from gateway.model.detokenize import ACTION
from gateway.operations.blob import actions
from gateway.operations.fhir import actions as fhir
from gateway.policy.vocabulary import ACTIONS, DISCLOSING


def test_the_vocabulary_is_that_of_operations() -> None:
    produced = {item.action for item in vars(actions).values() if isinstance(item, actions.Grant)}
    produced |= {item.action for item in vars(fhir).values() if isinstance(item, fhir.Grant)}

    assert produced | {ACTION} == ACTIONS
    assert DISCLOSING < ACTIONS
