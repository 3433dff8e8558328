/* Live pages: the stream names what changed, and each part of the page that is about it fetches itself again. */
(() => {
  const SILENT = 30000; // milliseconds without a word until a stream counts as dead; the server pings every ten
  const CONNECTING = 10000; // until a new try counts as dead
  const topics = (document.body.dataset.topics || "").split(" ").filter(Boolean);
  if (!topics.length) return;
  const backOff = (tries) => Math.min(30000, 1000 * 2 ** tries);

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
    say(`${added} ${part.dataset.steady}${added === 1 ? "" : "s"}`);
    return true;
  };
  /* What had the focus is gone: it goes to the part where that was, not to the beginning of the page. */
  const hold = (part) => {
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    if (document.activeElement !== part) one("#main").focus({ preventScroll: true });
  };
  const say = (text) => {
    const voice = one("#live-voice");
    if (voice.textContent !== text) voice.textContent = text;
  };
  const show = (part, html) => {
    const within = part.contains(document.activeElement);
    if (html !== part.shown && !steady(part, html)) morph(part, html);
    if (within && !part.contains(document.activeElement)) hold(part);
    part.shown = html;
    const title = one("[data-title]", part);
    if (title) document.title = `${title.dataset.title} · Job Server`;
    const said = one("[data-announce]", part);
    if (said) say(said.dataset.announce);
  };

  /* Parts are fetched one at a time; after a large one the next waits, so that a page takes 20 kB a second at
     most. One that does not come is still owed and tried again after a while; the others do not wait for it. */
  const owed = new Set();
  let timer = 0, retry = 0, busy = false, free = 0, failures = 0, behind = 0;
  const refresh = async () => {
    clearTimeout(retry);
    timer = 0;
    busy = true;
    let size = 0;
    const failed = new Set();
    const parts = all("[data-src]").filter((part) => owed.has(part));
    owed.clear(); // of those that have left the page, too
    for (const part of parts) {
      const html = await read(part.dataset.src, { "X-Live": "1" });
      if (html === null) {
        failed.add(part);
        behind ||= Date.now();
        honest();
      } else {
        size += html.length;
        show(part, html);
      }
    }
    const news = owed.size; // what changed while it was asked for
    failed.forEach((part) => owed.add(part));
    failures = failed.size ? failures + 1 : 0;
    if (!failed.size) behind = 0;
    busy = false;
    free = Date.now() + size / 20;
    honest();
    if (news) soon();
    else if (failed.size) retry = setTimeout(soon, backOff(failures));
  };
  const soon = () => { timer ||= setTimeout(refresh, Math.max(150, free - Date.now())); };
  const later = (topic) => {
    for (const part of all("[data-src]")) {
      if (topic === "resync" || part.dataset.live.split(" ").includes(topic)) owed.add(part);
    }
    if (!busy && owed.size) soon();
  };

  /* "Live" is true, or it says since when it is not: the stream is gone, or a part is behind. */
  let source = null, heard = 0, lost = 0, tries = 0;
  const honest = () => all("[data-liveness]").forEach((label) => {
    const since = Math.min(lost || Infinity, behind || Infinity);
    const dead = since < Infinity;
    label.hidden = false;
    label.classList.toggle("lost", dead);
    const text = dead ? `Not live since ${Math.max(1, Math.round((Date.now() - since) / 1000))} s, trying again` : "Live";
    const said = one("b", label);
    if (said.textContent !== text) said.textContent = text;
  });
  const close = () => { source?.close(); source = null; };
  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource("/live?" + new URLSearchParams(topics.map((topic) => ["topic", topic])));
    heard = Date.now();
    const alive = () => { heard = Date.now(); };
    source.onmessage = (event) => { alive(); later(JSON.parse(event.data).topic); };
    source.addEventListener("ping", alive);
    source.onopen = () => {
      alive();
      if (lost) {
        clearTimeout(timer);
        timer = free = 0;
        later("resync");
      }
      lost = tries = 0;
      document.body.dataset.listening = "yes";
      honest();
    };
    source.onerror = () => { lost ||= Date.now(); honest(); };
  };
  /* A browser gives up for good after a 503 and waits without end for a line that is dead; here it is tried again. */
  const watch = () => {
    if (document.hidden) return;
    const patience = source?.readyState === EventSource.OPEN ? SILENT : CONNECTING;
    if (source && Date.now() - heard > patience) { lost ||= heard; close(); }
    if (source?.readyState === EventSource.CLOSED) close();
    if (!source && Date.now() - heard > backOff(tries)) { tries += 1; listen(); }
    if (lost || behind) honest();
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    if (!source) { listen(); later("resync"); }
  });
  setInterval(watch, 1000);
  listen();
})();
