// Under the pointer or the arrow keys a chart shows the row of its own table that belongs to the place.
const SVG = "http://www.w3.org/2000/svg";

prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));

function prepare(root) {
  for (const figure of root.querySelectorAll("[data-chart]:not([data-ready])")) follow(figure);
}

function follow(figure) {
  figure.dataset.ready = "";
  const views = figure.querySelector(".g-chart-views");
  const tip = figure.querySelector("[data-tip]");
  const heads = [...figure.querySelectorAll("thead th")];
  const rows = [...figure.querySelectorAll("tbody tr")];
  for (const svg of figure.querySelectorAll("svg[data-count]")) watch(svg, { views, tip, heads, rows });
}

function watch(svg, parts) {
  const place = number(svg, "count");
  const band = document.createElementNS(SVG, "rect");
  band.setAttribute("class", "g-crosshair");
  svg.tabIndex = 0;
  let here = -1;

  function show(index) {
    here = Math.min(Math.max(index, 0), place - 1);
    const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map((name) => number(svg, name));
    const width = (right - left) / place;
    set(band, { x: left + here * width, y: top, width, height: bottom - top });
    svg.append(band);
    fill(parts, here);
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const middle = (left + (here + 0.5) * width) * scale;
    const space = parts.views.clientWidth - parts.tip.offsetWidth;
    const beside = middle + width * scale / 2 + 10;
    const x = beside > space ? middle - width * scale / 2 - 10 - parts.tip.offsetWidth : beside;
    parts.tip.style.transform = `translate(${Math.max(0, Math.min(x, space))}px, ${top * scale}px)`;
  }
  function hide() {
    band.remove();
    parts.tip.hidden = true;
  }

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const [left, right] = [number(svg, "left"), number(svg, "right")];
    if (x < left || x > right) return hide();
    show(Math.floor(((x - left) / (right - left)) * place));
  });
  const follow = () => parts.rows[here]?.querySelector("th a")?.click();
  svg.addEventListener("click", () => parts.tip.hidden || follow());
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: place - 1 }[event.key];
    if (event.key === "Escape") hide();
    if (event.key === "Enter" && !parts.tip.hidden) follow();
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
}

function fill({ tip, heads, rows }, index) {
  const row = rows[index];
  if (!row) return;
  const title = document.createElement("strong");
  title.textContent = row.querySelector("th").textContent;
  const lines = [...row.querySelectorAll("td")].map((cell, place) => {
    const head = heads[place + 1];
    const line = document.createElement("div");
    const value = document.createElement("b");
    if (head.dataset.tone) line.className = `g-${head.dataset.tone}`;
    value.textContent = cell.textContent;
    line.append(head.textContent, value);
    return line;
  });
  tip.replaceChildren(title, ...lines);
  tip.hidden = false;
}

function set(node, values) {
  for (const [name, value] of Object.entries(values)) node.setAttribute(name, value);
}

function number(node, name) {
  return Number(node.dataset[name]);
}
