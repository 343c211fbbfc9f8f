// Keeps the sheet last opened, so that it opens again where there is no net. What is typed, the page keeps.
"use strict";
const STORE = "sheet";

async function answer(request) {
  const page = request.mode === "navigate";
  try {
    const reply = await fetch(request);
    if (page && !reply.ok) await caches.delete(STORE); // not theirs any more
    else if (reply.ok && !reply.redirected) {
      const store = await caches.open(STORE);
      await store.put(request, reply.clone());
    }
    return reply;
  } catch (error) {
    const kept = await caches.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});
