// A page polls only while somebody can see it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const isPoll = !requestConfig.triggeringEvent && /every/.test(elt.getAttribute("hx-trigger"));
  if (isPoll && document.hidden) event.preventDefault();
});
