"""Single sign-on in tests: the service set up with its domain proven, a browser sent there and back."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import requests
from django.utils import timezone

from harness import sign_in_service
from harness.browsers import browser
from identity import models, queries, single_sign_on, single_sign_on_domains
from identity import single_sign_on_protocol as protocol
from tenancy import context
from tenancy import models as tenancy_models

BOSS = "staff@alder.test"
WRONG = 403


def facts(service, **changes) -> single_sign_on.Facts:
    given = single_sign_on.Facts(
        issuer=service.issuer,
        client_id=sign_in_service.CLIENT,
        title="Acme Login",
        domains=("alder.test",),
        enabled=True,
    )
    return replace(given, **changes)


def set_up(service, **changes) -> models.SingleSignOn:
    given = facts(service, **changes)
    prove(service, *given.domains)
    return single_sign_on.save(
        facts=given,
        client_secret=sign_in_service.SECRET,
        description=protocol.describe(issuer=service.issuer),
        by=queries.user_by_email(email="staff@alder.test"),
        at=timezone.now(),
    )


def away(client, path: str = "/accounts/sso/start/") -> str:
    """Leave for the service; return where it sends the browser back to, as path and query."""
    answer = client.get(path)
    assert answer.status_code == 302, answer.content.decode()
    back = requests.get(answer["Location"], allow_redirects=False, timeout=5)
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


def through(client=None, path: str = "/accounts/sso/start/"):
    """Go there and come back; return browser and answer."""
    client = client or browser()
    return client, client.get(away(client, path))


def confirming(client, asked) -> str:
    """Return where the button of the page leads that asks once more who is there."""
    page = client.get(asked["Location"]).content.decode()
    found = re.search(r'href="(/accounts/sso/again/go/[^"]*)"', page)
    assert found is not None, page
    return found[1].replace("&amp;", "&")


def refused(answer) -> str:
    assert answer.status_code == WRONG
    return answer.content.decode()


def prove(service, *domains: str) -> None:
    """Set the records of the mail domains and have them looked at."""
    known = {each.domain for each in single_sign_on_domains.listed()}
    single_sign_on_domains.keep(domains=known | set(domains), at=timezone.now())
    for each in single_sign_on_domains.listed():
        if each.domain in domains:
            kind, name, value = single_sign_on_domains.record(found=each)
            service.names.records[name, kind] = [f'"{value}"']
            single_sign_on_domains.check(domain_id=each.pk, at=timezone.now())


def limit(features=("sso",), **limits) -> None:
    """Put the present company on a plan."""
    retailer = context.current_retailer()
    standing = {"state": "active", "features": list(features), "limits": limits}
    with context.use_public():
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).update(standing=standing)
    retailer.standing = standing
