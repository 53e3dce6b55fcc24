// Ctrl K (or Cmd K) goes to the search box from anywhere.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
  const box = document.getElementById("search");
  if (!box) return;
  event.preventDefault();
  box.select();
});
