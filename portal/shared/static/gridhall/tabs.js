// Panels on one page become tabs; without script they simply stand below each other with their headings.
prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));

function prepare(place) {
  for (const root of place.querySelectorAll("[data-tabs]:not([data-ready])")) arrange(root);
}

function arrange(root) {
  root.dataset.ready = "";
  const list = root.querySelector("[role=tablist]");
  const panels = [...root.querySelectorAll(":scope > [data-panel]")];
  const tabs = panels.map((panel, place) => {
    const tab = document.createElement("button");
    panel.id ||= `${list.id || "panel"}-${place}`;
    Object.assign(tab, { type: "button", className: "g-tab", textContent: panel.dataset.panel, id: `${panel.id}-tab` });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => show(place));
    list.append(tab);
    return tab;
  });
  const show = (here) => {
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === here));
      tab.tabIndex = place === here ? 0 : -1;
      panels[place].hidden = place !== here;
    });
  };
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
    show(next);
    tabs[next].focus();
  });
  const named = panels.findIndex((panel) => `#${panel.id}` === location.hash);
  show(Math.max(named, 0));
}
