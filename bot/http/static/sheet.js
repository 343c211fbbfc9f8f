// Sends each cell of the sheet as it is left, and keeps it on this device until the server has it.
// Without this the page is a plain form. Its words are on <body data-…>.
(() => {
  "use strict";
  const form = document.querySelector("#sheet");
  if (!form || !Element.prototype.replaceChildren) return;
  const AGAIN = 15000; // milliseconds until what did not get through is tried again
  const GIVE_UP = 20000;
  const MOST = 30; // entries at once
  const words = document.body.dataset;
  const state = document.querySelector("#state");
  const net = document.querySelector("#net");
  const bar = form.querySelector(".bar");
  const done = bar.querySelector(".done");
  const KEY = `sheet:${location.pathname}`;
  // name → {value, was, base, act}: what was put on the sheet and is not with the server yet.
  let { waiting = {}, batch = null } = kept();
  let sending = false;
  let timer = 0;

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || {};
    } catch {
      return {};
    }
  }
  function keep() {
    try {
      if (batch || Object.keys(waiting).length) localStorage.setItem(KEY, JSON.stringify({ waiting, batch }));
      else localStorage.removeItem(KEY);
    } catch {
      // Then it is kept as long as the page is open.
    }
  }
  const left = () => Object.keys(waiting).length + Object.keys(batch?.entries ?? {}).length;
  const cells = () => [...form.querySelectorAll(".cells input:not([type=hidden])")];
  const rowOf = (element) => element.closest(".occupation");
  const field = (name) => form.elements.namedItem(name);
  const freshId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

  // What still stands beside a cell because what was typed was not taken.
  const told = (input) => rowOf(input).querySelector(`.note[data-cell="${CSS.escape(input.name.replace(/^cell:/, ""))}"]`);
  function calm(input) {
    input.removeAttribute("aria-invalid");
    input.closest(".cell")?.classList.remove("wrong");
  }

  function put(input) {
    const value = input.value.trim();
    if (value === input.dataset.now) {
      delete waiting[input.name];
      told(input)?.remove();
      calm(input);
    } else waiting[input.name] = { value, was: input.dataset.now, base: rowOf(input).dataset.base };
    keep();
    flush();
  }

  function next() {
    const every = cells();
    const at = every.indexOf(document.activeElement);
    const to = at < 0 ? every.find((input) => !input.value) : every[at + 1];
    if (!to) return done.focus();
    rowOf(to).open = true;
    to.focus();
    to.scrollIntoView({ block: "center" });
  }

  // What the server says of the rows takes the place of theirs; what is being typed stays.
  function show(html, sent) {
    const held = new DOMParser().parseFromString(html, "text/html").querySelector("[data-base]");
    if (held.dataset.open !== "open") return location.reload();
    state.textContent = held.querySelector("p").textContent;
    for (const fresh of held.querySelectorAll(".occupation")) {
      const old = document.getElementById(fresh.id);
      const active = document.activeElement;
      const typing = { id: active.id, name: active.name, value: active.value };
      old.dataset.base = fresh.dataset.base;
      old.classList.toggle("full", fresh.classList.contains("full"));
      for (const cell of fresh.querySelectorAll(".cells input:not([type=hidden])")) {
        const input = document.getElementById(cell.id);
        const note = input.name in sent ? null : told(input);
        if (note) {
          fresh.querySelector(".notes").prepend(note); // it stays until this cell is filled in again
          input.dataset.now = cell.dataset.now;
          continue;
        }
        const touched = input.name in waiting || (input === active && input.value.trim() !== input.dataset.sent);
        if (!touched) input.value = cell.value;
        input.dataset.now = cell.dataset.now;
        for (const name of ["aria-invalid", "aria-describedby"]) {
          if (cell.hasAttribute(name)) input.setAttribute(name, cell.getAttribute(name));
          else input.removeAttribute(name);
        }
        input.closest(".cell").className = cell.closest(".cell").className;
      }
      for (const part of [".how", ".notes", ".tools"]) {
        const there = old.querySelector(part);
        const inside = there.contains(active);
        there.replaceChildren(...fresh.querySelector(part).childNodes);
        if (!inside) continue;
        const again = document.getElementById(typing.id) ?? (typing.id ? null : old.querySelector("summary"));
        if (again && typing.name in waiting) again.value = typing.value;
        (again ?? old.querySelector("summary")).focus();
      }
      old.querySelectorAll("[data-put]").forEach((button) => (button.hidden = false));
    }
  }

  async function post() {
    const data = new URLSearchParams({ id: batch.id, base: batch.base });
    for (const [name, one] of Object.entries(batch.entries)) {
      if (one.act) data.append(one.act, one.value);
      else {
        data.append(name, one.value);
        if (one.was) data.append(name.replace(/^cell:/, "was:"), one.was);
        const input = field(name);
        if (input) input.dataset.sent = one.value;
      }
    }
    try {
      const signal = AbortSignal.timeout?.(GIVE_UP);
      const reply = await fetch(location.pathname, { method: "POST", body: data, headers: { "X-Fragment": "1" }, signal });
      const text = await reply.text();
      if (reply.ok) return { html: text };
      return reply.status < 500 ? { refused: text } : { problem: text };
    } catch {
      return { problem: "" };
    }
  }

  // One at a time, and the same id at every attempt: what got through is not applied twice.
  async function flush() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    while (left()) {
      if (!batch) {
        const all = Object.entries(waiting);
        const [first] = all;
        const together = first[1].act ? [first] : all.filter(([, one]) => one.base === first[1].base && !one.act);
        batch = { id: freshId(), base: first[1].base, entries: Object.fromEntries(together.slice(0, MOST)) };
        for (const name of Object.keys(batch.entries)) delete waiting[name];
        keep();
      }
      net.textContent = "";
      bar.classList.add("busy");
      const { html, refused, problem } = await post();
      bar.classList.remove("busy");
      if (!html) {
        net.textContent = refused || `${problem || words.offline}（${left()} ${words.waiting}）`;
        if (!refused) timer = setTimeout(flush, AGAIN);
        break;
      }
      const sent = batch.entries;
      batch = null;
      keep();
      show(html, sent);
    }
    sending = false;
  }

  function act(button) {
    const row = rowOf(button);
    const { name } = button;
    if (name === "idle" || name === "drop") {
      for (const input of row.querySelectorAll(".cells input, .notes input")) delete waiting[input.name];
      waiting[`${name}:${button.value}`] = { value: button.value, act: name, base: row.dataset.base };
      keep();
      return flush();
    }
    const value = { zero: () => "0", unknown: () => words.unknown, same: (input) => input.dataset.last }[name];
    const empty = [...row.querySelectorAll(".cells input:not([type=hidden])")].filter((input) => !input.value);
    for (const input of empty) {
      input.value = value(input);
      waiting[input.name] = { value: input.value, was: input.dataset.now, base: row.dataset.base };
    }
    keep();
    flush();
  }

  async function finish() {
    await flush();
    while (sending) await new Promise((again) => setTimeout(again, 50));
    const wrong = form.querySelector(".note.bad");
    if (wrong) {
      rowOf(wrong).open = true;
      return wrong.scrollIntoView({ block: "center" });
    }
    if (left()) return net.scrollIntoView({ block: "center" });
    globalThis.caches?.delete("sheet").catch(() => {});
    const last = document.createElement("form");
    last.method = "post";
    const bases = [...form.querySelectorAll(".occupation")].map((row) => row.dataset.base);
    const newest = bases.sort((a, b) => a.split(".")[0] - b.split(".")[0] || a.split(".")[1] - b.split(".")[1]).pop();
    for (const [name, value] of Object.entries({ id: freshId(), base: newest, done: "1" })) {
      const hidden = last.appendChild(document.createElement("input"));
      Object.assign(hidden, { type: "hidden", name, value });
    }
    document.body.append(last);
    last.submit();
  }

  form.addEventListener("change", (event) => event.target.name && put(event.target));
  form.addEventListener("focusin", (event) => event.target.matches(".cells input") && event.target.select());
  form.addEventListener("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || composing || !event.target.matches("input")) return;
    event.preventDefault();
    next();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const pressed = event.submitter;
    if (pressed === done) finish();
    else if (pressed?.value) act(pressed);
    else flush();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-put]");
    if (!button) return;
    const input = field(`cell:${button.dataset.put}`);
    input.value = button.dataset.value;
    put(input);
  });
  const step = bar.querySelector(".next");
  step.hidden = false;
  bar.querySelector(".save").hidden = true;
  step.addEventListener("pointerdown", (event) => event.preventDefault()); // the number pad stays open
  step.addEventListener("click", next);

  // On iPhones the number pad lies over the page: the bar goes up above it.
  const view = window.visualViewport;
  const rise = () => {
    const under = view.scale > 1.01 ? 0 : Math.max(0, window.innerHeight - view.height - view.offsetTop);
    bar.style.transform = under ? `translateY(${-under}px)` : "";
  };
  view?.addEventListener("resize", rise);
  view?.addEventListener("scroll", rise);

  for (const [name, one] of [...Object.entries(batch?.entries ?? {}), ...Object.entries(waiting)]) {
    const input = one.act ? null : field(name);
    if (input?.dataset) {
      input.value = one.value;
      rowOf(input).open = true;
    }
  }
  form.querySelectorAll("[data-put]").forEach((button) => (button.hidden = false));
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  navigator.serviceWorker?.register("/sheet/worker.js").catch(() => {}); // the page opens without the net, too
  flush();
})();
