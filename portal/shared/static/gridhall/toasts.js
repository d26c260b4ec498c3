// Messages go away by themselves after a while, refusals stay; others can be sent by an HX-Trigger header:
// {"toast": {"tone": "success", "text": "Saved."}}
const LONG = 6000;
const box = document.getElementById("toasts");

function settle(toast) {
  toast.querySelector("[data-close-toast]")?.addEventListener("click", () => toast.remove());
  if (!toast.classList.contains("g-tone-danger")) {
    let timer = setTimeout(() => toast.remove(), LONG);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), LONG)));
  }
}

box?.querySelectorAll("[data-toast]").forEach(settle);
document.addEventListener("htmx:oobAfterSwap", () => box?.querySelectorAll("[data-toast]").forEach(settle));
document.addEventListener("toast", (event) => {
  const { tone = "info", text = "" } = event.detail ?? {};
  const toast = document.createElement("div");
  toast.className = `g-toast g-tone-${tone}`;
  toast.textContent = text;
  box?.append(toast);
  settle(toast);
});
