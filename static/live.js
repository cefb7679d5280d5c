// Keeps an open page true: the socket says which server to look at again, and htmx fetches its fragments.
// Fragments ask by themselves too, every few seconds, so a lost message is healed.

const body = document.body;
const shownIds = () => [...document.querySelectorAll("[data-vps]")].map((fragment) => fragment.dataset.vps);
// Of a fragment that is being fetched nobody knows how fresh it will be, so it is fetched once more; and htmx listens to
// what it has put in place some 20 ms later only.
const busy = new Set();
const late = new Set();
function lookAgain(id) {
  const name = String(id);
  if (busy.has(name)) late.add(name);
  else htmx.trigger(body, shownIds().includes(name) ? `vps-${name}` : "vps-new");
}
body.addEventListener("htmx:beforeRequest", ({ detail }) => detail.elt.dataset.vps && busy.add(detail.elt.dataset.vps));
body.addEventListener("htmx:afterRequest", ({ detail }) => setTimeout(() => {
  const id = detail.elt.dataset.vps;
  busy.delete(id);
  if (late.delete(id)) lookAgain(id);
}, 50));

// Reconnects after 1, 2, 4 … 30 s, with a jitter, so that a restart does not bring everybody back at once.
function listen(address, attempt = 0) {
  const socket = new WebSocket(address);
  socket.onopen = () => {
    attempt = 0;
    shownIds().forEach(lookAgain);
    document.dispatchEvent(new CustomEvent("reconnected"));
  };
  socket.onmessage = (message) => {
    const detail = JSON.parse(message.data);
    document.dispatchEvent(new CustomEvent("bell", { detail }));
    if (detail.vps) lookAgain(detail.vps);
  };
  socket.onclose = ({ code }) => {
    // Whose session has ended asks no more here; what asks by HTTP is told.
    if (code === 4401) return document.dispatchEvent(new CustomEvent("bell", { detail: { notices: true } }));
    const pause = Math.min(30, 2 ** attempt) * 1000 * (0.5 + Math.random());
    setTimeout(() => listen(address, attempt + 1), pause);
  };
}
if (body.dataset.live) listen(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${body.dataset.live}`);

// What a pointer is pressed on stays until it is let go, and is fetched then: of an element that was exchanged between
// down and up there is no click.
let pressed = null;
const passed = new Set();
addEventListener("pointerdown", ({ target }) => (pressed = target), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => {
  pressed = null;
  passed.forEach(lookAgain);
  passed.clear();
}), true);

// A fragment that came back the same stays as it is: focus, selection and a half-made click survive the polling.
// A refusal goes to the notices, whatever asked for it, that a hypervisor is silent (503) too; a broken panel's page does not.
const last = new Map();
// A server that was deleted, or is somebody else's now, leaves the list; its own page makes room for the list.
const goneFrom = (target) => (target.matches("tr") ? target.remove() : location.assign("/"));
const withoutTokens = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.contains(pressed)) {
    detail.shouldSwap = false;
    passed.add(detail.target.dataset.vps);
    return;
  }
  if (detail.xhr.status === 404) {
    Object.assign(detail, { shouldSwap: false, isError: false });
    goneFrom(detail.target);
    return;
  }
  if (detail.xhr.status >= 400) {
    const notices = document.getElementById("notices");
    const isRefusal = detail.xhr.responseText.startsWith("<div");
    const shouldSwap = detail.xhr.status < 500 || isRefusal;
    Object.assign(detail, { shouldSwap, target: notices, swapOverride: "afterbegin" });
    return;
  }
  const html = withoutTokens(detail.xhr.responseText);
  if (detail.target.id === "servers" && last.get("servers") !== html) last.clear();
  if (detail.target.id !== "dialog" && last.get(detail.target.id) === html) detail.shouldSwap = false;
  last.set(detail.target.id, html);
});
