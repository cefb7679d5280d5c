"""What the staff's lists show in a column."""

from typing import Any

from django.utils import translation

import ospab_panel.urls  # noqa: F401  it registers the admins, those of accounts first
from vps.admin.columns import state_pill
from vps.models import Vps


def test_state_pill_says_the_state_without_a_query(
    alice: Any, make_vps: Any, bind: Any, static_files: None, django_assert_num_queries: Any
) -> None:
    bind(make_vps(alice))
    vps = Vps.objects.with_state().get()
    for language, word in (("ru", "Работает"), ("en", "Running")):
        with translation.override(language), django_assert_num_queries(0):
            assert word in state_pill(vps)
