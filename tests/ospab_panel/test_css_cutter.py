"""What stays of a stylesheet, and that nothing goes which a page uses."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from ospab_panel.css_cutter import Words, cut, words_of
from ospab_panel.npm_finder import NpmFinder

OURS = Words(frozenset({"btn", "show", "red", "card", "tblr-ours"}), ("tone-",))
TABLER = "tabler/css/tabler.min.css"


@pytest.mark.parametrize(
    ("css", "stays"),
    [
        (".btn{color:red}.navbar{color:red}", ".btn{color:red}"),
        (".btn,.navbar,a{color:red}", ".btn,a{color:red}"),
        (".btn .navbar{color:red}.btn.show:hover>a{color:red}", ".btn.show:hover>a{color:red}"),
        ("a,:root,[data-x],*::before{color:red}", "a,:root,[data-x],*::before{color:red}"),
        (".btn:not(.navbar){color:red}.card:has(> .navbar){color:red}",) * 2,
        (".tone-red{color:red}.tone-other{color:red}", ".tone-red{color:red}"),
        ("/* a */.btn{/* b */color:red;}", ".btn{color:red}"),
        (".btn\\/show{color:red}.btn\\/navbar{color:red}", ".btn\\/show{color:red}"),
        (
            "@media (min-width:9px){.btn{color:red}.navbar{color:red}}@media print{.navbar{color:red}}a{color:red}",
            "@media (min-width:9px){.btn{color:red}}a{color:red}",
        ),
        (
            "@supports (a:b){@media print{.btn{color:red}}.card{color:red}}",
            "@supports (a:b){@media print{.btn{color:red}}}@supports (a:b){.card{color:red}}",
        ),
        ('@charset "UTF-8";@font-face{src:url(a)}@keyframes b{to{opacity:0}}',) * 2,
        ('.btn{background:url("data:image/svg+xml,a;b,c{d}")}',) * 2,
    ],
)
def test_cut_keeps_a_rule_whose_classes_are_ours(css: str, stays: str) -> None:
    assert cut(css, OURS) == stays


@pytest.mark.parametrize(
    ("css", "stays"),
    [
        (":root{--a:1;--b:2}a{top:var(--a)}", ":root{--a:1}a{top:var(--a)}"),
        (
            ":root{--a:var(--b);--b:2;--c:3}a{top:calc(var(--a) + 1px)}",
            ":root{--a:var(--b);--b:2}a{top:calc(var(--a) + 1px)}",
        ),
        (":root{--a:1}.navbar{top:var(--a)}", ""),
        (":root{--tblr-ours:1;--theirs:2}", ":root{--tblr-ours:1}"),
        (":root{--a:var(--b)}[x]{--b:var(--a)}", ""),
        (":root{--a:1}@keyframes b{to{top:var(--a)}}",) * 2,
        (":root{--a:1}@media print{a{top:var(--a, 2px)}}",) * 2,
    ],
)
def test_cut_keeps_a_variable_that_something_reads(css: str, stays: str) -> None:
    assert cut(css, OURS) == stays


def test_cut_of_a_stylesheet_is_made_once_for_all_who_open_it_while_its_words_are_the_same() -> None:
    storage = NpmFinder().storages["tabler"]
    words = words_of(settings.MARKUP_FOLDERS)
    first = cut(Path(storage.path("css/tabler.min.css")).read_text(), words)
    assert cut(Path(storage.path("css/tabler.min.css")).read_text(), words_of(settings.MARKUP_FOLDERS)) is first
    assert cut(".btn{top:1px}.navbar{top:1px}", OURS) == ".btn{top:1px}"
    assert cut(".btn{top:1px}.navbar{top:1px}", Words(frozenset({"navbar"}), ())) == ".navbar{top:1px}"


def test_words_are_those_of_templates_scripts_and_code_however_they_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<p class="btn{% if x %} show{% endif %} tone-{{ tone }}">')
    (tmp_path / "live.js").write_text("line.classList.add(`mark-${kind}`, 'gone')")
    (tmp_path / "tags.py").write_text("format_html('<i class=\"icon\">'); f'size-{size}'; 'large'")
    (tmp_path / "notes.txt").write_text("navbar")
    words = words_of([tmp_path])
    assert all(words.have(name) for name in ("btn", "show", "gone", "icon", "tone-large", "mark-gone", "size-large"))
    assert not any(words.have(name) for name in ("navbar", "tone-navbar", "btn-show"))


class Classes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update((dict(attrs).get("class") or "").split())


def classes_of_templates() -> set[str]:
    """As a browser would read them, were the tags of the templates not there."""
    parser = Classes()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        parser.feed(re.sub(r"{%.*?%}|{{.*?}}", " ", path.read_text()))
    return parser.found


def rules_with(name: str, css: str) -> int:
    return len(re.findall(rf"\.{re.escape(name)}(?![\w-])", css))


def test_tabler_is_cut_to_a_fraction_and_keeps_all_that_templates_use() -> None:
    whole = Path(NpmFinder().find(TABLER)).read_text()
    small = collected()
    assert len(small) * 5 < len(whole)
    used = {name for name in classes_of_templates() if rules_with(name, whole)}
    assert {"card", "btn", "form-control"} <= used
    assert {name for name in used if not rules_with(name, small)} == set()


def test_tabler_keeps_every_class_that_scripts_name() -> None:
    whole, small = Path(NpmFinder().find(TABLER)).read_text(), collected()
    for script in (settings.BASE_DIR / "static").glob("*.js"):
        for text in re.findall(r"""["'`]([^"'`\n]*)["'`]""", script.read_text()):
            for name in text.split():
                if re.fullmatch(r"[A-Za-z][\w-]*", name) and rules_with(name, whole):
                    assert rules_with(name, small), f"{script.name}: {name}"


def test_tabler_has_every_variable_of_the_page_that_it_or_we_read() -> None:
    small, whole = collected(), Path(NpmFinder().find(TABLER)).read_text()
    ours = "".join(sheet.read_text() for sheet in (settings.BASE_DIR / "static").glob("*.css"))
    read = set(re.findall(r"var\(\s*(--[\w-]+)", small + ours))
    assert (read & of_the_page(whole)) - of_the_page(small) == set()


def of_the_page(css: str) -> set[str]:
    """Those that the root has, and not parts of a page alone."""
    roots = re.findall(r"[^{}]*:root[^{}]*{([^}]*)}", css)
    return {name for block in roots for name in re.findall(r"(--[\w-]+):", block)}


def collected() -> str:
    files = {name: storage for name, storage in NpmFinder().list(None) if name == "css/tabler.min.css"}
    with files["css/tabler.min.css"].open("css/tabler.min.css") as file:
        text: str = file.read().decode()
    return text
