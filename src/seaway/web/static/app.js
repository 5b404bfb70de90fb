// An app's page: stays fresh, and says when the state changes.

import { announce, keepFresh } from "./parts.js";

keepFresh(10, (changed) => {
  if (changed.includes("state")) announce(document.getElementById("state").dataset.says);
});
