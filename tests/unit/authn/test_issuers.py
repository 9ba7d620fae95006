import pytest

from gateway.authn.issuers import issuers
from tests.fakes.identity import AUTHORITY, TENANT


def test_each_token_version_has_its_own_issuer() -> None:
    found = issuers(AUTHORITY, TENANT)
    assert found.v1 == f"https://sts.windows.net/{TENANT}/"
    assert found.v2 == f"{AUTHORITY}/{TENANT}/v2.0"


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("https://login.microsoftonline.us", "sts.windows.net"),
        ("https://login.partner.microsoftonline.cn", "sts.chinacloudapi.cn"),
        ("https://login.chinacloudapi.cn/", "sts.chinacloudapi.cn"),
    ],
)
def test_national_clouds_have_their_own_v1_issuer(authority: str, host: str) -> None:
    found = issuers(authority, TENANT)
    assert found.v1 == f"https://{host}/{TENANT}/"
    assert found.v2 == f"{authority.rstrip('/')}/{TENANT}/v2.0"
