// The command palette: "/" or Ctrl-K opens it, it knows every page of the navigation and asks the server for the rest.
const palette = document.getElementById("palette");
if (palette) {
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const pages = [...document.querySelectorAll(".g-nav-item")].map((link) => ({
    href: link.getAttribute("href"),
    label: link.querySelector("span").textContent.trim(),
    icon: link.querySelector("svg"),
  }));
  let asked = 0;
  let timer;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const here = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

  function mark(place) {
    options().forEach((option, at) => {
      option.id = `palette-option-${at}`;
      option.setAttribute("aria-selected", String(at === place));
      option.tabIndex = -1;
      if (at === place) {
        option.scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", option.id);
      }
    });
  }

  function group(title) {
    const head = document.createElement("div");
    head.className = "g-palette-group";
    head.setAttribute("role", "presentation");
    head.textContent = title;
    return head;
  }

  function page({ href, label, icon }) {
    const option = document.createElement("a");
    option.className = "g-palette-option";
    option.setAttribute("role", "option");
    option.href = href;
    if (icon) option.append(icon.cloneNode(true));
    option.append(label);
    return option;
  }

  function fill(query, found = "") {
    const wanted = query.toLowerCase();
    const fitting = pages.filter(({ label }) => label.toLowerCase().includes(wanted));
    list.innerHTML = found;
    if (fitting.length) list.append(group(list.dataset.pages), ...fitting.map(page));
    if (!list.children.length) list.append(group(list.dataset.nothing));
    mark(0);
  }

  async function ask(query) {
    const mine = ++asked;
    const answer = await fetch(`${input.dataset.url}?q=${encodeURIComponent(query)}`, {
      headers: { "HX-Request": "true" },
      credentials: "same-origin",
    });
    if (mine === asked && answer.ok) fill(query, await answer.text());
  }

  function show() {
    if (palette.open) return;
    input.value = "";
    fill("");
    palette.showModal();
    input.focus();
  }

  input.addEventListener("input", () => {
    const query = input.value.trim();
    fill(query);
    clearTimeout(timer);
    asked += 1;
    if (query.length > 1 && input.dataset.url) timer = setTimeout(() => ask(query), 160);
  });
  palette.addEventListener("keydown", (event) => {
    const count = options().length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      event.preventDefault();
      mark((here() + step + count) % count);
    }
    if (event.key === "Escape") {
      event.preventDefault(); // a search field would only empty itself
      palette.close();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      options()[here()]?.click();
    }
  });
  document.addEventListener("click", (event) => event.target.closest("[data-opens-palette]") && show());
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    const called = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !writing);
    if (!called) return;
    event.preventDefault();
    show();
  });
}
