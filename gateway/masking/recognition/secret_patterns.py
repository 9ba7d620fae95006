"""Secrets in text: keys, signatures, tokens. In force in every profile that masks at all.

Signatures of identifiable Azure keys are those that Microsoft publishes for its own scanners
(github.com/microsoft/security-utilities); the patterns here are ours.
"""

from gateway.masking.kinds import Kind
from gateway.masking.recognition import checks
from gateway.masking.recognition.recogniser import MAX_LINE, Recogniser

# Fixed characters that Azure puts into its generated keys, so that scanners find them.
_SIGNATURES = (
    r"\+ASt|\+ABa|\+AMC|\+AEh|\+ASb|\+ARm|\+ACR|AIoT|ACDb|APIM|AZEG|AzFu|AzSe|AzCa|JQQJ9[9DH]"
)
_ASSIGNED = (
    r"(?:account|shared[_ ]?access|primary|secondary|storage|api|function|host|master|private"
    r"|subscription|encryption|signing|client)[_ -]?key"
    r"|shared[_ ]?access[_ ]?signature|(?:client|shared|app|application)[_ -]?secret"
    r"|(?:access|refresh|bearer|auth|id)[_ -]?token|pass(?:word|wd|phrase)|pwd|x-functions-key"
)
SECRETS: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.SECRET,
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,-]*",
    ),
    Recogniser(
        Kind.SECRET, r"\bey[A-Za-z0-9_=-]{8,}\.[A-Za-z0-9_=-]{8,}(?:\.[A-Za-z0-9_=-]*){1,3}"
    ),
    Recogniser(
        Kind.SECRET,
        rf"(?i:\b(?:{_ASSIGNED}))[\"']?[ \t]{{0,4}}[=:][ \t]{{0,4}}[\"']?"
        r"(?P<secret>[^\s\"';,&<>\[\]\x00]{4,1000})",
    ),
    Recogniser(
        Kind.SECRET, r"(?i:\b(?:sig|code|dsas_secret)=)(?P<secret>[A-Za-z0-9%+/=_-]{20,200})"
    ),
    Recogniser(
        Kind.SECRET,
        r"(?i:\b(?:bearer|basic|sharedkey [a-z0-9]{3,24}:))[ ]?(?P<secret>[A-Za-z0-9._~+/=-]{20,})",
    ),
    Recogniser(Kind.SECRET, r"[A-Za-z0-9+/]{86}==", needle="==", lead="[A-Za-z0-9+/]{86}"),
    Recogniser(
        Kind.SECRET,
        rf"[A-Za-z0-9+/_-]{{20,90}}(?:{_SIGNATURES})[A-Za-z0-9+/_-]{{4,60}}={{0,2}}",
        needle=_SIGNATURES,
        lead="[A-Za-z0-9+/_-]{20,90}",
    ),
    Recogniser(
        Kind.SECRET,
        r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}",
        needle="Q~",
        lead="[A-Za-z0-9_~.-]{4}",
    ),
    Recogniser(
        Kind.SECRET,
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'\x00]{1,200}:(?P<secret>[^\s/@\"'\x00]{1,200})@",
        needle="://",
        lead="[a-z0-9+.-]{2,21}",
    ),
    Recogniser(
        Kind.SECRET,
        r"(?:\b|_)(?P<secret>gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}"
        r"|npm_[A-Za-z0-9]{36}|(?i:oy2[a-z2-7]{43})|AKIA[0-9A-Z]{16}"
        r"|xox[abprs]-[A-Za-z0-9-]{20,}|sk-[A-Za-z0-9_-]{32,})",
    ),
    Recogniser(Kind.SECRET, r"dapi[0-9a-f-]{32,34}"),
    # A JSON web token whose header is not the usual one, and a PKCS #12 bundle in base64.
    Recogniser(
        Kind.SECRET,
        r"\be[A-Za-z0-9_=-]{23,}\.e[A-Za-z0-9_=-]{23,}\.[A-Za-z0-9_=-]{24,}",
        needle=r"\.e",
        lead=f"[A-Za-z0-9_=-]{{24,{MAX_LINE}}}",
    ),
    Recogniser(Kind.SECRET, r"MI[I-L][0-9A-Za-z/+]{2}[AQgw]IBAzCC[A-Za-z0-9+/=]*"),
    Recogniser(
        Kind.SECRET,
        r"(?i:\bauthorization[\"']?[ \t]{0,4}[:=](?: |%20|\+|[\"']){0,4}(?:bearer|basic|token))"
        r"(?: |%20|\+)(?P<secret>[^\s\"',;<>\x00]+)",
    ),
    Recogniser(
        Kind.SECRET,
        r"\b[A-Za-z0-9+/]{43}=",
        checks.mixed,
        needle="=",
        lead="[A-Za-z0-9+/]{43}",
    ),
    Recogniser(Kind.SECRET, r"\b[a-z2-7]{52}\b", checks.varied),
)
