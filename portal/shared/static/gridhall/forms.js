// Small comforts of forms: the chosen file's name, showing a password, filters that apply at once, bulk selection.
prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));

function prepare(root) {
  root.querySelectorAll("[data-drop]:not([data-ready])").forEach(nameTheFile);
  root.querySelectorAll("[data-password]:not([data-ready])").forEach(letPasswordBeSeen);
}

function nameTheFile(drop) {
  drop.dataset.ready = "";
  const input = drop.querySelector("input[type=file]");
  const name = drop.querySelector("[data-drop-name]");
  input.addEventListener("change", () => {
    if (input.files.length) name.textContent = [...input.files].map((file) => file.name).join(", ");
  });
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, () => (drop.dataset.over = ""));
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => delete drop.dataset.over);
}

function letPasswordBeSeen(box) {
  box.dataset.ready = "";
  const [input, button] = [box.querySelector("input"), box.querySelector("button")];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto-submit]");
  if (form && event.target.matches("select, [type=checkbox]")) form.requestSubmit();
});

// A checkbox with data-select-all rules those of its table; [data-bulk] shows while any is chosen, with their count.
document.addEventListener("change", (event) => {
  const table = event.target.closest("[data-selectable]");
  if (!table) return;
  const boxes = [...table.querySelectorAll("tbody [type=checkbox]")];
  if (event.target.matches("[data-select-all]")) boxes.forEach((box) => (box.checked = event.target.checked));
  boxes.forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = table.querySelector("[data-bulk]");
  if (bar) bar.hidden = chosen === 0;
  table.querySelectorAll("[data-bulk-count]").forEach((place) => (place.textContent = chosen));
});
