// Keeps an open page true: the socket says which server to look at again, and htmx fetches what is shown of it. A list asks
// once for all that has changed. Pages ask by themselves too, every few seconds, so a lost message is healed.

const body = document.body;
const AT_ONCE = 200;
const EVERY = 10_000;
const UNDER_WAY_EVERY = 2_000;

// Rows of the list: what rings together is one request, and what rings while it is under way is asked for after it, for nobody
// knows how fresh its answer will be. `whole`: whether another server is on this page now, too.
const wanted = new Set();
let whole = false;
let timer = null;
let isAsking = false;
let askedOf = null;
const rows = () => [...document.querySelectorAll("tr[data-vps]")];
function soon(list) {
  if (!isAsking) timer ??= setTimeout(ask, AT_ONCE, list);
}
async function ask(list) {
  timer = null;
  if (!list.isConnected && !(list = document.getElementById("servers"))) return;
  const shown = rows().map((row) => row.dataset.vps);
  const isWhole = whole || [...wanted].some((id) => !shown.includes(id));
  const ids = (isWhole ? shown : [...wanted]).map((id) => `&id=${id}`);
  wanted.clear();
  whole = false;
  isAsking = true;
  askedOf = list.dataset.rows;
  // Who is out of reach is asked again by the clock.
  await htmx.ajax("GET", `${list.dataset.rows}${ids.join("")}${isWhole ? "&whole=" : ""}`, { target: "#content", swap: "none" }).catch(() => {});
  isAsking = false;
  if (!rows().length && shown.length) whole = true;
  if (wanted.size || whole) soon(list);
}

// Other fragments, each by itself. htmx listens to what it has put in place some 20 ms later only.
const busy = new Set();
const late = new Set();
const fragments = (id) => document.querySelector(`[data-vps="${id}"]:not(tr)`);
function lookAgain(id) {
  const name = String(id);
  const list = document.getElementById("servers");
  if (list) {
    wanted.add(name);
    soon(list);
  } else if (busy.has(name)) late.add(name);
  else if (fragments(name)) htmx.trigger(body, `vps-${name}`);
}
function lookAtAll() {
  const list = document.getElementById("servers");
  if (list) {
    whole = true;
    soon(list);
  } else new Set([...document.querySelectorAll("[data-vps]")].map((one) => one.dataset.vps)).forEach(lookAgain);
}
body.addEventListener("htmx:beforeRequest", ({ detail }) => detail.elt.dataset.vps && busy.add(detail.elt.dataset.vps));
body.addEventListener("htmx:afterRequest", ({ detail }) => setTimeout(() => {
  const id = detail.elt.dataset.vps;
  busy.delete(id);
  if (late.delete(id)) lookAgain(id);
}, 50));

if (document.getElementById("servers")) {
  setInterval(() => document.hidden || lookAtAll(), EVERY);
  setInterval(() => document.hidden || rows().forEach(({ dataset }) => "underWay" in dataset && lookAgain(dataset.vps)), UNDER_WAY_EVERY);
}
document.addEventListener("visibilitychange", () => document.hidden || lookAtAll());

