// Short messages: shown when a page or a swap brings one, dismissed by hand, the harmless ones by themselves.
// A response adds some with the header HX-Trigger: {"messages": {"items": [{"level": "success", "text": "Saved"}]}}.
// A script does the same with document.dispatchEvent(new CustomEvent("messages", { detail: { items: [...] } })).
(() => {
  const STAYS_MS = 4000;
  const TEMPLATES = { success: "good", info: "neutral", debug: "neutral", warning: "waiting", error: "bad" };

  const arm = (message) => {
    message.querySelector("[data-dismiss]").hidden = false;
    if (!message.matches(".message--bad, .message--waiting")) setTimeout(() => leave(message), STAYS_MS);
  };

  const leave = (message) => {
    if (message.matches(":hover, :focus-within")) setTimeout(() => leave(message), STAYS_MS);
    else message.remove();
  };

  const show = ({ level, text, key }) => {
    const list = document.getElementById("messages");
    if (key && list.querySelector(`[data-key="${CSS.escape(key)}"]`)) return;
    const template = document.getElementById(`message-${TEMPLATES[level] ?? "neutral"}`);
    const message = template.content.firstElementChild.cloneNode(true);
    message.querySelector("span").textContent = text;
    if (key) message.dataset.key = key;
    list.append(message);
    arm(message);
  };

  document.addEventListener("messages", (event) => event.detail.items.forEach(show));
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".message").remove());
  document.querySelectorAll("#messages .message").forEach(arm);
})();
