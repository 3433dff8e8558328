/* Makes pages live and forms quicker; every page also works without it. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* Live updates: the stream names what changed, and each part of the page fetches itself again. One fetch at a
     time; after a large one the next waits, so that a page takes 20 kB a second at most. */
  const topics = (document.body.dataset.topics || "").split(" ").filter(Boolean);
  const waiting = new Set();
  let source = null, timer = 0, busy = false, free = 0, heard = 0, lost = 0, tries = 0;

  /* What a reader has opened stays open, and what has the focus keeps it: the page is changed, not replaced. */
  const morph = (part, html) => Idiomorph.morph(part, html, {
    morphStyle: "innerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeNodeMorphed: (old) => !old.dataset?.hasOwnProperty("liveness"),
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
    },
  });
  /* In a steady list rows change where they are; new ones are announced and wait until they are asked for. */
  const steady = (part, html) => {
    const here = new Map(all("tr[data-key]", part).map((row) => [row.dataset.key, row]));
    if (!part.dataset.steady || !here.size) return false;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const rows = all("tr[data-key]", fresh.content);
    const added = rows.filter((row) => !here.has(row.dataset.key)).length;
    if (!rows.length) return false;
    for (const row of rows) {
      const old = here.get(row.dataset.key);
      if (old && old.innerHTML !== row.innerHTML) Idiomorph.morph(old, row.outerHTML);
    }
    one(".news", part)?.remove();
    if (!added) return true;
    const news = document.createElement("button");
    news.className = "btn tiny news";
    news.textContent = `Show ${added} ${part.dataset.steady}${added === 1 ? "" : "s"}`;
    news.addEventListener("click", () => part.replaceChildren(fresh.content));
    part.prepend(news);
    one("#live-voice").textContent = `${added} ${part.dataset.steady}${added === 1 ? "" : "s"}`;
    return true;
  };
  /* What had the focus is gone: it goes to the part where that was, not to the beginning of the page. */
  const hold = (part) => {
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    if (document.activeElement !== part) one("#main").focus({ preventScroll: true });
  };
  const update = async (part) => {
    const answer = await fetch(part.dataset.src, { credentials: "same-origin", headers: { "X-Live": "1" } });
    if (!answer.ok || answer.redirected) return 0;
    const html = await answer.text();
    const within = part.contains(document.activeElement);
    if (html !== part.shown && !steady(part, html)) morph(part, html);
    if (within && !part.contains(document.activeElement)) hold(part);
    part.shown = html;
    const title = one("[data-title]", part);
    if (title) document.title = `${title.dataset.title} · Job Server`;
    const said = one("[data-announce]", part);
    const voice = one("#live-voice");
    if (said && voice && voice.textContent !== said.dataset.announce) voice.textContent = said.dataset.announce;
    return html.length;
  };
  const refresh = async () => {
    timer = 0;
    if (busy) return;
    busy = true;
    const parts = all("[data-src]").filter((part) =>
      waiting.has("resync") || part.dataset.live.split(" ").some((topic) => waiting.has(topic)));
    waiting.clear();
    let size = 0;
    for (const part of parts) {
      try { size += await update(part); } catch { lost ||= Date.now(); }
    }
    busy = false;
    free = Date.now() + size / 20;
    honest();
    if (waiting.size) soon();
  };
  const soon = () => { timer ||= setTimeout(refresh, Math.max(150, free - Date.now())); };
  const later = (topic) => { waiting.add(topic); if (!busy) soon(); };

  /* "Live" is true, or it says since when it is not. The stream is heard of every few seconds. */
  const honest = () => all("[data-liveness]").forEach((label) => {
    label.hidden = false;
    label.classList.toggle("lost", Boolean(lost));
    const text = lost ? `Not live since ${Math.max(1, Math.round((Date.now() - lost) / 1000))} s, trying again` : "Live";
    const said = one("b", label);
    if (said.textContent !== text) said.textContent = text;
  });
  const close = () => { source?.close(); source = null; };
  const listen = () => {
    if (source || !topics.length || document.hidden) return;
    source = new EventSource("/live?" + new URLSearchParams(topics.map((topic) => ["topic", topic])));
    heard = Date.now();
    const alive = () => { heard = Date.now(); };
    source.onmessage = (event) => { alive(); later(JSON.parse(event.data).topic); };
    source.addEventListener("ping", alive);
    source.onopen = () => {
      alive();
      if (lost) later("resync");
      lost = tries = 0;
      document.body.dataset.listening = "yes";
      honest();
    };
    source.onerror = () => { lost ||= Date.now(); honest(); };
  };
  const watch = () => {
    if (document.hidden || !topics.length) return;
    if (source && Date.now() - heard > 30000) { lost ||= heard; close(); }
    if (source?.readyState === EventSource.CLOSED) close();
    if (!source && Date.now() - heard > Math.min(30000, 1000 * 2 ** tries)) { tries += 1; listen(); }
    if (lost) honest();
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    if (!source) { listen(); later("resync"); }
  });
  if (topics.length) setInterval(watch, 1000);
  listen();

  /* Relative times stay true. */
  const ago = (seconds) => {
    const units = [[86400, "day"], [3600, "hour"], [60, "minute"]];
    for (const [size, word] of units) {
      const count = Math.floor(seconds / size);
      if (count >= 1) return `${count} ${word}${count > 1 ? "s" : ""} ago`;
    }
    return "just now";
  };
  setInterval(() => all("time[data-ago]").forEach((item) => {
    item.textContent = ago((Date.now() - Date.parse(item.dateTime)) / 1000);
  }), 30000);

  /* Keyboard, menus. */
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); one("#q")?.focus(); }
    if (event.key === "Escape") all("details.menu[open], details.multi[open]").forEach((menu) => {
      menu.open = false;
      if (menu.contains(document.activeElement)) one("summary", menu).focus();
    });
  });
  document.addEventListener("click", (event) => all("details.menu[open], details.multi[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  }));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = "Copied"; });
  });

  /* Forms: sent once, also by two clicks; what may be long says how much is left; names are offered. */
  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (!sent.matches("form[data-once]")) return;
    if (sent.dataset.sent) { event.preventDefault(); return; }
    sent.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((sent) => {
    delete sent.dataset.sent;
    all("[aria-disabled]", sent).forEach((button) => button.removeAttribute("aria-disabled"));
  }));
  const counted = (root) => all("textarea[data-most]", root).forEach((text) => {
    const left = one("[data-left]", text.parentElement);
    const most = Number(text.dataset.most);
    const say = () => {
      const count = most - [...text.value].length;
      left.textContent = count < 0 ? `${-count} characters too many` : `${count} characters left`;
    };
    text.addEventListener("input", say);
    say();
  });
  counted(document);
  const offered = (input, options) => {
    const list = document.createElement("datalist");
    list.id = `${input.id}-list`;
    list.replaceChildren(...options);
    input.after(list);
    input.setAttribute("list", list.id);
    return list;
  };
  /* A long list becomes a field that finds any part of a name; what is not chosen from it is looked for. */
  all("select[data-chooser]").forEach((select) => {
    const options = [...select.options].filter((option) => option.value);
    if (options.length < 8) return;
    const input = document.createElement("input");
    Object.assign(input, { id: select.id, name: select.name, value: select.value, placeholder: select.options[0].text });
    input.setAttribute("autocomplete", "off");
    select.replaceWith(input);
    offered(input, options.map(({ value, label }) => new Option(label, value)));
  });
  all("input[data-lookup]").forEach((input) => {
    const list = offered(input, []);
    let pause = 0;
    input.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(async () => {
        const text = input.value.trim();
        if (!text) { list.replaceChildren(); return; }
        const answer = await fetch(input.dataset.lookup + "?" + new URLSearchParams({ q: text })).catch(() => null);
        if (!answer?.ok || input.value.trim() !== text) return;
        list.replaceChildren(...(await answer.json()).map(({ value, label }) => new Option(label, value)));
      }, 150);
    });
  });

  /* What cannot be undone: the page that asks once more opens as a dialog, or is gone to when it cannot be fetched. */
  const ask = async (link) => {
    const answer = await fetch(link.href, { credentials: "same-origin", redirect: "manual" }).catch(() => null);
    const html = answer?.ok ? await answer.text() : "";
    const asked = one("[data-confirm]", new DOMParser().parseFromString(html, "text/html"));
    if (!asked) { location.assign(link.href); return; }
    if (one("dialog")) return; // two quick clicks ask once
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", "confirm-title");
    dialog.setAttribute("aria-describedby", "confirm-what");
    dialog.append(asked);
    document.body.append(dialog);
    counted(dialog);
    const keep = one("[data-keep]", dialog);
    keep.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
    dialog.addEventListener("close", () => {
      dialog.remove();
      const back = link.isConnected ? link : all("a[data-dialog]").find((other) => other.href === link.href);
      (back || one("#main")).focus();
    });
    dialog.showModal();
    (one("textarea", dialog) || keep).focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    ask(link);
  });

  /* Run jobs: what also runs, filter, selections, summary. */
  const form = one("#run-form");
  if (form) {
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
      const answer = await fetch(`${form.getAttribute("action")}?backend=${encodeURIComponent(chosen)}`);
      if (!answer.ok || one("[name=backend]:checked", form).value !== chosen) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
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
  }
})();
