// data-opens="id" opens a dialog, data-closes closes the one around it; a click on the backdrop closes too.
// A dialog that htmx brings in (data-dialog-now) opens by itself. data-copies copies the code beside it.
document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();

  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && outside(event)) event.target.close();

  const copier = event.target.closest("[data-copies]");
  if (copier) await navigator.clipboard?.writeText(copier.closest(".g-code").querySelector("code").textContent);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const dialog = event.target.querySelector?.("dialog[data-dialog-now]:not([open])");
  dialog?.showModal();
});

function outside(event) {
  const box = event.target.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}
