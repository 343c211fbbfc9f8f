// The pages work without this: it only saves a press and a double post.
"use strict";
for (const select of document.querySelectorAll(".quarter select")) {
  let pointed = false; // arrow keys change it at every press: then the button sends
  select.addEventListener("pointerdown", () => { pointed = true; });
  select.addEventListener("keydown", () => { pointed = false; });
  select.addEventListener("change", () => pointed && select.form.requestSubmit());
}
// What is wider than the screen can be moved by the keyboard too, and says what it is.
function reach() {
  for (const box of document.querySelectorAll(".scroll")) {
    const wide = box.scrollWidth > box.clientWidth;
    const title = box.closest("section, main").querySelector("h2, h1");
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", title ? title.textContent : document.title]]) {
      if (wide) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  }
}
reach();
addEventListener("resize", reach);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText);
    button.textContent = button.dataset.copied;
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
for (const button of document.querySelectorAll("[data-tick]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...button.form.querySelectorAll(`input[name^="${button.dataset.tick}"]`)];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });
}
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || "again" in event.target.dataset) return; // a download stays here
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
// Letters work outside of fields only, lead to a control and never send by themselves, and can be turned off.
const keysOff = () => localStorage.getItem("office-keys") === "off";
for (const told of document.querySelectorAll("[data-keys]")) {
  const button = told.querySelector("[data-keys-off]");
  const say = () => { told.hidden = false; button.textContent = keysOff() ? button.dataset.keysOff : button.dataset.keysOn; };
  button.addEventListener("click", () => { localStorage.setItem("office-keys", keysOff() ? "on" : "off"); say(); });
  say();
}
addEventListener("keydown", (event) => {
  if (keysOff() || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  const rows = [...document.querySelectorAll("[data-rows] tbody th a")];
  if (rows.length && (event.key === "j" || event.key === "k")) {
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))].focus();
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  if (wanted.tagName === "A") wanted.click();
  else wanted.focus();
});
