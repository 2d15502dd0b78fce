/** Ask before something is done that somebody will notice. */

const dialog = document.getElementById("confirm");
const toast = document.getElementById("toast");
const TOLD_FOR_MS = 6000;
let fading = null;

/** @returns {Promise<boolean>} */
export function confirmed({ title, words, yes }) {
  document.getElementById("confirm-title").textContent = title;
  document.getElementById("confirm-words").textContent = words;
  document.getElementById("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Tell what came of it, for a while. */
export function tell(words, { bad = false } = {}) {
  toast.textContent = words;
  toast.classList.toggle("bad", bad);
  toast.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => (toast.hidden = true), TOLD_FOR_MS);
}
