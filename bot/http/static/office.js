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
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || "again" in event.target.dataset) return; // a download stays here
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
