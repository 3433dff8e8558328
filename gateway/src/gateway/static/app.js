/* What every page has; each also works without it. The other scripts use what stands outside the function. */
"use strict";
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
/* The text at an address; null when it does not come within ten seconds, is refused or lies elsewhere. */
const read = async (address, headers = {}) => {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), 10000);
  try {
    const answer = await fetch(address, { headers, signal: late.signal });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
};

(() => {
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
        const found = await read(input.dataset.lookup + "?" + new URLSearchParams({ q: text }));
        if (found === null || input.value.trim() !== text) return;
        list.replaceChildren(...JSON.parse(found).map(({ value, label }) => new Option(label, value)));
      }, 150);
    });
  });

  /* What cannot be undone: the page that asks once more opens as a dialog, or is gone to when it cannot be fetched. */
  const ask = async (link) => {
    const html = await read(link.href) || "";
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
})();
