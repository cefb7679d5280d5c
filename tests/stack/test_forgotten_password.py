"""E2: a customer of the main site, who has no password, asks for one by the page and has a JWT, on the running panel.

The mail is the file that the demo's workers write.
"""

import email
import email.policy
import re
from typing import Any

import requests

from tests.simulated import wait_for

NEW = "a winding password of hers"


def submit(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """As a browser does: the page is opened, and its form sent."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(url, timeout=100).text)
    assert token
    form = {"csrfmiddlewaretoken": token[1]} | fields
    return browser.post(url, data=form, headers={"Referer": url}, timeout=100)


def mails_to(panel: Any, address: str) -> list[Any]:
    files = sorted((panel.run.folder / "mail").glob("*.eml"))
    read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    return [message for message in read if message["To"] == address]


def log_in(panel: Any, password: str) -> requests.Response:
    body = {"email": "dora@example.com", "password": password}
    return requests.post(f"{panel.url}/api/auth/login", json=body, timeout=100)


def test_forgotten_password_of_a_customer_of_the_main_site_ends_in_a_jwt(panel: Any) -> None:
    """E2."""
    dora = {"external_id": "dora-17", "username": "dora", "email": "dora@example.com"}
    key = {"X-API-Key": panel.demo["api_key"]}
    made = requests.post(
        f"{panel.url}/api/users/sync", json={"action": "create", "user": dora}, headers=key, timeout=100
    )
    assert made.status_code == 201
    assert log_in(panel, NEW).status_code == 401
    browser = requests.Session()
    sent = submit(browser, f"{panel.url}/password/forgot/", login="Dora")
    assert sent.url == f"{panel.url}/password/forgot/sent/"
    mail = wait_for(lambda: mails_to(panel, "dora@example.com"))[0]
    text = mail.get_body(("plain",))
    assert text
    (link,) = re.findall(rf"^{re.escape(panel.url)}/password/reset/\S+$", text.get_content(), re.MULTILINE)
    done = submit(browser, link, new_password1=NEW, new_password2=NEW)
    assert done.url == f"{panel.url}/login/"
    answer = log_in(panel, NEW)
    assert answer.status_code == 200
    token = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert requests.get(f"{panel.url}/api/vps", headers=token, timeout=100).json()["vps"] == []
    assert browser.get(link, timeout=100).status_code == 410
    assert wait_for(lambda: len(mails_to(panel, "dora@example.com")) == 2), "she is told that it was set"
    logs = panel.run.printed + "".join(log.read_text() for log in panel.run.folder.rglob("*.log"))
    assert "/password/reset/…" in logs
    assert link.split("/")[-2] not in logs
