// The studio: fields with a refusal are marked, a formula and its numbers per label follow each other, and leaving
// with unsaved changes is asked about.
const form = document.getElementById("studio");
const MAP = /\{([^{}]*)\}\s*\[\s*label\s*\]/;
let changed = Boolean(document.querySelector("[data-unsaved]"));

form?.addEventListener("input", (event) => {
  changed = true;
  const [place, label] = event.target.name.split("@");
  if (label) writeFormula(place);
  else readFormula(event.target);
});
document.addEventListener("submit", () => (changed = false));
window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
document.body.addEventListener("htmx:afterSettle", markRefusals);

function writeFormula(place) {
  const formula = form.elements[place];
  const numbers = labelsOf(place).filter((input) => input.value.trim());
  const entries = numbers.map((input) => `${input.name.split("@")[1]}: ${input.value.trim()}`).join(", ");
  if (formula) formula.value = formula.value.replace(MAP, () => `{${entries}}[label]`);
}

function readFormula(formula) {
  const found = MAP.exec(formula.value);
  if (!found) return;
  const numbers = new Map(found[1].split(",").map((entry) => entry.split(":").map((part) => part.trim())));
  for (const input of labelsOf(formula.name)) input.value = numbers.get(input.name.split("@")[1]) ?? "";
}

function labelsOf(place) {
  return [...form.elements].filter((input) => input.name?.startsWith(`${place}@`));
}

function markRefusals() {
  for (const input of form.querySelectorAll("[aria-describedby^='e-']")) {
    const refusal = document.getElementById(input.getAttribute("aria-describedby"));
    if (refusal && !refusal.hidden) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}
