// Switches light, dark or the device's choice at once; without script the form does the same with a reload.
for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const theme = event.submitter?.value ?? "";
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of form.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    const icon = event.submitter?.querySelector("svg")?.cloneNode(true);
    const summary = form.closest("details")?.querySelector("summary");
    if (icon && summary) summary.replaceChildren(icon);
    form.closest("details")?.removeAttribute("open");
    const body = new FormData(form);
    body.set("theme", theme);
    await fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
  });
}
