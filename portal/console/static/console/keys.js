// Pages worked through by single keys: [data-key="j"] is clicked, or gets the focus where it is a field. No key acts while
// somebody writes or a dialog is open, and the switch [data-keys] turns them all off for good (WCAG 2.1.4).
// In a list, j and k move between the links of [data-walk].
const OFF = "gridhall-keys-off";
const control = document.querySelector("[data-keys]");
let on = localStorage.getItem(OFF) === null;
show();

control?.addEventListener("click", () => {
  on = !on;
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  show();
});

document.addEventListener("keydown", (event) => {
  if (!on || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const walk = document.querySelector("[data-walk]");
  if (walk && (event.key === "j" || event.key === "k")) {
    event.preventDefault();
    return step(walk, event.key === "j" ? 1 : -1);
  }
  if (walk && event.key === "x") return choose(event);
  const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!found || found.disabled) return;
  event.preventDefault();
  if (found.matches("input, select, textarea")) found.focus();
  else found.click();
});

function step(walk, way) {
  const links = [...walk.querySelectorAll("tbody a[href]")];
  const row = document.activeElement.closest("tr");
  const here = links.findIndex((link) => link.closest("tr") === row);
  const next = here < 0 ? (way > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + way, 0), links.length - 1);
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: "nearest" });
}

function choose(event) {
  const box = document.activeElement.closest("tr")?.querySelector("[type=checkbox]");
  if (!box) return;
  event.preventDefault();
  box.click();
}

function show() {
  control?.setAttribute("aria-pressed", String(on));
}
