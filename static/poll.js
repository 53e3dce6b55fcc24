// A page polls only while somebody can see it, and says that nobody asked: it does not keep a person signed in.
(() => {
  const isPoll = (elt, triggeringEvent) => !triggeringEvent && /every/.test(elt.getAttribute("hx-trigger"));

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (isPoll(detail.elt, detail.triggeringEvent)) detail.headers["X-Of-Itself"] = "1";
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (isPoll(elt, requestConfig.triggeringEvent) && document.hidden) event.preventDefault();
  });
})();
