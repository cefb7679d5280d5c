"""The main site gets what happens, on the whole running stack: an endpoint made in the admin, and a customer's click."""

import re
from typing import Any

import requests

from tests.simulated import wait_for
from tests.vps.services.webhooks.receiver import receiving


class Staff:
    """Carol in the admin, without a browser."""

    def __init__(self, panel: Any) -> None:
        self.url, self.session = panel.url, requests.Session()
        self.session.headers["Accept-Language"] = "en"
        user = panel.user("carol")
        self.post("/login/", "/login/", username="carol", password=user["password"])

    def post(self, page: str, path: str, **form: Any) -> requests.Response:
        """As the form on this page is sent."""
        shown = self.session.get(self.url + page).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)
        assert token
        headers = {"Referer": self.url + page}
        return self.session.post(self.url + path, data=form | {"csrfmiddlewaretoken": token[1]}, headers=headers)


def test_webhook_delivery_brings_a_reboot_in_order_to_an_endpoint_added_in_the_admin(panel: Any) -> None:
    token, add = panel.token("alice"), "/admin/vps/webhookendpoint/add/"
    with receiving() as receiver:
        shown = Staff(panel).post(add, add, name="main site", url=receiver.url)
        (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", shown.text)

        def asked() -> bool:
            return requests.post(f"{panel.url}/api/vps/1/reboot", headers=token).status_code == 202

        wait_for(asked, 20, "a reboot that is accepted")
        wait_for(lambda: "operation.succeeded" in receiver.types_of(1), 40, "the end of the reboot at the main site")
        types = [type for type in receiver.types_of(1) if type.startswith("operation.")]
        assert types == ["operation.queued", "operation.succeeded"]
        events = [got.verified_by(secret)["data"] for got in receiver.got]
    assert [event["id"] for event in events if event["vps_id"] == 1] == sorted(
        event["id"] for event in events if event["vps_id"] == 1
    )
    assert {event["vps"]["name"] for event in events if event["vps_id"] == 1} == {"shop"}