// Reconnects after 1, 2, 4 … 30 s, with a jitter, so that a restart does not bring everybody back at once. Who else listens
// is told of each message by "bell", and by "reconnected" that some may be lost.
function listen(address, attempt = 0, isFirst = true) {
  const socket = new WebSocket(address);
  socket.onopen = () => {
    attempt = 0;
    lookAtAll();
    if (!isFirst) document.dispatchEvent(new CustomEvent("reconnected"));
    isFirst = false;
  };
  socket.onmessage = (message) => {
    const detail = JSON.parse(message.data);
    if ("vps" in detail) lookAgain(detail.vps);
    document.dispatchEvent(new CustomEvent("bell", { detail }));
  };
  socket.onclose = ({ code }) => {
    // Whose session has ended asks no more here; what asks by HTTP is told.
    if (code === 4401) return document.dispatchEvent(new CustomEvent("bell", { detail: { notices: true } }));
    const pause = Math.min(30, 2 ** attempt) * 1000 * (0.5 + Math.random());
    setTimeout(() => listen(address, attempt + 1, isFirst), pause);
  };
}
if (body.dataset.live) listen(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${body.dataset.live}`);

// While a pointer or the space bar is pressed a list stays as it is, and is fetched once it is let go: of an element that was
// exchanged between down and up, or has moved away because another has, there is no click.
let pressed = null;
const passed = new Set();
const letGo = () => setTimeout(() => {
  pressed = null;
  passed.forEach((id) => (id ? lookAgain(id) : lookAtAll()));
  passed.clear();
});
addEventListener("pointerdown", ({ target }) => (pressed = target), true);
addEventListener("keydown", ({ key, target }) => key === " " && (pressed = target), true);
for (const end of ["pointerup", "pointercancel", "keyup"]) addEventListener(end, letGo, true);
// What a window hears that is not in front is said to another.
addEventListener("blur", letGo);

// A fragment that came back the same stays as it is: focus, selection and a half-made click survive the polling.
// A refusal goes to the notices, whatever asked for it, that a hypervisor is silent (503) too; a broken panel's page does not.
const last = new Map();
const plain = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"| hx-swap-oob="true"/g, "").trim();
function isSame(id, html) {
  const known = last.get(id);
  last.set(id, plain(html));
  return known === plain(html);
}
// A server that was deleted, or is somebody else's now, makes room for the list.
const goneFrom = () => location.assign("/");
const isOfRows = ({ requestConfig }) => requestConfig.verb === "get" && requestConfig.path.startsWith("/rows/");
body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.contains(pressed) && detail.swapOverride !== "none") {
    detail.shouldSwap = false;
    passed.add(detail.target.dataset.vps);
    return;
  }
  if (detail.xhr.status === 404) {
    Object.assign(detail, { shouldSwap: false, isError: false });
    goneFrom();
    return;
  }
  if (detail.xhr.status >= 400) {
    const notices = document.getElementById("notices");
    const isRefusal = detail.xhr.responseText.startsWith("<div");
    const shouldSwap = detail.xhr.status < 500 || isRefusal;
    Object.assign(detail, { shouldSwap, target: notices, swapOverride: "afterbegin" });
    return;
  }
  // Rows and counts of another search or order than is shown by now say nothing of it; and of a list that is exchanged as a
  // whole it is not known any more how its rows came.
  if (detail.target.id === "servers") last.clear();
  else if (isOfRows(detail) && document.getElementById("servers").dataset.rows !== askedOf) {
    detail.shouldSwap = false;
    lookAtAll();
  }
  if ("fragment" in detail.target.dataset && isSame(detail.target.id, detail.xhr.responseText)) detail.shouldSwap = false;
});

// So of what an answer brings beside its own: each keeps what the reader has done to it.
const KEPT = ["servers", "chips", "order"];
let focused = null;
const carry = (from, to) => {
  for (const box of from.querySelectorAll("[type=checkbox]")) {
    const same = to.querySelector(`#${box.id}`);
    if (same) same.checked = box.checked;
  }
  for (const menu of from.querySelectorAll("details[open] > summary[id]")) to.querySelector(`#${menu.id}`)?.parentElement.setAttribute("open", "");
};
body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const fresh = detail.fragment.firstElementChild;
  if (!fresh || !("vps" in fresh.dataset || KEPT.includes(fresh.id))) return;
  if (isSame(fresh.id, fresh.outerHTML)) detail.shouldSwap = false;
  else if (pressed) {
    detail.shouldSwap = false;
    last.delete(fresh.id);
    passed.add(fresh.dataset.vps);
  } else {
    focused = detail.target.contains(document.activeElement) ? [document.activeElement.id, detail.target.id] : null;
    carry(detail.target, fresh);
  }
});
body.addEventListener("htmx:oobAfterSwap", () => {
  if (!focused) return;
  const [id, around] = focused;
  const same = document.getElementById(id);
  // What lies in a closed menu now takes no focus.
  const next = same?.checkVisibility() ? same : document.querySelector(`#${around} .power :is(a[href], button:not([disabled]), summary)`);
  next?.focus({ preventScroll: true });
  focused = null;
});
