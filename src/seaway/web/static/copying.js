// Copy buttons. Over plain http to another machine browsers offer no clipboard, so the old way is kept.

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(text) {
  if (!navigator.clipboard) return copyOldWay(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const done = await copy(button.dataset.copy);
  const words = button.textContent;
  if (words === "copied" || words === "refused") return;
  button.focus();
  button.textContent = done ? "copied" : "refused";
  document.getElementById("announcer").textContent = done ? "Copied" : "The browser refused to copy";
  setTimeout(() => (button.textContent = words), 1500);
});
