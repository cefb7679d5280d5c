// An open page for which there is nothing to look at any more: its reader's session has ended, or its server is gone. It
// stays as it is, and says so.

const body = document.body;
const ended = document.getElementById("ended");
let wasShown = false;

// Who has closed the dialog to read on is told again only in answer to a click.
function tell(html, isAnswer) {
  if (ended.open || (wasShown && !isAnswer)) return;
  wasShown = true;
  ended.innerHTML = html;
  document.querySelector("dialog[open]")?.close();
  ended.showModal();
}
document.addEventListener("session-ended", ({ detail }) => tell(detail, false));

function leave(words) {
  const server = document.getElementById("server");
  const still = server.cloneNode(true);
  for (const element of [still, ...still.querySelectorAll("*")]) for (const { name } of [...element.attributes]) if (name.startsWith("hx-")) element.removeAttribute(name);
  still.querySelectorAll(".power, .btn-list, form, button").forEach((element) => element.remove());
  server.replaceWith(still);
  for (let part = still; part; part = part.nextElementSibling) Object.assign(part, { inert: true }).classList.add("gone");
  const note = document.getElementById("gone").content.cloneNode(true);
  note.querySelector("p").textContent = words;
  still.before(note);
}

// Before htmx makes anything of the answer.
body.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, target, requestConfig } = event.detail;
  if (xhr.status === 401) {
    event.preventDefault();
    tell(xhr.responseText, Boolean(requestConfig.triggeringEvent?.isTrusted));
  } else if (xhr.status === 404 && target.id === "server" && document.getElementById("gone")) {
    event.preventDefault();
    leave(new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".words").textContent);
  }
});
