"""DICOM's data sets in JSON (PS3.18, Annex F): attributes by their tag and value representation.

`{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}}`. What a representation does not
say, the tag does, after the attributes that PS3.15, Annex E takes out.
"""

import re
from collections.abc import Callable

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.names import BIRTH, UNKNOWN, VOCABULARY, Field
from gateway.masking.kinds import Kind

_TAG = re.compile(r"[0-9A-Fa-f]{8}\Z")
_VR = re.compile(r"[A-Z]{2}\Z")
_STANDARD_UID = re.compile(r"1\.2\.840\.10008\.[0-9.]{1,50}\Z")
_ID = Field(Kind.ID)
_TEXT = Field(Kind.TEXT)
_OTHERS = {"BulkDataURI": Field(Kind.URL)}
_BY_VR: dict[str, Field] = {
    "PN": Field(Kind.NAME),
    "UI": _ID,
    **dict.fromkeys(("DA", "DT"), Field(Kind.DATE)),
    "AS": Field(Kind.AGE),
    "UR": Field(Kind.URL),
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UC", "UT", "UN", "SQ"), UNKNOWN),
}
"""Other representations hold codes, numbers, times of day and references to attributes."""
_BY_TAG: dict[str, Field] = {
    "00100030": BIRTH,
    **dict.fromkeys(
        ("00100020", "00101000", "00101090", "00380010", "00104E01"), Field(Kind.MRN)
    ),
    # Numbers of accessions, studies, steps, requests and orders.
    **dict.fromkeys(
        (
            *("00080050", "00200010", "00400009", "00400253", "00401001", "00402016", "00402017"),
            *("00321064", "00400400", "00380060", "00400035", "00080051", "00100021", "00401008"),
        ),
        _ID,
    ),
    # Institutions, stations and organisations; regions and addresses.
    **dict.fromkeys(("00080080", "00081040", "00102299", "00380300", "00380400"), _BY_VR["PN"]),
    **dict.fromkeys(("00081010", "00181000", "00181002", "00181008"), Field(Kind.DEVICE)),
    "00400241": Field(Kind.DEVICE),
    **dict.fromkeys(("00080081", "00080092", "00101040", "00102152"), Field(Kind.ADDRESS)),
    **dict.fromkeys(("00080094", "00102154", "00102155", "00402010"), Field(Kind.PHONE)),
    "00101050": Field(Kind.PLAN),
    # Codes, what they mean, and the maker and model of a device.
    **dict.fromkeys(
        (
            *("00080100", "00080102", "00080103", "00080104", "00080070", "00081090", "00181020"),
            *("00102160", "00102203", "00120064"),
        ),
        VOCABULARY,
    ),
}  # fmt: skip


def mask_data_set(
    node: dict[str, Node],
    path: str,
    item: Callable[[dict[str, Node], str, Node, Field, str], None],
) -> tuple[tuple[str, ...], int]:
    """Mask the attributes of a data set.

    Args:
        node: an object of JSON, which may be anything.
        path: where it stands.
        item: masks the value of a member by a field.

    Returns:
        The tags that are done, and how many members their attributes have.
    """
    done: list[str] = []
    members = 0
    for tag, attribute in node.items():
        if isinstance(attribute, dict) and is_attribute(tag, attribute):
            done.append(tag)
            members += len(attribute)
            for name, value in list(attribute.items()):
                if name != "vr" and not _is_of_standard(attribute, value):
                    field = (
                        _field(tag, attribute) if name == "Value" else _OTHERS.get(name, UNKNOWN)
                    )
                    item(attribute, name, value, field, f"{path}.*" if path else "*")
    return tuple(done), members


def is_attribute(tag: str, node: Node) -> bool:
    """Whether a member of an object is an attribute: its name is a tag, and no number."""
    vr = node.get("vr") if isinstance(node, dict) and _TAG.match(tag) else None
    return isinstance(vr, str) and _VR.match(vr) is not None


def _is_of_standard(attribute: dict[str, Node], value: Node) -> bool:
    """Whether UIDs are the standard's own: classes, transfer syntaxes; others are somebody's."""
    uids = value if isinstance(value, list) else [value]
    return attribute["vr"] == "UI" and all(
        isinstance(uid, str) and _STANDARD_UID.match(uid) for uid in uids
    )


def _field(tag: str, attribute: dict[str, Node]) -> Field:
    """What the values of an attribute are; those of private ones may be anything."""
    vr, tag = str(attribute["vr"]), tag.upper()
    if vr != "SQ" and tag in _BY_TAG:
        return _BY_TAG[tag]
    field = _BY_VR.get(vr, VOCABULARY)
    is_private = int(tag[3], 16) % 2 == 1
    return _TEXT if is_private and field is UNKNOWN and vr != "SQ" else field
