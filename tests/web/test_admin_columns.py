"""What several of the staff's lists show in a column."""

from datetime import UTC, datetime

from django.utils import timezone, translation

from web.admin_columns import filled, whole

WHEN = datetime(timezone.now().year, 1, 2, 3, 4, tzinfo=UTC)
SHOWN = f'<span title="{WHEN:%Y}-01-02 03:04:00 UTC">2\N{NO-BREAK SPACE}Jan,\N{NO-BREAK SPACE}03:04</span>'


def test_whole_has_all_of_a_text_that_its_column_cuts_and_a_dash_for_none() -> None:
    assert whole('a "long" <name>') == (
        '<span title="a &quot;long&quot; &lt;name&gt;">a &quot;long&quot; &lt;name&gt;</span>'
    )
    assert whole("") == "—"


def test_filled_shows_moments_as_columns_do_and_lets_no_markup_in() -> None:
    with translation.override("en"):
        sentence = filled("since %(when)s, <b>%(why)s</b>", when=WHEN, why="<i>no</i>")
    assert sentence == f"since {SHOWN}, &lt;b&gt;&lt;i&gt;no&lt;/i&gt;&lt;/b&gt;"
