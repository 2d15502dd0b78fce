// Light or dark as the system has it, unless the person chose. No module, so that it counts before the first paint.
"use strict";
{
  const KEY = "greenroom.theme";
  const root = document.documentElement;

  function apply() {
    const chosen = localStorage.getItem(KEY);
    if (chosen === null) delete root.dataset.theme;
    else root.dataset.theme = chosen;
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  apply();
  addEventListener("storage", apply);
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-toggles=theme]")) return;
    localStorage.setItem(KEY, isDark() ? "light" : "dark");
    apply();
  });
}
