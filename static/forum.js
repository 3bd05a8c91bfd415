/* What HTML and htmx lack: focus and announcements after a swap, kept drafts, counters, keys in the queue.
   Every page works without this file. Attributes it looks for: docs/style.md. */
(() => {
  "use strict";
  const all = (selector, within = document) => [
    ...(within.matches?.(selector) ? [within] : []), ...within.querySelectorAll(selector),
  ];
  const announce = (text) => {
    const region = document.getElementById("announce");
    if (!region || !text) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50); // emptied first, so that the same words are said again
  };

  // Counters: <textarea data-count="10000"> with <span id="…-count">. No maxlength: what is typed is never cut.
  const count = (input) => {
    const out = document.getElementById(`${input.id}-count`);
    if (!out) return;
    const most = Number(input.dataset.count);
    const left = most - [...input.value].length;
    const wasOver = out.classList.contains("is-over");
    out.classList.toggle("is-over", left < 0);
    const words = left < 0 ? out.dataset.over : out.dataset.left;
    out.textContent = words.replace("{n}", Math.abs(left).toLocaleString(document.documentElement.lang));
    if (wasOver !== left < 0) announce(out.textContent);
  };

  // Drafts: <form data-draft="/drafts"> is posted there 3 s after a change, and when the page goes away.
  const dirty = new Map();
  const sending = new WeakMap();
  const keep = async (form, leaving = false) => {
    clearTimeout(dirty.get(form));
    dirty.delete(form);
    const note = form.querySelector("[data-draft-note]");
    const abort = new AbortController();
    sending.set(form, abort);
    let kept = false;
    try {
      const body = new URLSearchParams(new FormData(form));
      const keepalive = leaving && String(body).length < 60000; // browsers let 64 KB outlive their page
      kept = (await fetch(form.dataset.draft, { method: "POST", body, keepalive, signal: abort.signal })).ok;
    } catch { /* offline: said below, tried again at the next change */ }
    if (!note || leaving || abort.signal.aborted) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    note.textContent = (kept ? note.dataset.kept : note.dataset.lost).replace("{time}", time);
    if (!kept) announce(note.textContent);
  };
  const later = (form) => {
    clearTimeout(dirty.get(form));
    dirty.set(form, setTimeout(keep, 3000, form));
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-count]")) count(event.target);
    const form = event.target.form?.closest("[data-draft]");
    if (form) later(form);
  });
  document.addEventListener("submit", ({ target: form }) => { // it is sent now: no draft may arrive after it
    clearTimeout(dirty.get(form));
    dirty.delete(form);
    sending.get(form)?.abort();
  });
  addEventListener("pagehide", () => { for (const form of [...dirty.keys()]) keep(form, true); });

  // After a swap: say what happened, and never leave the focus nowhere.
  const settle = (nodes) => {
    const within = (selector) => nodes.flatMap((node) => (node.querySelectorAll ? all(selector, node) : []));
    within("[data-count]").forEach(count);
    announce(within("[data-announce]").map((node) => node.textContent.trim()).join(" "));
    const wanted = within("[data-focus]")[0];
    if (wanted) wanted.focus();
    if (wanted || !lost()) return;
    const heading = within("[data-focus-lost]")[0] ?? within("h1, h2, h3")[0];
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
  };
  let hadFocus = false;
  const lost = () => hadFocus && (!document.activeElement || document.activeElement === document.body);
  document.addEventListener("htmx:before:swap", () => { hadFocus = document.activeElement !== document.body; });
  document.addEventListener("htmx:after:settle", (event) => settle(event.detail.newContent ?? []));
  // An error page in place of a fragment goes on top and takes the focus; what was typed stays below it.
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (!/^\s*<!doctype/i.test(ctx.text)) return;
    const isOurs = ctx.text.includes('class="error-page');
    Object.assign(ctx, { target: "#flash", select: ".error-page", push: "false", swap: "innerHTML ignoreTitle:true" });
    if (!isOurs) ctx.swap = "none";
    if (!isOurs) announce(document.body.dataset.offline);
  });
  document.addEventListener("htmx:error", ({ target }) => {
    announce(document.body.dataset.offline);
    if (target.matches?.("[data-draft]")) later(target);
  });

  // The menu closes by Escape and by a click elsewhere.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("[data-menu][open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));

  // Keys work only while the focus is inside [data-keys], and can be switched off (WCAG 2.1.4): rows are [data-row],
  // [data-key="r"] is pressed, chosen or focused by r, ? opens <dialog id="keys">.
  const root = document.documentElement;
  const keys = {
    j: (rows, at) => step(rows, at + 1),
    k: (rows, at) => step(rows, Math.max(at - 1, 0)),
    o: (rows, at) => rows[at]?.querySelector("a")?.click(),
    x: (rows, at) => rows[at]?.querySelector("input[type=checkbox]")?.click(),
    "?": () => document.getElementById("keys")?.showModal(),
  };
  keys.ArrowDown = keys.j;
  keys.ArrowUp = keys.k;
  const step = (rows, to) => {
    const row = rows[Math.min(to, rows.length - 1)];
    row?.querySelector("a")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  const press = (control) => {
    const needsFocus = control.matches("select, input");
    if (needsFocus) control.focus();
    if (!control.matches("select")) control.click();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("[data-menu][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
    const region = event.target.closest?.("[data-keys]");
    if (!region || event.target.closest("dialog") || root.classList.contains("no-keys")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return;
    const rows = all("[data-row]", region);
    const act = keys[event.key];
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control) press(control);
    else if (act && (rows.length || event.key === "?")) act(rows, rows.findIndex((row) => row.contains(document.activeElement)));
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const ticks = event.target.closest("[data-ticks]"); // a link that loads the page with every box ticked
    if (!ticks) return;
    event.preventDefault();
    const boxes = all(".pick:not(:disabled)");
    for (const box of boxes) box.checked = ticks.dataset.ticks === "all";
    announce(`${boxes.filter((box) => box.checked).length} / ${boxes.length}`);
  });
  const KEYS_OFF = "forum-keys-off";
  const useKeys = (isOn) => root.classList.toggle("no-keys", !isOn);
  try { useKeys(!localStorage.getItem(KEYS_OFF)); } catch { /* no storage: keys stay on */ }
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-keys-switch]")) return;
    useKeys(target.checked);
    try { localStorage[target.checked ? "removeItem" : "setItem"](KEYS_OFF, "1"); } catch { /* for this page only */ }
  });
  for (const control of all("[data-keys-switch]")) control.checked = !root.classList.contains("no-keys");
  for (const opener of all("[data-opens]")) opener.hidden = false;
  const region = document.querySelector("[data-keys]");
  const isFree = document.activeElement === document.body && !document.querySelector("[autofocus]");
  if (region && isFree && matchMedia("(pointer: fine)").matches) {
    region.focus({ preventScroll: true });
  }
  document.querySelectorAll("[data-count]").forEach(count);
})();
