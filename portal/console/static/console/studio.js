// After each answer of the studio: fields with a refusal are marked, and leaving with unsaved changes is asked about.
const form = document.getElementById("studio");
let changed = Boolean(document.querySelector("[data-unsaved]"));

form?.addEventListener("input", () => (changed = true));
document.addEventListener("submit", () => (changed = false));
window.addEventListener("beforeunload", (event) => changed && event.preventDefault());

document.body.addEventListener("htmx:afterSettle", () => {
  for (const input of form.querySelectorAll("[aria-describedby^='e-']")) {
    const refusal = document.getElementById(input.getAttribute("aria-describedby"));
    if (refusal && !refusal.hidden) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
});
