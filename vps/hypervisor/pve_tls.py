"""TLS to a Proxmox VE host: verified against its CA, its pinned fingerprint, or the system's store. For pve_transport."""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter

from vps.hypervisor.base import Access


class VerifyingAdapter(HTTPAdapter):
    """Decides alone what is trusted: neither `verify` nor the environment has a say.

    A pinned certificate is compared byte for byte by its SHA-256 before anything is sent, which says more than a chain
    of signatures and a host name do; those two are checked wherever nothing is pinned.
    """

    def __init__(self, access: Access) -> None:
        self.tls = {"ssl_context": context_of(access)} | pin_of(access)
        super().__init__(max_retries=0)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, self.tls

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The pool's TLS is settled above; requests' own would add its bundle of public CAs to the cluster's one."""


def pin_of(access: Access) -> dict[str, str]:
    return {"assert_fingerprint": access.fingerprint} if access.fingerprint else {}


def context_of(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=access.ca_pem or None)
    if access.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
