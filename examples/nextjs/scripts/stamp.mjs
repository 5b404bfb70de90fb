// Leaves behind what the app was built with, at /build.json.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { version } = createRequire(import.meta.url)("next/package.json");
writeFileSync("public/build.json", JSON.stringify({ node: process.version, next: version }) + "\n");
