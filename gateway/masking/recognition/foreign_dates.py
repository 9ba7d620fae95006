"""Dates with the names of months in other languages, to years.

German, Spanish, French, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Polish, Czech and
Russian, in the forms that dates have them in; years, months and days with the signs of Chinese,
Japanese and Korean.
"""

from gateway.masking.kinds import Kind
from gateway.masking.recognition.recogniser import Recogniser

_NAMES = """
    januar jänner februar feber märz maerz mai juni juli august september oktober november dezember
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre
    diciembre janvier février fevrier mars avril juin juillet août aout septembre octobre novembre
    décembre decembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março marco maio junho julho setembro outubro novembro dezembro januari
    februari maart april mei augustus december maj augusti marts desember stycznia lutego marca
    kwietnia maja czerwca lipca sierpnia września wrzesnia października pazdziernika listopada
    grudnia ledna února března dubna května června července srpna září října prosince января
    февраля марта апреля мая июня июля августа сентября октября ноября декабря
""".split()
_SHORT = (
    "janv févr mär avr juil déc ene abr ago dic gen mag giu lug set ott okt dez fev out".split()
)


def _either(word: str) -> str:
    """A word in small or capital letters; the flag for that knows letters of ASCII alone."""
    letters = (
        char if char.isascii() else f"(?:{_bytes(char)}|{_bytes(char.upper())})" for char in word
    )
    return "".join(letters) + (r"\b" if word[-1].isascii() else "")


def _bytes(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


_LONG = "|".join(map(_either, sorted(set(_NAMES), key=lambda name: (-len(name), name))))
_ABBREVIATED = "|".join(map(_either, _SHORT))
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:\.|er|\xc2\xba|:e)?"
_YEAR = r"(?:1[89][0-9]{2}|20[0-9]{2})"
_OF = r"(?: (?:de|del|do|di|of)| d[eu'])?"
FOREIGN: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.DATE, rf"\b{_DAY}{_OF}[ -]?(?i:{_LONG})(?:,?{_OF}[ -]?(?:{_YEAR}|'[0-9]{{2}})\b)?"
    ),
    # Some abbreviations are words elsewhere: `2 out of 3`.
    Recogniser(Kind.DATE, rf"\b{_DAY}{_OF}[ -]?(?i:{_ABBREVIATED})\.?,?{_OF}[ -]?{_YEAR}\b"),
    Recogniser(Kind.DATE, rf"\b(?i:{_LONG}),?{_OF} {_YEAR}\b"),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:im|en|em|nel|seit|ab|bis|desde|hasta|depuis|dal|sinds|sedan|anfang|ende|mitte)) "
        rf"(?P<date>(?i:{_LONG}))",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b{_YEAR} ?\xe5\xb9\xb4 ?[0-9]{{1,2}} ?\xe6\x9c\x88(?: ?[0-9]{{1,2}} ?\xe6\x97\xa5)?",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b{_YEAR} ?\xeb\x85\x84 ?[0-9]{{1,2}} ?\xec\x9b\x94(?: ?[0-9]{{1,2}} ?\xec\x9d\xbc)?",
    ),
)
