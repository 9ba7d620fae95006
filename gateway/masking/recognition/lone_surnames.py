"""Surnames that stand by themselves: `Castellane extubated`, `assigned to Castellane,`.

Notes of a ward name people so. A surname of the lists is hardly anything else in clinical text than
a person or an eponym; so what names tests, scores, operations and products is left, by list and by
the words around, and so are surnames that are words, given names or towns.
"""

import re
from functools import lru_cache

from gateway.masking.recognition.name_context import ROLES
from gateway.masking.recognition.name_lists import surnames, towns
from gateway.masking.recognition.person_words import (
    AMBIGUOUS_GIVEN,
    EPONYM_NOUNS,
    EPONYMS,
    INSTITUTIONS,
    WEAK_SURNAMES,
)
from gateway.masking.recognition.place_words import COUNTRIES, FACILITIES, STATES
from gateway.masking.recognition.surname_forms import formed
from gateway.masking.recognition.words import MAX_WRITTEN, Word

_LEAST = 5
# Eponyms and makers that are named without a noun behind them.
_THINGS = frozenset(
    """
    abbott adams albright aldrich allyn alvarado anderson arthrex ashworth baird bateman bauer
    baxter bazett becton beighton benedict bennett bloom blumer bosworth brandt braun brewer brooke
    bunnell burch burow caldwell carpentier chamberlain charnley chopart cobb cochran collip cooley
    cooper cotton crane crosby daroff davenport denver diamond donovan duffy dunphy durand durie
    eagle edwards elsberg epworth evans fagan fairbank farnsworth fenton ferriman finkelstein
    fordyce foster fothergill freiberg friedewald froment frykman gallwey gerdy giemsa gilford
    goldenhar gomez gorham graham greenfield griffith gross gustilo harrington harris harrison
    hartnup hawkins hegar heller henderson henle henry hesselbach hibbs hickman hollister holmes
    holter hopkins hughes hutchinson ishak ivor jackson jacobs jobe johnson jolivette jones joubert
    kanavel katz kayser keith kelly kendall kennedy killian kirschner klein knapp krause krukenberg
    lafora lambert landau lange langer larsen lawton lefort lemierre lesser levin lewis lilly
    lindsay lister lloyd lowe luschka mackenzie maddox marcus marshall martin mathews mayer
    mcconnell mcgregor mcroberts meigs mendelson merck meyer michaelis mikulicz miller mirizzi
    mitchell mohs monson montgomery moore morel morris morrison murray nash nelson neuman newton
    norton oakley osborne owen palmer parkland parks parsons paterson patrick pearson penrose
    petersen pfeiffer pfizer philips phillips pinard plaut poland pringle proctor rahe rapoport
    raymond reese regan richter roberts robertson robson roche rogers russell rutherford sachs
    sanders schafer schmidt schuller scott seldin selye shepherd siemens singh smith sorensen
    spencer stein steinmann stephens stewart stryker stuart taylor terry thomas thompson thorn
    thornton thurner todd towne trotter truelove vaughan venturi vincent vogt volkmann wallace
    walker walsh warren warthin watson weaver webb welch wharton williams wilson winter wolfe
    wright yates youden zimmer zung
    """.split()
)
_FOLLOWS = re.compile(
    r"[.,;:)\n]|\Z| \(| (?:[a-z]{2,12}(?:ed|ing)|is|was|has|had|to|with|w/|who|and|s/p|c/o|on|at"
    r"|NPO|in|from|for|will|would|can|went|came|says|wants|needs|still|now|today|overnight|also|aware"
    r"|not|no|re|about|if|that|when)\b"
)
# Before these stands a thing, or one of several.
_THE = frozenset(
    """the a an positive negative modified classic using use used like than versus vs or via type
    called brand take taking tablet placed with""".split()
)


def alone(text: str, word: Word, lead: str) -> bool:
    """Whether a surname by itself is somebody.

    Args:
        text: where it stands.
        word: the word.
        lead: the word before it.
    """
    if word.capitals or word.possessive or lead in _THE or not _is_sure(word.low):
        return False
    return _FOLLOWS.match(text, word.stop) is not None


@lru_cache(maxsize=MAX_WRITTEN)
def _is_sure(low: str) -> bool:
    """A surname of five letters or more that is nothing else."""
    if len(low) < _LEAST or (low not in surnames() and not formed(low)):
        return False
    return not any(low in others for others in _OTHERS) and low not in towns()


_OTHERS = (
    _THINGS, EPONYMS, EPONYM_NOUNS, WEAK_SURNAMES, INSTITUTIONS, AMBIGUOUS_GIVEN, ROLES, STATES,
    COUNTRIES, FACILITIES,
)  # fmt: skip
