// A request that got no usable answer: say so once, say what was kept, take it back when an answer comes.
(() => {
  const LOGIN = "/accounts/login/";

  const show = (key, text) =>
    document.dispatchEvent(new CustomEvent("messages", { detail: { items: [{ level: "error", key, text }] } }));

  const clear = (key) => document.querySelector(`#messages [data-key="${CSS.escape(key)}"]`)?.remove();

  const isSignIn = ({ responseURL }) => responseURL !== "" && new URL(responseURL).pathname === LOGIN;

  const faultOf = ({ requestConfig }) => `fault ${requestConfig.path}`;

  const reference = (xhr) => {
    const id = xhr.getResponseHeader("X-Request-Id");
    return id ? ` Reference ${id}.` : "";
  };

  document.addEventListener("htmx:responseError", ({ detail }) => {
    const { xhr } = detail;
    if (xhr.status === 429) return; // whoever asked says so, and asks again
    if (xhr.status === 403) show("forbidden", "You may not do this. Ask an admin for the permission.");
    else if (xhr.status === 404) show("gone", "This is no longer here. Reload the page to see what is.");
    else show(faultOf(detail), `This did not work, and it is our fault. What you typed is still here: try again.${reference(xhr)}`);
  });

  document.addEventListener("htmx:sendError", () => {
    show("offline", "The portal cannot be reached. What you typed is still here; the page goes on by itself.");
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    ["offline", faultOf(detail)].forEach(clear);
    if (!isSignIn(detail.xhr)) clear("signed-out");
  });

  // A session that ended answers with the sign-in page, which must not land in the middle of this one.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!isSignIn(detail.xhr)) return;
    detail.shouldSwap = false;
    show("signed-out", "You are signed out. Sign in again in another tab, then go on here: what you typed is still here.");
  });
})();
