// <form data-key="create|get" data-options="id of a JSON script"> asks the browser for a security key and sends its answer.
// Its button shows only where the browser can do that.
(() => {
  const can = window.PublicKeyCredential?.parseCreationOptionsFromJSON && navigator.credentials;

  const ask = async (form) => {
    const { creation_options: create, request_options: get } = JSON.parse(document.getElementById(form.dataset.options).textContent);
    if (form.dataset.key === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(create.publicKey) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(get.publicKey) });
  };

  const arm = (form) => {
    const button = form.querySelector("button");
    const refusal = form.querySelector("[data-key-error]");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      refusal.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify((await ask(form)).toJSON());
        form.submit();
      } catch {
        refusal.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  };

  if (can) document.querySelectorAll("form[data-key]").forEach(arm);
})();
