"""The form of a webhook endpoint: where it is, and what it is told. For the admin of endpoints."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from vps.models import Event, WebhookEndpoint
from vps.services import webhooks


def labelled_types() -> list[tuple[str, str]]:
    return [(value, f"{value} ({label})") for value, label in Event.Type.choices]


class WebhookEndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        strip=True,
        widget=forms.TextInput(attrs={"class": "vLargeTextField", "autocomplete": "off"}),
        help_text=_(
            "Where events are sent to, by POST. Redirects are not followed. Another host gets a secret of its own, at once."
        ),
    )
    types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=labelled_types,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where none is chosen, all are sent."),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "url", "types"]

    def clean_url(self) -> str:
        given: str = self.cleaned_data["url"]
        if fault := webhooks.fault_of(given, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE):
            raise forms.ValidationError(str(fault))
        return given
