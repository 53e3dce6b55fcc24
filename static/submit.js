// A button shows that it is working after a moment, and nothing is sent twice.
(() => {
  const SHOWN_AFTER_MS = 150;
  const busy = new Map();

  const buttonOf = (element, submitter) =>
    submitter ?? (element.matches("form") ? element.querySelector("button:not([type=button]), [type=submit]") : element);

  const start = (element, submitter) => {
    const button = buttonOf(element, submitter);
    const timer = setTimeout(() => button?.setAttribute("aria-busy", "true"), SHOWN_AFTER_MS);
    busy.set(element, { button, timer });
  };

  const stop = (element) => {
    const { button, timer } = busy.get(element) ?? {};
    clearTimeout(timer);
    button?.removeAttribute("aria-busy");
    busy.delete(element);
  };

  const refuse = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const isAct = (element) => element.matches("form, button, a, [role=button]") && !/every/.test(element.getAttribute("hx-trigger"));

  document.addEventListener("submit", (event) => busy.has(event.target) && refuse(event), true);
  document.addEventListener("click", (event) => {
    const disabled = event.target.closest('[aria-disabled="true"]');
    const pressed = event.target.closest("button, a, [role=button]");
    if (disabled || (pressed && busy.has(pressed))) refuse(event);
  }, true);

  // htmx prevents the browser's own submit, so this sees only plain forms. After a download the page stays as it is.
  window.addEventListener("submit", (event) => {
    const stays = event.target.method === "dialog" || event.target.hasAttribute("data-downloads");
    if (!event.defaultPrevented && !stays) start(event.target, event.submitter);
  });
  document.addEventListener("htmx:beforeSend", ({ detail: { elt, requestConfig } }) => {
    if (isAct(elt)) start(elt, requestConfig.triggeringEvent?.submitter);
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => stop(elt));
  window.addEventListener("pageshow", () => [...busy.keys()].forEach(stop));
})();
