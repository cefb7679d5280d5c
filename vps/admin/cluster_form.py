"""The form of a cluster: its token's secret goes in, and never comes out again. For the admin of clusters."""

import re
import ssl
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from vps.addresses import is_disguised, names_a_link, names_this_machine
from vps.drivers import has_driver
from vps.models import Cluster

HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?")
TOKEN = re.compile(r"[^\s@!]+@[^\s@!]+![A-Za-z][\w.-]*")
# Whom the secret of the token is sent to, and how that is known; and whose secret it is.
DESTINATION = ("hosts", "token_id", "fingerprint", "ca_pem")
FINGERPRINT = re.compile(r"([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


class HostsField(forms.CharField):
    """A host a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        hosts = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        for host in hosts:
            check_host(host)
        return hosts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool([line.strip() for line in str(data).splitlines() if line.strip()] != initial)


def check_host(host: str) -> None:
    """Raises ValidationError. A name is not looked up: a request waits for no other host, and the driver looks then."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if not HOST.fullmatch(host) or is_disguised(name):
        raise forms.ValidationError(_("%(host)s is not a host: give name or name:port."), params={"host": host})
    if names_a_link(name):
        raise forms.ValidationError(_("%(host)s is an address that no cluster can have."), params={"host": host})
    if names_this_machine(name) and not settings.CLUSTERS_ALLOW_LOCAL:
        raise forms.ValidationError(
            _("%(host)s is this machine itself: see CLUSTERS_ALLOW_LOCAL."), params={"host": host}
        )


class SecretField(forms.CharField):
    """Written, and never shown."""

    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class ClusterForm(forms.ModelForm):  # type: ignore[type-arg]
    hosts = HostsField(label=_("API hosts"), help_text=Cluster._meta.get_field("hosts").help_text)
    token_secret = SecretField(
        label=_("Secret of the token"),
        required=False,
        strip=True,
        help_text=_(
            "Written here and never shown again. Leave it empty to keep the present one. "
            "When the hosts, the token, the fingerprint or the CA change, it has to be entered again."
        ),
    )

    class Meta:
        model = Cluster
        fields = ["name", "hypervisor", "is_active", "hosts", "token_id", "token_secret", "fingerprint", "ca_pem"]

    def clean_hypervisor(self) -> str:
        given: str = self.cleaned_data["hypervisor"]
        if not has_driver(given):
            raise forms.ValidationError(_("Proxmox VE is the only hypervisor with a driver."))
        return given

    def clean_token_id(self) -> str:
        given: str = self.cleaned_data["token_id"]
        if not TOKEN.fullmatch(given):
            raise forms.ValidationError(_("Give it as user@realm!token."))
        return given

    def clean(self) -> dict[str, Any]:
        """The secret that is there goes nowhere but where it was meant to go by whoever wrote it."""
        cleaned: dict[str, Any] = super().clean() or {}
        self.refuse_twin(cleaned)
        if cleaned.get("token_secret"):
            return cleaned
        if not self.instance.pk:
            self.add_error("token_secret", _("A new cluster needs one."))
        elif self.is_sent_elsewhere(cleaned):
            self.add_error("token_secret", _("Where it is sent has changed: enter the secret of the token again."))
        else:
            cleaned["token_secret"] = self.instance.token_secret
        return cleaned

    def refuse_twin(self, cleaned: dict[str, Any]) -> None:
        """A cluster that is registered twice would give one machine to two customers. What the form cannot know yet, the
        cluster itself tells when it is asked (`Cluster.same_as`)."""
        given = Cluster(pk=self.instance.pk, hosts=cleaned.get("hosts") or [])
        given.hypervisor = cleaned.get("hypervisor", given.hypervisor)
        given.fingerprint, given.ca_pem = cleaned.get("fingerprint", ""), cleaned.get("ca_pem", "")
        for other in Cluster.objects.exclude(pk=self.instance.pk):
            if field := given.shares_with(other):
                self.add_error(
                    field, _("This is the cluster “%(name)s”, which is registered already.") % {"name": other}
                )

    def save(self, commit: bool = True) -> Any:
        """What it said of itself was said by whatever was reached until now."""
        if any(name in DESTINATION for name in self.changed_data):
            self.instance.certificates, self.instance.identified_at, self.instance.same_as = [], None, None
        return super().save(commit)

    def is_sent_elsewhere(self, cleaned: dict[str, Any]) -> bool:
        """A field that is not right has a fault of its own."""
        written = [name for name in DESTINATION if name in cleaned]
        return any(plain(cleaned[name]) != plain(getattr(self.instance, name)) for name in written)

    def clean_fingerprint(self) -> str:
        given: str = self.cleaned_data["fingerprint"]
        if given and not FINGERPRINT.fullmatch(given):
            raise forms.ValidationError(_("Give 32 bytes in hex, with colons between them."))
        return given.upper()

    def clean_ca_pem(self) -> str:
        given: str = self.cleaned_data["ca_pem"]
        try:
            if given:
                ssl.create_default_context(cadata=given)
        except (ssl.SSLError, ValueError) as error:
            raise forms.ValidationError(_("This is not a certificate in PEM.")) from error
        return given


def plain(value: Any) -> Any:
    """A browser ends the lines of a certificate in another way than a file does."""
    return value.split() if isinstance(value, str) else value
