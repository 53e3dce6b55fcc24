// What is typed on a requirement's card goes to the portal a moment later and when the page is left, so that coming back
// finds it. Nothing of it stays in the browser.
(() => {
  const PAUSE_MS = 400;
  const waiting = new Map();

  // Another tab may have signed in again since this page was drawn.
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const isText = ([, value]) => typeof value === "string";

  const send = (form) => {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    const typed = new URLSearchParams([...new FormData(form)].filter(isText));
    if (token()) typed.set("csrfmiddlewaretoken", token());
    // keepalive: it still leaves when the page is left.
    fetch(form.dataset.unsaved, { method: "POST", body: typed, keepalive: true }).catch(() => {});
  };

  const forget = (form) => {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
  };

  const formOf = (target) => (target.type === "file" ? null : target.closest("form[data-unsaved]"));

  document.addEventListener("input", ({ target }) => {
    const form = formOf(target);
    if (!form) return;
    forget(form);
    waiting.set(form, setTimeout(send, PAUSE_MS, form));
  });

  // A field that is done is kept at once.
  document.addEventListener("change", ({ target }) => {
    const form = formOf(target);
    if (waiting.has(form)) send(form);
  });

  const leave = () => [...waiting.keys()].forEach(send);
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());

  // What is sent for good needs no keeping; what is refused is kept by the answer.
  window.addEventListener("submit", ({ target }) => forget(target), true);
})();
