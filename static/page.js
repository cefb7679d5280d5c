// What every page does: the dialog, menus, copying, times in the reader's zone, and that no change takes the focus away.
// Whoever has something to say to screen readers sends "say" with the words as its detail.

const body = document.body;

const said = document.getElementById("said");
document.addEventListener("say", ({ detail }) => {
  said.textContent = "";
  setTimeout(() => (said.textContent = detail), 50);
});

// Where the focus was, as ids from the innermost on: what is exchanged has the same ids again, or lies in what has. A power
// button that is there no more is followed by those that are.
const FOCUSABLE = "a[href], button:not([disabled]), summary, input, select";
const POWER = ".power :is(a[href], button:not([disabled]), summary)";
let trail = [];
const trailOf = (element) => (element ? [element.id, ...trailOf(element.parentElement)].filter(Boolean) : []);
function refocus() {
  const found = trail.map((id) => document.getElementById(id)).find((element) => element?.checkVisibility()) || document.getElementById("content");
  const target = found.matches(FOCUSABLE) ? found : (found.matches("[data-fragment]") && found.querySelector(POWER)) || found.querySelector(FOCUSABLE) || found;
  target.focus({ preventScroll: true });
}
const isLost = () => !document.activeElement || document.activeElement === body;
// A button that is off while it is asked for has the focus no more when the answer is there. What an open dialog leads back to
// stays, whatever is asked for behind it.
body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const active = document.activeElement;
  if (detail.elt.contains(active) && !isLost() && !active.closest("dialog")) trail = trailOf(active);
});
body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.contains(document.activeElement) && !isLost()) trail = trailOf(document.activeElement);
});
body.addEventListener("htmx:afterSettle", () => {
  if (isLost() && trail.length) refocus();
});

// Questions open in the dialog; what opened it has the focus again afterwards.
const dialog = document.getElementById("dialog");
body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target !== dialog || dialog.open || !dialog.firstElementChild) return;
  const opener = document.activeElement;
  trail = trailOf(opener?.closest(".menu-items") ? opener.closest("details").querySelector("summary") : opener);
  dialog.showModal();
});
// A question that was answered is closed; what came of it stands elsewhere on the page.
dialog.addEventListener("htmx:afterRequest", ({ target }) => target === dialog || dialog.close());
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  refocus();
});
dialog.addEventListener("click", (event) => {
  if (event.target !== dialog && !event.target.closest("[data-close]")) return;
  event.preventDefault();
  dialog.close();
});

// Menus: the first item has the focus, arrows lead on, and Escape leads back. One is open at a time.
const items = (menu) => [...menu.querySelectorAll("a[href], button")].filter((item) => item.checkVisibility());
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.menu")) return;
  target.querySelector("summary").setAttribute("aria-expanded", String(target.open));
  if (target.open) items(target)[0]?.focus();
}, true);
const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (event.key in STEPS && menu.contains(event.target)) {
    const all = items(menu);
    const next = all.indexOf(document.activeElement) + STEPS[event.key];
    event.preventDefault();
    (all.at(next % all.length) || all.at(next < 0 ? 0 : -1)).focus();
  }
});
addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

// Copying: a check for 2 s.
addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  document.dispatchEvent(new CustomEvent("say", { detail: body.dataset.copied }));
  setTimeout(() => button.classList.remove("copied"), 2000);
});

// A password is shown for as long as its button is pressed in.
addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-show]");
  if (!button) return;
  const field = document.getElementById(button.dataset.show);
  field.type = field.type === "password" ? "text" : "password";
  button.setAttribute("aria-pressed", String(field.type === "text"));
});

// How long something is still closed; it opens by itself.
for (const left of document.querySelectorAll("[data-left]")) {
  const end = Date.now() + left.dataset.left * 1000;
  const count = () => {
    const seconds = Math.round((end - Date.now()) / 1000);
    if (seconds <= 0) return location.replace(left.dataset.then);
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    setTimeout(count, 1000);
  };
  count();
}

// Times in the reader's own zone: today, 14:02; yesterday, 03:00; 20 November, 10:21; 14 March 2025. Where no word of today
// fits the sentence, a clock alone (data-clock) or the day alone (data-day); below the name of its day the hour (data-hour),
// and beside another of its minute the second (data-exact).
const language = document.documentElement.lang;
const locale = language === "en" ? "en-GB" : language;
const near = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const second = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23" });
const MIDNIGHT = [0, 0, 0, 0];
function written(date, { clock, day, hour: inDay, exact }) {
  if (inDay !== undefined) return hour.format(date);
  if (exact !== undefined) return second.format(date);
  const now = new Date();
  const apart = Math.round((new Date(date).setHours(...MIDNIGHT) - new Date(now).setHours(...MIDNIGHT)) / 864e5);
  const ofThisYear = date.getFullYear() === now.getFullYear();
  const named = { day: "numeric", month: "long", ...(ofThisYear ? {} : { year: "numeric" }) };
  // Russian writes "2025 г." here.
  const calendar = date.toLocaleDateString(locale, named).replace(/\s*г\.$/, "");
  if (clock !== undefined && apart === 0) return hour.format(date);
  if (day !== undefined || !ofThisYear) return calendar;
  const isNear = clock === undefined && (apart === 0 || apart === -1);
  return `${isNear ? near.format(apart, "day") : calendar}, ${hour.format(date)}`;
}
function localise() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = written(new Date(time.dateTime), time.dataset);
    if (time.textContent !== text) time.textContent = text;
  }
}
localise();
new MutationObserver(localise).observe(body, { childList: true, subtree: true });
// Pages that say which day something was on are told the zone.
document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

// Seconds that pass, by the panel's clock, in two units at most: how long something has lasted (data-since), and how long it
// may still last (data-until).
const ahead = Date.now() - Date.parse(body.dataset.now);
const sizes = [86400, 3600, 60, 1];
const units = (body.dataset.units || "").split("|");
function span(seconds) {
  const first = Math.max(0, sizes.findIndex((size) => seconds >= size));
  const at = seconds < 1 ? sizes.length - 1 : first;
  const counts = sizes.map((size, number) => Math.floor((number ? seconds % sizes[number - 1] : seconds) / size));
  const parts = [at, at + 1].filter((number) => number === at || counts[number]);
  return parts.map((number) => units[number].replace("0", counts[number])).join(" ");
}
function count() {
  const now = Date.now() - ahead;
  for (const passing of document.querySelectorAll("[data-since], [data-until]")) {
    const { since, until } = passing.dataset;
    const text = span(Math.max(0, Math.floor((since ? now - Date.parse(since) : Date.parse(until) - now) / 1000)));
    if (passing.textContent !== text) passing.textContent = text;
  }
}
count();
setInterval(count, 1000);
body.addEventListener("htmx:afterSwap", count);

// What has come a step further says so, once.
let told = document.querySelector("[data-say]")?.dataset.say;
body.addEventListener("htmx:afterSettle", () => {
  const words = document.querySelector("[data-say]")?.dataset.say;
  if (words && words !== told) document.dispatchEvent(new CustomEvent("say", { detail: words }));
  told = words;
});

// Of tabs and chips that are wider than the screen, the one that is chosen is seen.
for (const chosen of document.querySelectorAll(":is(.tabs, .chips) > [aria-current]")) {
  chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.clientWidth / 2;
}
