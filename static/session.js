// A session in which nobody does anything ends. The page says so before, and keeps what was typed when it has ended.
(() => {
  const EVERY_MS = 1000;
  const ASK_AGAIN_MS = 10000; // while the dialog is open: another tab may have gone on, or signed in again
  const TITLES = { warning: "Are you still there?", ended: "You are signed out", other: "Somebody else is signed in" };

  const dialog = document.getElementById("session");
  if (!dialog) return;
  const { url, name } = dialog.dataset;
  const idle = Number(dialog.dataset.idle);
  const warning = Number(dialog.dataset.warning);
  const keepAlive = Math.min(300, idle / 6); // seconds; so often the portal hears of somebody who only types
  let endsAt = Date.now() + idle * 1000;
  let busyAt = 0;
  let isAsking = false;
  let askAt = 0;

  const state = () => dialog.dataset.state;
  const left = () => Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

  const show = (wanted) => {
    if (state() === wanted) return;
    dialog.dataset.state = wanted;
    dialog.querySelector("h2").textContent = TITLES[wanted];
    dialog.querySelectorAll("[data-while]").forEach((part) => {
      part.hidden = part.dataset.while !== wanted;
    });
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[data-while]:not([hidden]) :is(a, button)").focus();
  };

  const hide = () => {
    delete dialog.dataset.state;
    if (dialog.open) dialog.close();
  };

  const take = (answer) => {
    endsAt = Date.now() + answer.left * 1000;
    if (answer.name !== name) show("other");
    else if (answer.left <= warning) show("warning");
    else hide();
  };

  // Without a session the portal leads to its sign-in page.
  const ask = async (method) => {
    if (isAsking) return;
    isAsking = true;
    askAt = Date.now() + ASK_AGAIN_MS;
    const headers = { Accept: "application/json", ...(method === "GET" ? { "X-Of-Itself": "1" } : { "X-CSRFToken": token() }) };
    try {
      const answer = await fetch(url, { method, headers, redirect: "manual", cache: "no-store" });
      if (answer.ok) take(await answer.json());
      else if (answer.type === "opaqueredirect" || answer.status === 403) show("ended");
    } catch {
      // The portal cannot be reached: whether the session lives is seen when it can.
    } finally {
      isAsking = false;
    }
  };

  const tick = () => {
    if (state()) {
      dialog.querySelector("[data-session-left]").textContent = `${left()} s`;
      if (Date.now() >= askAt || (state() === "warning" && !left())) ask("GET");
    } else if (left() < idle - keepAlive && Date.now() - busyAt < keepAlive * 1000) {
      ask("POST");
    } else if (left() <= warning && Date.now() >= askAt) {
      ask("GET");
    }
  };

  ["input", "keydown", "pointerdown"].forEach((type) =>
    document.addEventListener(type, () => {
      if (!state()) busyAt = Date.now();
    }, { passive: true }));
  // What is asked because somebody did something was seen by the portal as well.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && !detail.requestConfig.headers["X-Of-Itself"]) endsAt = Date.now() + idle * 1000;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (state() === "ended" && event.detail.requestConfig.headers["X-Of-Itself"]) event.preventDefault();
  });
  ["visibilitychange", "focus"].forEach((type) => window.addEventListener(type, () => state() && ask("GET")));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.querySelector("[data-session-stay]").addEventListener("click", () => ask("POST"));
  setInterval(tick, EVERY_MS);
})();
