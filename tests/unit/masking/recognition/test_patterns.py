"""Numbers and addresses in text by what stands before them, and what only looks like them."""

import pytest

from gateway.masking.kinds import Kind
from gateway.masking.recognition.scan import scanner


def found(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    spans = list(scanner(identifiers=True).spans(data))
    assert spans == list(scanner(identifiers=True, with_re2=False).spans(data))
    return [(kind.value, data[start:end].decode()) for start, end, kind in spans]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("pager 02814 now", Kind.PHONE, "02814"),
        ("office, ext. 1753", Kind.PHONE, "1753"),
        ("callback 234-5011", Kind.PHONE, "234-5011"),
        ("work 512-390-2124, ext 6240", Kind.PHONE, "512-390-2124, ext 6240"),
        ("username quorra317", Kind.ID, "quorra317"),
        ("follow @quorra-88 there", Kind.ID, "@quorra-88"),
        ("encounter E-01843882", Kind.ID, "E-01843882"),
        ("Ward list #80641956", Kind.ID, "80641956"),
        ("HRN 53028179", Kind.MRN, "53028179"),
        ("MR 162718-NV", Kind.MRN, "162718-NV"),
        ("insured under XW-1812391", Kind.PLAN, "XW-1812391"),
        ("see linktr.ee/quorra", Kind.URL, "linktr.ee/quorra"),
        ("lives at HC 62 Box 510", Kind.ADDRESS, "HC 62 Box 510"),
        ("mail to Post Office Box 159", Kind.ADDRESS, "Post Office Box 159"),
        ("at Unit 48393, APO AP 96267", Kind.ADDRESS, "Unit 48393, APO AP 96267"),
        ("address: 4737 FM 2616", Kind.ADDRESS, "4737 FM 2616"),
        ("address 12 Old Elm Court Apt 12", Kind.ADDRESS, "12 Old Elm Court Apt 12"),
        ("living at 55 Quay Ct. #70.", Kind.ADDRESS, "55 Quay Ct. #70"),
        ("pt K.M. came", Kind.NAME, "K.M."),
        ("one (KM, MRN pending)", Kind.NAME, "KM"),
        ("Tell Quorra to hold it", Kind.NAME, "Quorra"),
        ("lives in fresno now", Kind.CITY, "fresno"),
        ("booking no. 2024-331187", Kind.ID, "2024-331187"),
        ("wristband reads 00417762", Kind.ID, "00417762"),
        ("a farm near Overbrooke MN", Kind.CITY, "Overbrooke MN"),
        ("fell near Quorra Pkwy again", Kind.ADDRESS, "Quorra Pkwy"),
        ("lives at 77 quorra ct now", Kind.ADDRESS, "77 quorra ct"),
        ("home address is 9 w 7th st", Kind.ADDRESS, "9 w 7th st"),
        ("MR 07-45-81-03", Kind.MRN, "07-45-81-03"),
        ("ID TX 4410982", Kind.LICENCE, "4410982"),
        ("badge 6208", Kind.LICENCE, "6208"),
        ("plan code QX3318", Kind.PLAN, "QX3318"),
        ("hospital record 20917734", Kind.ID, "20917734"),
        ("Autopsy B23-0417", Kind.ID, "B23-0417"),
    ],
)
def test_what_is_found(text: str, kind: Kind, value: str) -> None:
    assert found(text) == [(kind.value, value)]


@pytest.mark.parametrize(
    "text",
    [
        "500-1000 mg, then 250-1500 mg",
        "knee extension 120 degrees",
        "disp #30, 14 gauge, #16 Fr",
        "visit 3, case 12, order 4",
        "no. 4, no. 2021, ratio 0.0012345, at 0400",
        "in Normal TX range, at Baseline MN",
        "record 2019, cytology 2021",
        "discharged home 2 l o2 via nc",
        "Pt I.V. site clean, pt P.O. intake poor",
        "(CT, then MRI)",
        "Ask Cardiology to see him",
        "seen @rest and @bedside",
        "a 5 km walk and/or 2 h rest",
    ],
)
def test_what_is_left(text: str) -> None:
    assert found(text) == []
