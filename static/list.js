// The list of servers: "/" leads to the search, and what is chosen is counted, with what can be done with it.

// Another search, filter, order or page takes the place of this one; only the last that is asked for counts.
function go(path) {
  const source = document.getElementById("content");
  htmx.trigger(source, "htmx:abort");
  htmx.ajax("GET", path, { source, target: "#servers", swap: "outerHTML" }).catch(() => {});
}
const form = document.getElementById("narrow");
const search = () => go(`${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`);
let typed;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typed);
  search();
});
form.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(search, 300);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-in-place] a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});

const say = (words) => document.dispatchEvent(new CustomEvent("say", { detail: words }));
const boxes = () => [...document.querySelectorAll("#servers [name=id]")];

let told = 0;
function count() {
  const bar = document.getElementById("selection");
  if (!bar) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  const words = bar.dataset.words.replace("{number}", chosen.length);
  document.getElementById("selected").textContent = words;
  for (const button of bar.querySelectorAll("[data-verb]")) {
    const able = chosen.filter((box) => box.closest("tr").dataset.can.split(" ").includes(button.dataset.verb)).length;
    button.hidden = !able;
    button.querySelector(".number").textContent = able;
  }
  const head = document.getElementById("choose-all");
  head.checked = chosen.length > 0 && chosen.length === all.length;
  head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  if (chosen.length !== told) say(words);
  told = chosen.length;
}
function choose(all) {
  for (const box of boxes()) box.checked = all;
  count();
}
document.addEventListener("change", ({ target }) => {
  if (target.id === "choose-all") choose(target.checked);
  else if (target.id === "sort") search();
  else if (target.matches("#servers [name=id]")) count();
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("#choose-none")) {
    choose(false);
    document.getElementById("choose-all").focus();
  }
  const mode = target.closest("#choose");
  if (mode) {
    const isOn = document.getElementById("content").classList.toggle("choosing");
    mode.setAttribute("aria-pressed", String(isOn));
    if (!isOn) choose(false);
  }
});
for (const moment of ["htmx:oobAfterSwap", "htmx:afterSettle"]) document.body.addEventListener(moment, count);
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.requestConfig.verb === "post" && detail.requestConfig.path.startsWith("/power/")) choose(false);
});
document.body.addEventListener("htmx:afterSwap", ({ target }) => target.id === "servers" && say(document.getElementById("servers").dataset.found));
count();

addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  document.getElementById("q")?.focus();
});
