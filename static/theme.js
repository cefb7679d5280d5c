// Light or dark: the reader's choice, else the system's. Loaded before the page is drawn, so that nothing flashes. The key is
// of our pages alone; whatever stands there beside the two words means the system's.
(() => {
  const key = "ospab-theme";
  const html = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => ["light", "dark"].find((word) => word === localStorage.getItem(key)) || "system";
  const apply = () => {
    const theme = chosen();
    html.dataset.bsTheme = theme === "system" ? (system.matches ? "dark" : "light") : theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
    document.dispatchEvent(new Event("theme"));
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("DOMContentLoaded", apply);
  addEventListener("click", ({ target }) => {
    const button = target.closest("[data-theme-choice]");
    if (!button) return;
    localStorage.setItem(key, button.dataset.themeChoice);
    apply();
  });
})();
