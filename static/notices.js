// Notices: how what was asked for has ended, fetched once at each bell, and every half minute, for a bell may be lost. What
// went well goes after a while and has been seen then; what failed stays until it is put away.

const body = document.body;
const region = document.getElementById("notices");
const SHOWN_MS = 8000, LOOK_EVERY_MS = Number(region.dataset.every || 30000), BURST_MS = 150;
const headers = () => ({ ...JSON.parse(region.closest("[hx-headers]").getAttribute("hx-headers")), "HX-Request": "true", "HX-Current-URL": location.href });
const isBusy = (note) => document.hidden || note.matches(":hover, :focus-within");

// Its server's page says the whole of a failure itself.
const isToldByPage = (note) => note.dataset.notice && document.getElementById("failure")?.dataset.notice === note.dataset.notice;

async function ask(address, method = "GET") {
  const answer = await fetch(address, { method, headers: headers(), keepalive: true }).catch(() => null);
  if (answer?.status === 401) document.dispatchEvent(new CustomEvent("session-ended", { detail: await answer.text() }));
  if (answer?.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

// What is there already stays as it is, with the focus in it, and is not said again.
function show(answer) {
  const fresh = [...answer.querySelectorAll(".note")];
  for (const note of region.querySelectorAll("[data-notice]")) if (!answer.getElementById(note.id) && !note.matches(":focus-within")) note.remove();
  document.getElementById("notices-more")?.remove();
  for (const note of fresh.reverse()) if (!document.getElementById(note.id)) region[note.id === "notices-more" ? "append" : "prepend"](note);
}

function putAway(note) {
  if (note.matches(":focus-within")) (note.nextElementSibling?.querySelector("button") || document.getElementById("content")).focus();
  note.remove();
  if (note.action) ask(note.action, "POST");
}

// An end makes room for its beginning, and a refusal that comes again for the one before.
const replaces = (note, other) => !other.dataset.notice && (other.dataset.about ? other.dataset.about === note.dataset.about : other.innerText === note.innerText);
function receive(note) {
  if (isToldByPage(note)) return note.remove();
  for (const other of region.querySelectorAll(".note")) if (other !== note && other.id !== "notices-more" && replaces(note, other)) other.remove();
  if (note.id === "notices-more" || "stays" in note.dataset) return;
  document.dispatchEvent(new CustomEvent("say", { detail: note.querySelector("strong, .words").textContent.trim() }));
  const leave = () => note.isConnected && (isBusy(note) ? setTimeout(leave, 2000) : putAway(note));
  setTimeout(leave, SHOWN_MS);
}
for (const note of region.querySelectorAll(".note")) receive(note);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node.isConnected && node.matches?.(".note")) receive(node);
}).observe(region, { childList: true });
body.addEventListener("htmx:afterSettle", () => [...region.querySelectorAll(".note")].filter(isToldByPage).forEach((note) => note.remove()));

// A note that came in the head of an answer, for whatever asked may have been exchanged meanwhile.
body.addEventListener("htmx:afterRequest", ({ detail }) => {
  const sent = detail.xhr?.getResponseHeader("X-Note");
  if (!sent) return;
  const { text, about, isRefusal } = JSON.parse(decodeURIComponent(sent));
  const note = document.getElementById("note").content.firstElementChild.cloneNode(true);
  note.querySelector(".words").textContent = text;
  note.querySelector("button").ariaLabel += text;
  if (about) note.dataset.about = about;
  if (isRefusal) {
    note.classList.replace("tone-busy", "tone-fail");
    Object.assign(note, { role: "alert" }).dataset.stays = "";
  }
  region.prepend(note);
});

region.addEventListener("submit", (event) => {
  event.preventDefault();
  putAway(event.target);
});
region.addEventListener("click", ({ target }) => {
  const note = target.closest("button") && target.closest("div.note");
  if (note) putAway(note);
});

// One request for all bells of a moment, and one at a time.
let timer = null, asking = null;
function look() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    await asking;
    asking = ask(region.dataset.address);
  }, BURST_MS);
}
if (region.dataset.address) {
  document.addEventListener("bell", ({ detail }) => detail.notices && look());
  document.addEventListener("reconnected", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  setInterval(() => document.hidden || look(), LOOK_EVERY_MS);
}
