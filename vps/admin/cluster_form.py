"""The form of a cluster: its token's secret goes in, and never comes out again. For the admin of clusters."""

import re
import ssl
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vps.models import Cluster, Vps

HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?")
TOKEN = re.compile(r"[^\s@!]+@[^\s@!]+![A-Za-z][\w.-]*")
FINGERPRINT = re.compile(r"([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}")


class HostsField(forms.CharField):
    """A host a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        hosts = [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]
        for host in hosts:
            if not HOST.fullmatch(host):
                raise forms.ValidationError(_("%(host)s is no host: give name or name:port."), params={"host": host})
        return hosts


class ClusterForm(forms.ModelForm):  # type: ignore[type-arg]
    hosts = HostsField(label=_("API hosts"), help_text=Cluster._meta.get_field("hosts").help_text)
    token_secret = forms.CharField(
        label=_("Secret of the token"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=_("Written here and never shown again. Leave it empty to keep the one that is there."),
    )

    class Meta:
        model = Cluster
        fields = ["name", "hypervisor", "is_active", "hosts", "token_id", "token_secret", "fingerprint", "ca_pem"]

    def clean_hypervisor(self) -> str:
        given: str = self.cleaned_data["hypervisor"]
        if given != Vps.Hypervisor.PROXMOX:
            raise forms.ValidationError(_("There is a driver for Proxmox VE alone."))
        return given

    def clean_token_id(self) -> str:
        given: str = self.cleaned_data["token_id"]
        if not TOKEN.fullmatch(given):
            raise forms.ValidationError(_("Give it as user@realm!token."))
        return given

    def clean_token_secret(self) -> str:
        given: str = self.cleaned_data["token_secret"]
        if not given and not self.instance.pk:
            raise forms.ValidationError(_("A new cluster needs one."))
        return given or str(self.instance.token_secret)

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
            raise forms.ValidationError(_("This is no certificate in PEM.")) from error
        return given
