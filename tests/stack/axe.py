"""What an open page does wrong by anybody's rules: axe-core's, a screen's that is too narrow, a finger's."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast"]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
NARROW = (320, 375, 768, 1024)
FITS = "document.documentElement.scrollWidth <= innerWidth"
# What others have drawn, by the rule that it breaks and where it stands. The page of the API's description is Swagger UI's,
# which has a main part of its own within ours.
NOT_OURS = {
    "*": ".swagger-ui",
    "landmark-no-duplicate-main": "main:has(.swagger-ui)",
    "landmark-unique": "main:has(.swagger-ui)",
}
# And what Django's admin draws, which stays Django's.
DJANGOS = NOT_OURS | {
    "link-in-text-block": ".breadcrumbs",
    "label-title-only": "#searchbar",
    "target-size": "#changelist-filter, #result_list thead, .related-widget-wrapper",
    "label": ".datetime",
    "aria-prohibited-attr": ".selector .help-tooltip",
}
RUN = """([options, others]) => axe.run(document, options).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => [id, target.at(-1), html])).filter(([id, target]) =>
    !["*", id].some((rule) => others[rule] && document.querySelector(target).closest(others[rule]))))"""
# A colour that is on its way to another one is neither.
STILL = """() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets = [still];
}"""
# What is pressed, and is too small for a finger or a pointer. Links in a text, and boxes whose label is as large, are not.
SMALL = """least => {
  const pressed = "button, summary, select, input:not([type=hidden], [readonly]), a.btn, a.chip, .tabs a, .menu-item, nav a";
  return [...document.querySelectorAll(pressed)].map(one => one.closest("label") || one)
    .filter(one => !one.closest(".swagger-ui") && one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.right > 0 && box.bottom > 0 && box.width > 2 && Math.min(box.width, box.height) < least - 0.5)
    .map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${Math.round(box.width)}x${Math.round(box.height)}`);
}"""


@cache
def axe() -> str:
    return (ROOT / "node_modules/axe-core/axe.min.js").read_text()


def look_at(page: Page) -> list[str]:
    """A customer's page in both themes, as at a desk and on a phone."""
    faults = seen(page, DESK, "light") + seen(page, DESK, "dark", CONTRAST) + seen(page, PHONE, "dark")
    faults += [f"smaller than 44 at 375: {one}" for one in page.evaluate(SMALL, 44)]
    faults += too_wide(page, NARROW)
    page.set_viewport_size(DESK)
    return faults + [f"smaller than 24 at 1440: {one}" for one in page.evaluate(SMALL, 24)]


def look_at_staffs(page: Page) -> list[str]:
    """Staff sit at a desk, or hold a tablet."""
    faults = seen(page, DESK, "light", others=DJANGOS) + seen(page, DESK, "dark", CONTRAST, DJANGOS)
    return faults + too_wide(page, (768, 1024))


def seen(page: Page, size: Any, theme: Any, rules: list[str] | None = None, others: Any = NOT_OURS) -> list[str]:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(axe())
        page.evaluate(STILL)
    options = {"runOnly": rules or TAGS, "resultTypes": ["violations"], "iframes": False}
    found = page.evaluate(RUN, [options, others])
    return [f"{size['width']} {theme}: {rule}: {target} {html[:120]}" for rule, target, html in found]


def too_wide(page: Page, widths: tuple[int, ...]) -> list[str]:
    faults = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 812})
        if not fits(page):
            faults.append(f"wider than its screen of {width}")
    return faults


def fits(page: Page) -> bool:
    """A canvas is drawn anew a moment after its screen has changed."""
    for _ in range(20):
        if page.evaluate(FITS):
            return True
        page.wait_for_timeout(50)
    return False
