// Makes the page smoother; everything also works without it. Its words are on <body data-…>.
(() => {
  "use strict";
  if (!Element.prototype.replaceChildren) return; // too old a browser: the plain page it is
  const WAITS = [0, 1000, 3000, 7000]; // before each attempt, in milliseconds
  const POLL = 20000;
  const GIVE_UP = 20000; // one attempt; with a file longer
  const log = document.querySelector("#log");
  const composer = document.querySelector("#composer");
  const input = composer.elements.text;
  const notice = document.querySelector("#notice");
  const words = document.body.dataset;
  const home = composer.getAttribute("action"); // "/", or where a frame has it
  let busy = false;

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const tell = (sentence) => {
    const line = document.createElement("p");
    line.textContent = sentence;
    notice.replaceChildren(...(sentence ? [line] : []));
  };
  const newestRow = () =>
    Math.max(0, ...[...log.querySelectorAll("[data-row]")].map((line) => Number(line.dataset.row)));

  // A line of ours on its way: what was said, and three dots.
  function pending(said) {
    const lines = [];
    for (const kind of said ? ["said", "waiting"] : ["waiting"]) {
      const line = document.createElement("article");
      const bubble = line.appendChild(document.createElement("div"));
      line.className = kind === "said" ? "line said" : "line ours waiting";
      bubble.className = "bubble";
      if (kind === "said") {
        const text = bubble.appendChild(document.createElement("p"));
        text.className = "text";
        text.appendChild(document.createElement("bdi")).textContent = said;
      } else {
        line.setAttribute("aria-label", words.busy);
        bubble.append(...[0, 1, 2].map(() => document.createElement("i")));
      }
      lines.push(line);
    }
    log.append(...lines);
    lines[0].scrollIntoView({ block: "start" });
    return lines;
  }

  // New lines from the server; lines already here (another request was quicker) are left out.
  function append(html, answered) {
    const held = new DOMParser().parseFromString(html, "text/html").querySelector("[data-next]");
    // What was sent is done: the same button pressed later is another message.
    if (answered) answered.elements.id.value = held.dataset.next;
    for (const line of log.querySelectorAll("[data-row]")) {
      if (Number(line.dataset.row) < Number(held.dataset.oldest)) line.remove(); // forgotten, or the greeting
    }
    const fresh = [...held.children].filter((line) => !document.getElementById(line.id));
    if (!fresh.length) return fresh;
    if (fresh.some((line) => line.matches(".said"))) {
      for (const line of log.querySelectorAll(".newest")) {
        line.classList.remove("newest");
        line.querySelector(".choices")?.removeAttribute("open");
      }
    }
    log.append(...fresh);
    document.querySelectorAll("[name=opening]").forEach((field) => field.remove());
    return fresh;
  }

  async function attempt(data, patience) {
    let problem = words.offline;
    for (const wait of WAITS) {
      if (wait) {
        tell(words.retrying);
        await sleep(wait);
      }
      try {
        const signal = AbortSignal.timeout?.(patience);
        const reply = await fetch(home, { method: "POST", body: data, headers: { "X-Fragment": "1" }, signal });
        const text = await reply.text();
        if (reply.ok) return { html: text };
        problem = text;
        if (reply.status < 500) break; // refused for good
      } catch {
        problem = words.offline;
      }
    }
    return { problem };
  }

  // The same FormData, and so the same message id, goes out at every attempt.
  async function send(form, button) {
    if (busy) return;
    const data = new FormData(form);
    const pressed = button?.name ? button : null;
    if (pressed) data.append(pressed.name, pressed.value);
    const typed = form === composer && !pressed ? input.value : "";
    const file = form === composer && !pressed ? composer.elements.file.files[0] : null;
    if (form === composer && !pressed && !typed.trim() && !file) return input.focus();
    if (!file) data.delete("file");
    data.append("after", newestRow());
    busy = true;
    document.body.classList.add("busy");
    log.setAttribute("aria-busy", "true");
    tell("");
    pressed?.classList.add("pressed");
    if (typed) input.value = "";
    grow();
    const lines = pending(pressed ? pressed.textContent.trim() : typed || file.name);
    const { html, problem } = await attempt(data, file ? 6 * GIVE_UP : GIVE_UP);
    lines.forEach((line) => line.remove());
    pressed?.classList.remove("pressed");
    busy = false;
    document.body.classList.remove("busy");
    log.removeAttribute("aria-busy");
    tell(problem || "");
    if (problem) {
      input.value = [typed, input.value].filter(Boolean).join("\n");
      grow();
      return;
    }
    const fresh = append(html, form);
    if (file) composer.elements.file.value = "";
    const said = fresh.map((line) => line.matches(".said")).lastIndexOf(true);
    fresh[Math.max(0, said)]?.scrollIntoView({ block: "start" });
    const ours = fresh.slice(said + 1).find((line) => line.matches(".ours"));
    // A finger that pressed a button does not want the keyboard; Tab goes on from the new message.
    if (form === composer) input.focus({ preventScroll: true });
    else ours?.focus({ preventScroll: true });
  }

  async function poll() {
    if (busy || document.hidden) return;
    try {
      const reply = await fetch(`${home === "/" ? "" : home}/new?after=${newestRow()}`);
      if (reply.status !== 200 || busy) return;
      const nearEnd = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 160;
      const fresh = append(await reply.text());
      if (nearEnd) fresh[0]?.scrollIntoView({ block: "start" });
    } catch {
      // The next time will do.
    }
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  // The newest answer read aloud, by a voice of this device only: nothing is sent anywhere.
  const aloud = document.querySelector("#aloud");
  const speech = window.speechSynthesis;
  const voice = () => speech.getVoices().find((one) => one.localService && /^(zh|cmn)/i.test(one.lang));
  const offer = () => (aloud.hidden = !voice());
  function read() {
    if (aloud.textContent === words.hush) return speech.cancel();
    const texts = [...log.querySelectorAll(".ours.newest .text")].map((text) => text.innerText);
    const said = new SpeechSynthesisUtterance(texts.join("\n"));
    said.voice = voice();
    said.lang = said.voice.lang;
    said.rate = 0.9;
    said.onend = said.onerror = () => (aloud.textContent = words.aloud);
    aloud.textContent = words.hush;
    speech.speak(said);
  }
  if (speech && window.SpeechSynthesisUtterance) {
    speech.addEventListener?.("voiceschanged", offer);
    aloud.addEventListener("click", read);
    offer();
  }

  document.addEventListener("submit", (event) => {
    if (event.target.closest("#notice, .size")) return; // a page that came with a problem reloads whole
    event.preventDefault();
    send(event.target, event.submitter);
  });
  input.addEventListener("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === 229; // Enter that picks a Chinese word
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    send(composer, null);
  });
  input.addEventListener("input", grow);
  document.addEventListener("visibilitychange", poll);
  setInterval(poll, POLL);
  if (window.top === window) document.getElementById("latest")?.scrollIntoView({ block: "start", behavior: "instant" });
  // Nobody has talked here yet, or whoever did has left: nothing of a sheet stays on this device.
  if (home === "/" && document.querySelector("[name=opening]")) {
    globalThis.caches?.delete("sheet").catch(() => {});
    try {
      Object.keys(localStorage).filter((key) => key.startsWith("sheet:")).forEach((key) => localStorage.removeItem(key));
    } catch {
      // Without storage there is nothing.
    }
  }
  // A link that hands a code over (#bind=…): the words stand ready, the person sends them.
  function handOver() {
    const found = /^#bind=([A-Za-z0-9-]{5,24})$/.exec(location.hash);
    if (!found || window.top !== window) return;
    history.replaceState(null, "", location.pathname);
    input.value = `${words.bind} ${found[1]}`;
    grow();
  }
  addEventListener("hashchange", handOver);
  handOver();
  // In a frame the page around it keeps its place and its focus.
  if (window.top === window && matchMedia("(hover: hover)").matches) input.focus({ preventScroll: true });
})();
