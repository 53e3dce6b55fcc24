// Another tab may have signed in again since this page was drawn: send the token the browser holds now, not the old one.
(() => {
  const NAME = "csrfmiddlewaretoken";
  const present = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const token = present();
    if (!token) return;
    detail.headers["X-CSRFToken"] = token;
    if (detail.formData.has(NAME)) detail.formData.set(NAME, token);
  });

  document.addEventListener("submit", ({ target }) => {
    const input = target.elements.namedItem(NAME);
    if (input && present()) input.value = present();
  }, true);
})();
