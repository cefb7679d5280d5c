"""The staff's first page and the lists behind it as they are read, for tests."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

LINE = re.compile(
    r'<a id="attention-(?P<key>[\w-]+)" href="(?P<address>[^"]*)" class="[^"]*\btone-(?P<tone>\w+)">.*?'
    r'<b class="count[^"]*">(?P<count>\d+)</b>\s*<span class="words flex-fill">'
    r'<span class="[^"]*fw-medium">(?P<title>.*?)</span>(?P<detail>.*?)</span>\s*'
    r'<span class="[^"]*text-nowrap">(?P<age>.*?)</span>',
    re.DOTALL,
)


@dataclass(frozen=True)
class Line:
    key: str
    address: str
    tone: str
    count: int
    title: str
    detail: str
    age: str


def words(html: str) -> str:
    """As it is read."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def lines(browser: Any) -> dict[str, Line]:
    """What needs attention, by its key, in its order."""
    page = browser.get("/admin/").content.decode()
    found = [match.groupdict() for match in LINE.finditer(page)]
    read = [
        one | {"count": int(one["count"]), "detail": words(one["detail"]), "age": words(one["age"])} for one in found
    ]
    return {one["key"]: Line(**one | {"title": unescape(one["title"])}) for one in read}


def troubles(browser: Any) -> dict[str, str]:
    """{key: what is told of it}."""
    return {key: line.detail for key, line in lines(browser).items()}


def rows(browser: Any, address: str) -> list[Any]:
    """The rows that this list of the admin shows, over all its pages, in the order of their ids."""
    answer = browser.get(unescape(address))
    assert answer.status_code == 200, address
    if "cl" in answer.context:
        return list(answer.context["cl"].queryset.order_by("pk"))
    pages = [facts["page"] for _section, facts in answer.context["sections"] if "page" in facts]
    return list(pages[0].paginator.object_list.order_by("pk"))


def names(browser: Any, key: str) -> list[str]:
    """Who is in the list behind this line."""
    return [str(row) for row in rows(browser, lines(browser)[key].address)]
