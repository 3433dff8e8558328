/* Run jobs: what also runs, filter, selections, summary. */
(() => {
  const form = one("#run-form");
  if (!form) return;
  const rows = all("tr[data-action]", form);
  const byName = new Map(rows.map((row) => [row.dataset.action, row]));
  const box = (row) => one("input[type=checkbox]", row);
  const fits = (row, kind) => !row.dataset.everything && (kind === "all" ||
    (kind === "failed" && row.dataset.failed === "yes") || (kind === "never" && row.dataset.last === ""));
  const update = () => {
    const ticked = rows.filter((row) => box(row).checked).map((row) => row.dataset.action);
    const force = one("[name=force_run_dependencies]", form).checked;
    const also = new Set();
    const walk = (name) => (byName.get(name)?.dataset.needs || "").split(" ").filter(Boolean).forEach((need) => {
      const row = byName.get(need);
      if (!row || also.has(need)) return;
      if (row.dataset.last === "succeeded" && !force) return;
      also.add(need);
      walk(need);
    });
    ticked.forEach(walk);
    ticked.forEach((name) => also.delete(name));
    for (const row of rows) {
      row.classList.toggle("on", box(row).checked);
      row.classList.toggle("with", also.has(row.dataset.action));
      one("[data-also]", row).hidden = !also.has(row.dataset.action);
    }
    const backend = one("[name=backend]:checked", form);
    const words = [`${ticked.length} action${ticked.length === 1 ? "" : "s"}`];
    if (also.size) words.push(`${also.size} dependenc${also.size === 1 ? "y" : "ies"}`);
    if (backend) words.push(`on ${backend.dataset.name}`);
    one("#run-summary").textContent = words.join(", ");
  };
  const count = () => all("[data-select]", form).forEach((button) => {
    const found = rows.filter((row) => fits(row, button.dataset.select)).length;
    button.hidden = !found && button.dataset.select !== "none";
    if (one(".count", button)) one(".count", button).textContent = found;
  });
  form.addEventListener("change", update);
  /* Last results are those of the backend that is chosen. */
  form.addEventListener("change", async (event) => {
    if (event.target.name !== "backend") return;
    const chosen = event.target.value;
    const html = await read(`${form.getAttribute("action")}?backend=${encodeURIComponent(chosen)}`);
    if (html === null || one("[name=backend]:checked", form).value !== chosen) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = new Map(all("tr[data-action]", page).map((row) => [row.dataset.action, row]));
    one("[data-where]", form).textContent = one("[data-where]", page)?.textContent || "";
    rows.forEach((row) => {
      const other = fresh.get(row.dataset.action);
      if (!other) return;
      row.dataset.last = other.dataset.last;
      row.dataset.failed = other.dataset.failed;
      [...row.cells].slice(3).forEach((cell, number) => { cell.innerHTML = other.cells[number + 3].innerHTML; });
    });
    count();
    update();
  });
  all("[data-select]", form).forEach((button) => button.addEventListener("click", () => {
    const kind = button.dataset.select;
    rows.forEach((row) => {
      const tick = box(row);
      if (tick.disabled || row.hidden) return;
      tick.checked = fits(row, kind);
    });
    update();
  }));
  const filter = one("#action-filter");
  if (filter) {
    one("#action-filter-box").hidden = false;
    filter.addEventListener("input", () => rows.forEach((row) => {
      row.hidden = !row.dataset.action.toLowerCase().includes(filter.value.trim().toLowerCase());
    }));
    filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }
  count();
  update();
})();
